"""What the simulated service answers to a call. Owns the two types of answer and their envelopes.

Must not know which rule led to an answer, nor how it travels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in words."""

    status: int
    body: dict[str, Json] | str
    """An object is sent as JSON; text is sent as it stands."""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    """How long the answer stays on its way."""


@dataclass(frozen=True, slots=True)
class Cut:
    """No answer: the connection is closed in place of one."""


Answer: TypeAlias = Reply | Cut


def success(data: Json) -> Reply:
    """The documented envelope of every good answer."""
    return Reply(200, {"status": "success", "data": data})


def error(status: int, code: str, message: str, details: list[Json] | None = None) -> Reply:
    """The envelope in which the service refuses; `details` say which part of the body is wrong."""
    body: dict[str, Json] = {"status": "error", "errorCode": code, "message": message}
    return Reply(status, body if details is None else body | {"details": details})


def not_found(what: str) -> Reply:
    """The answer for an id that names nothing."""
    return error(404, "NOT_FOUND", f"{what} not found")


def too_many(after_seconds: int) -> Reply:
    """The answer to a call that came too early, and when it may come again."""
    reply = error(429, "TOO_MANY_REQUESTS", "Too many requests")
    return replace(reply, headers={"Retry-After": str(after_seconds)})


def invalid(part: str, wrong: str) -> Reply:
    """The answer to a body that does not hold what the call needs."""
    return error(
        422, "VALIDATION_ERROR", "Invalid request body", [{"path": part, "message": wrong}]
    )
