"""What the service may answer, as closed sets: the door between `remote` and the rest.

Owns the types only. Must not know HTTP: which status code becomes which reply is `remote.wire`'s.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pipeline.core.model import Observation, RunId


class HaltReason(StrEnum):
    """Why the service will take no start of this batch until a person acts."""

    KEY_REFUSED = "key refused"
    CREDITS_AT_LIMIT = "credits at their limit"
    WORKFLOW_NOT_FOUND = "workflow not found"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The start was taken: a run exists and is paid for."""

    run_id: RunId


@dataclass(frozen=True, slots=True)
class Refused:
    """The service said no to this row's start: no run exists."""

    message: str
    """The service's own words."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """429: nothing was done; the whole class of calls should wait."""

    after_seconds: float | None
    """From Retry-After; ``None`` where it was absent or malformed."""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """No connection could be made, so surely nothing was begun."""

    why: str


@dataclass(frozen=True, slots=True)
class Halted:
    """The service will refuse every call like this one until a person acts."""

    reason: HaltReason
    message: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The start left and its reply is lost or tells nothing: a run may exist."""

    why: str
    after_seconds: float | None = None
    """From Retry-After, where a 503 carried one."""


@dataclass(frozen=True, slots=True)
class Missing:
    """404 on a look: the run is not known, or not yet."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The service is there and answered a look, but what it said tells nothing of the run."""

    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A look brought nothing: no connection, no reply, a 5xx. Nothing is lost."""

    why: str
    after_seconds: float | None = None
    lacks_credits: bool = False
    """Whether the service said that it is for want of credits."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of the service's list of runs. No order is promised."""

    total: int | None
    """How many runs the service says there are; ``None`` where it does not say."""
    runs: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class CreditsReached:
    """A workflow's credits are at their limit, told unasked."""

    workflow_id: str | None
    """``None``: the service does not say whose."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the service told unasked, at the address that was registered for it."""

    told: Observation | CreditsReached
    size_bytes: int
    """Of the body that it came in."""


StartReply: TypeAlias = Accepted | Refused | TryLater | NotConnected | Halted | Doubtful
LookReply: TypeAlias = Observation | Missing | TryLater | Unreadable | Unreachable | Halted
ListReply: TypeAlias = RunPage | Missing | TryLater | Unreadable | Unreachable | Halted
