"""What the simulated service posts to its webhooks, and what its faults do to that."""

import json

import pytest

from pipeline.simulator.faults import Faults
from pipeline.simulator.outputs import outputs
from pipeline.simulator.posting import LATE_PUSH_SECONDS, Post
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.simulator.builders import KEY, NOON, WORKFLOW, begun

URL = "http://127.0.0.1:1/hook"
LATER = NOON + 1000


def a_service(*, fail: float = 0.0, **faults: float) -> Service:
    return Service(Settings(duration_seconds=10.0, fail=fail, faults=Faults(**faults)))


def register(service: Service, moment: float = NOON, **parts: str) -> None:
    body = {"url": URL, "eventType": "workflowRun.completed", **parts}
    service.create_webhook(KEY, json.dumps(body).encode(), moment)


def test_an_end_is_told_once_when_it_comes() -> None:
    """As documented: type, run, workflow, result, metadata and credits."""
    service = a_service()
    register(service, workflowId=WORKFLOW)
    run_id = begun(service)
    assert service.posts(NOON + 4.9) == []
    event = {
        "type": "workflowRun.completed",
        "workflowRunId": run_id,
        "workflowId": WORKFLOW,
        "metadata": {},
        "result": outputs({"Company": "Acme"}),
        "credits": 2.0,
    }
    assert service.posts(LATER) == [Post(URL, event)]
    assert service.posts(LATER) == []


@pytest.mark.parametrize("parts", [{"eventType": "workflowRun.failed"}, {"workflowId": "WCFG-2"}])
def test_only_those_are_told_who_asked_for_it(parts: dict[str, str]) -> None:
    """Another type, another workflow; and nobody is told of what ended before they asked."""
    service = a_service()
    register(service, **parts)
    begun(service)
    register(service, NOON + 20)
    assert service.posts(LATER) == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("push_lost", []),
        ("push_doubled", [True, True]),
        ("push_bare", [False]),
        ("push_forged", [True, True]),
        ("push_late", [True]),
    ],
)
def test_a_fault_does_what_it_is_called(fault: str, told: list[bool]) -> None:
    """How often an end is told, and whether with what the run gave."""
    service = a_service(**{fault: 1.0})
    register(service)
    run_id = begun(service)
    on_time = service.posts(NOON + 15.0)
    posts = on_time + service.posts(NOON + 15.0 + LATE_PUSH_SECONDS)
    assert ["result" in post.event for post in posts] == told
    assert bool(on_time) == (fault not in {"push_lost", "push_late"})
    strangers = [post for post in posts if post.event["workflowRunId"] != run_id]
    assert len(strangers) == (fault == "push_forged")


def test_an_early_push_comes_before_the_starts_reply() -> None:
    """The run has ended when its start is answered, and the answer is held up."""
    service = a_service(push_early=1.0)
    register(service)
    answer = service.start(KEY, WORKFLOW, b'{"startVariables": {}}', NOON)
    assert answer.delay_seconds > 0
    assert len(service.posts(NOON)) == 1
