"""What the tests of the simulator's rules are built of: one caller, one workflow, one moment."""

import json

from pipeline.simulator.replies import Answer, Json, Reply
from pipeline.simulator.service import Service

KEY = "a-key"
WORKFLOW = "WCFG-1"
NOON = 1_700_000_000.0


def a_body(**parts: Json) -> bytes:
    return json.dumps({"startVariables": {"Company": "Acme"}, **parts}).encode()


def data_of(answer: Answer) -> Json:
    assert isinstance(answer, Reply)
    assert isinstance(answer.body, dict)
    assert answer.body["status"] == "success", answer
    return answer.body["data"]


def status_of(answer: Answer) -> int:
    assert isinstance(answer, Reply)
    return answer.status


def begun(service: Service, moment: float = NOON, **parts: Json) -> str:
    return data_of(service.start(KEY, WORKFLOW, a_body(**parts), moment))["id"]


def seen(service: Service, run_id: str, moment: float) -> dict[str, Json]:
    return data_of(service.get(KEY, WORKFLOW, run_id, moment))
