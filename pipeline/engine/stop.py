"""Why a batch ends before its rows do. Owns the reasons and their consequences."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pipeline.core.replies import HaltReason


class StopReason(Enum):
    """What stops the starts of a batch; each can be resumed by the same command."""

    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    KEY_REFUSED = "key refused"
    WORKFLOW_NOT_FOUND = "workflow not found"
    SERVICE_GONE = "service gone"
    CREDITS_AT_LIMIT = "credits at their limit"
    TOO_MANY_FAILURES = "too many failures"
    CAP_REACHED = "limits.max_credits reached"
    CREDITS_UNKNOWN = "credits unknown"

    @property
    def watches_on(self) -> bool:
        """Whether what is in flight is watched to its end; else the batch stops at once."""
        return self in _WATCH_ON


_WATCH_ON = frozenset(
    {
        StopReason.CREDITS_AT_LIMIT,
        StopReason.TOO_MANY_FAILURES,
        StopReason.CAP_REACHED,
        StopReason.CREDITS_UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A batch stopped early, and what a person should know of it."""

    reason: StopReason
    message: str


REASON_OF_HALT = {
    HaltReason.KEY_REFUSED: StopReason.KEY_REFUSED,
    HaltReason.CREDITS_AT_LIMIT: StopReason.CREDITS_AT_LIMIT,
    HaltReason.WORKFLOW_NOT_FOUND: StopReason.WORKFLOW_NOT_FOUND,
}


class Switch:
    """Lets the world outside ask a running batch to stop."""

    def __init__(self) -> None:
        self._asked: Stop | None = None
        self._listener: Callable[[Stop], None] | None = None

    def ask(self, stop: Stop) -> None:
        """Ask for a stop, also before the batch runs."""
        self._asked = stop
        if self._listener is not None:
            self._listener(stop)

    def connect(self, listener: Callable[[Stop], None]) -> None:
        """Hand every stop that is asked for, or was asked already, to the batch."""
        self._listener = listener
        if self._asked is not None:
            listener(self._asked)
