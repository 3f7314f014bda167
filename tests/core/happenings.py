"""What can happen to an entry, by example: of each event one, or one for each way to end."""

from typing import Final

from pipeline.core.events import (
    Event,
    FreshAsked,
    GaveUp,
    Intended,
    LateEnd,
    Resumed,
    RetryAsked,
    RowGivenUp,
    RunFound,
    ShownAbsent,
)
from pipeline.core.model import RunStatus
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    HaltReason,
    Missing,
    NotConnected,
    Refused,
    TryLater,
    Unreachable,
    Unreadable,
)
from tests.core.builders import RUN, an_observation

HALTED: Final = Halted(HaltReason.KEY_REFUSED, "who are you?")
STILL_RUNS: Final = an_observation(RunStatus.RUNNING)
HAS_FAILED: Final = an_observation(RunStatus.FAILED)
LATE: Final = LateEnd(an_observation())
LATE_FAILURE: Final = LateEnd(HAS_FAILED)

HAPPENINGS: Final[tuple[Event, ...]] = (
    Intended(),
    Accepted(RUN),
    Refused("no"),
    TryLater(None),
    NotConnected("no route"),
    HALTED,
    Doubtful("the reply was cut off"),
    STILL_RUNS,
    HAS_FAILED,
    an_observation(),
    Missing(),
    Unreachable("the service answered 500"),
    Unreadable("too large"),
    GaveUp("The run had not ended"),
    RunFound(RUN),
    ShownAbsent("by the list"),
    RowGivenUp(),
    LATE_FAILURE,
    LATE,
    Resumed(),
    RetryAsked(1),
    FreshAsked(1),
)
