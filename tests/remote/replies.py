"""Builders of replies, with defaults: every documented and every seen shape starts from these."""

import json

from pipeline.core.model import Observation, RunId
from pipeline.remote.wire import HttpReply, look_reply

HTML = b"<html><body>502 Bad Gateway</body></html>"
CUT = b'{"status":"error","mess'
RUN = RunId("WRUN-1")
DOCUMENTED = {
    "id": "WRUN-1",
    "input": {"Company": "Acme"},
    "status": "PROCESSING",
    "output": {"Email": "Dear"},
    "metadata": {"api": True},
    "createdAt": "2022-11-18T20:30:07.434Z",
}


def a_reply(status: int = 200, body: object = b"", **fields: object) -> HttpReply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(status, content, **fields)


def an_error(code: str = "INVALID", message: str = "no", **fields: object) -> dict[str, object]:
    return {"status": "error", "errorCode": code, "message": message, **fields}


def a_run(**fields: object) -> dict[str, object]:
    return {"status": "success", "data": {**DOCUMENTED, **fields}}


def an_observation(**fields: object) -> Observation:
    reply = look_reply(a_reply(200, a_run(**fields)), RUN)
    assert isinstance(reply, Observation)
    return reply
