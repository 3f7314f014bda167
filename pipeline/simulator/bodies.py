"""What callers send. Owns the reading of request bodies and of the list's query.

Must not know the service's state. What can't be read becomes the refusal that the caller gets.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.simulator.replies import Json, Reply, invalid

DEFAULT_SIZE: Final = 10
MAX_SIZE: Final = 100

EVENT_TYPES: Final = frozenset(
    {
        "workflowRun.started",
        "workflowRun.completed",
        "workflowRun.failed",
        "workflowCreditLimit.reached",
    }
)

SMALL_NUMBER: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class StartBody:
    """The body of a start."""

    start_variables: dict[str, Json]
    metadata: Json


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """The body of a registration."""

    url: str
    event_type: str
    workflow_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    size: int
    number: int


def read_start(body: bytes) -> StartBody | Reply:
    """A start's variables and metadata."""
    content = _object(body)
    if isinstance(content, Reply):
        return content
    start_variables = content.get("startVariables")
    if not isinstance(start_variables, dict):
        return invalid("startVariables", "Expected an object")
    return StartBody(start_variables, content.get("metadata"))


def read_webhook(body: bytes) -> WebhookBody | Reply:
    """A registration's address, event type and workflow."""
    content = _object(body)
    if isinstance(content, Reply):
        return content
    url, event_type = content.get("url"), content.get("eventType")
    workflow_id = content.get("workflowId")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return invalid("url", "Expected a URL")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        return invalid("eventType", f"Expected one of {', '.join(sorted(EVENT_TYPES))}")
    if not isinstance(workflow_id, str | None):
        return invalid("workflowId", "Expected text")
    return WebhookBody(url, event_type, workflow_id)


def read_page(query: Mapping[str, str], first_page: int) -> Page | Reply:
    """The part of a list that a query asks for; a size above `MAX_SIZE` is cut to it."""
    size, number = query.get("size", str(DEFAULT_SIZE)), query.get("page", str(first_page))
    if not SMALL_NUMBER.fullmatch(size) or int(size) < 1:
        return invalid("size", "Expected a whole number from 1")
    if not SMALL_NUMBER.fullmatch(number) or int(number) < first_page:
        return invalid("page", f"Expected a whole number from {first_page}")
    return Page(min(int(size), MAX_SIZE), int(number) - first_page)


def _object(body: bytes) -> dict[str, Json] | Reply:
    # What the standard reader takes beyond JSON (NaN, 1e999) could not be told back in JSON.
    try:
        content = _READER.decode(body.decode())
    except (ValueError, RecursionError):
        return invalid("", "Expected JSON")
    return content if isinstance(content, dict) else invalid("", "Expected an object")


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


# Made once: a reader with such hooks is made anew for each body otherwise.
_READER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
