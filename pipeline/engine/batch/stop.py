"""Why a batch ends before its rows do. Owns the reasons and their consequences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.core.counting import counted
from pipeline.core.replies import Halted, HaltReason


class StopReason(Enum):
    """What stops the starts of a batch; each can be resumed by the same command."""

    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    KEY_REFUSED = "key refused"
    WORKFLOW_NOT_FOUND = "workflow not found"
    SERVICE_GONE = "service gone"
    CREDITS_AT_LIMIT = "credits at their limit"
    CREDITS_BAR_LOOKS = "credits at their limit, and no look is answered"
    TOO_MANY_FAILURES = "too many failures"
    CAP_REACHED = "limits.max_credits reached"
    ADJUSTED_CAP_REACHED = "limits.max_credits of this call reached"
    CREDITS_UNKNOWN = "credits unknown"

    @property
    def is_a_persons(self) -> bool:
        """Whether a person asked for it: asked twice, they do not want to wait."""
        return self in {StopReason.INTERRUPTED, StopReason.TERMINATED}

    @property
    def watches_on(self) -> bool:
        """Whether what is in flight is watched to its end; else the batch stops at once."""
        return self in _WATCH_ON


_WATCH_ON = frozenset(
    {
        StopReason.CREDITS_AT_LIMIT,
        StopReason.TOO_MANY_FAILURES,
        StopReason.CAP_REACHED,
        StopReason.ADJUSTED_CAP_REACHED,
        StopReason.CREDITS_UNKNOWN,
    }
)

SAME_COMMAND: Final = "the same command"
"""How a remedy names what goes on with the batch."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A batch stopped early, and what a person should know of it."""

    reason: StopReason
    what: str
    """What happened, in words that are of this very moment."""

    @property
    def message(self) -> str:
        """What happened, and what a person can do."""
        return f"{self.what}; {REMEDY_OF_STOP[self.reason]}"

    def message_naming(self, command: str) -> str:
        """The same, where another command than that of this call goes on."""
        return f"{self.what}; {REMEDY_OF_STOP[self.reason].replace(SAME_COMMAND, command)}"


REMEDY_OF_STOP: Final[Mapping[StopReason, str]] = {
    StopReason.INTERRUPTED: "the same command goes on",
    StopReason.TERMINATED: "the same command goes on",
    StopReason.KEY_REFUSED: "make a new key at the service and set its variable anew, and the same "
    "command goes on",
    StopReason.WORKFLOW_NOT_FOUND: "copy the workflow's id again (in copy.ai, open the workflow, "
    "tab API), and the same command goes on",
    StopReason.SERVICE_GONE: "look at the network and workflow.base_url; once it answers, the same "
    "command goes on",
    StopReason.CREDITS_AT_LIMIT: "once the workspace has credits again, the same command goes on",
    StopReason.CREDITS_BAR_LOOKS: "what was started is not lost; once the workspace has credits "
    "again, the same command goes on",
    StopReason.TOO_MANY_FAILURES: "look at the column Error; where the rows are not to blame, the "
    "same command goes on",
    StopReason.CAP_REACHED: "raise it, and the same command goes on",
    StopReason.ADJUSTED_CAP_REACHED: "that ended with this call, and the same command goes on by "
    "the config's",
    StopReason.CREDITS_UNKNOWN: "say in limits.credits_per_run what a run costs, and the same "
    "command goes on",
}
"""What a person can do once a batch stopped early."""

_HALTED: Final[Mapping[HaltReason, tuple[StopReason, str]]] = {
    HaltReason.KEY_REFUSED: (StopReason.KEY_REFUSED, "the service refused the key"),
    HaltReason.CREDITS_AT_LIMIT: (
        StopReason.CREDITS_AT_LIMIT,
        "the workspace's credits are at their limit",
    ),
    HaltReason.WORKFLOW_NOT_FOUND: (
        StopReason.WORKFLOW_NOT_FOUND,
        "the service does not know the workflow",
    ),
}


def stop_of(halted: Halted) -> Stop:
    """The stop that follows where the service takes no start of this batch any more."""
    reason, words = _HALTED[halted.reason]
    return Stop(reason, f"{words} ({halted.message})")


def too_many_failed(failures: int) -> Stop:
    """The stop that follows from so many rows that failed by now; others may fail yet."""
    message = f"limits.max_failures was reached after {counted(failures, 'failed row')}"
    return Stop(StopReason.TOO_MANY_FAILURES, message)


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
