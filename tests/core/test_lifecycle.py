"""The one table: what each event makes of an entry, and what is then to be done."""

from collections.abc import Mapping
from itertools import product
from typing import Final, get_args

import pytest
from msgspec.structs import replace

from pipeline.core.events import (
    CountFailure,
    Event,
    FreshAsked,
    GaveUp,
    Instruction,
    Intended,
    LateEnd,
    LookAgain,
    LookLater,
    LookNow,
    Reconcile,
    Resumed,
    RetryAsked,
    RowGivenUp,
    RunFound,
    SendStart,
    ShownAbsent,
    StartAgain,
    StopBatch,
)
from pipeline.core.lifecycle import TRANSITIONS, step
from pipeline.core.model import State
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Missing,
    NotConnected,
    Refused,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.core.rules import impossible
from tests.core.builders import RUN, a_context, an_entry, an_observation
from tests.core.happenings import HALTED, HAPPENINGS, HAS_FAILED, LATE, LATE_FAILURE, STILL_RUNS

EVENT_TYPES: Final = get_args(Event)
EXAMPLES: Final[Mapping[type, Event]] = {type(event): event for event in HAPPENINGS}
FRESH_DOUBT: Final = Reconcile(is_inherited=False)
OLD_DOUBT: Final = Reconcile(is_inherited=True)

POSSIBLE: Final[list[tuple[State, Event, State, tuple[Instruction, ...]]]] = [
    (State.PLANNED, Intended(), State.STARTING, (SendStart(),)),
    (State.PLANNED, Resumed(), State.PLANNED, ()),
    (State.PLANNED, LATE, State.PLANNED, ()),
    (State.PLANNED, RetryAsked(1), State.PLANNED, ()),
    (State.PLANNED, FreshAsked(1), State.PLANNED, ()),
    (State.STARTING, Accepted(RUN), State.RUNNING, (LookLater(),)),
    (State.STARTING, Refused("no"), State.FAILED, (CountFailure(),)),
    (State.STARTING, TryLater(3.0), State.PLANNED, (StartAgain(),)),
    (State.STARTING, NotConnected("no route"), State.PLANNED, (StartAgain(),)),
    (State.STARTING, HALTED, State.PLANNED, (StartAgain(), StopBatch(HALTED))),
    (State.STARTING, Doubtful("the reply was cut off"), State.UNCONFIRMED, (FRESH_DOUBT,)),
    (State.STARTING, Resumed(), State.UNCONFIRMED, (OLD_DOUBT,)),
    (State.STARTING, LATE, State.STARTING, ()),
    (State.STARTING, RetryAsked(1), State.STARTING, ()),
    (State.STARTING, FreshAsked(1), State.STARTING, ()),
    (State.RUNNING, STILL_RUNS, State.RUNNING, (LookLater(),)),
    (State.RUNNING, an_observation(), State.COMPLETE, ()),
    (State.RUNNING, HAS_FAILED, State.FAILED, (CountFailure(),)),
    (State.RUNNING, Missing(), State.RUNNING, (LookAgain(),)),
    (State.RUNNING, Unreadable("too large"), State.RUNNING, (LookAgain(),)),
    (State.RUNNING, Unreachable("500"), State.RUNNING, (LookAgain(),)),
    (State.RUNNING, TryLater(3.0), State.RUNNING, (LookAgain(),)),
    (State.RUNNING, HALTED, State.RUNNING, (LookAgain(), StopBatch(HALTED))),
    (State.RUNNING, GaveUp("Too long"), State.EXPIRED, ()),
    (State.RUNNING, Resumed(), State.RUNNING, (LookNow(),)),
    (State.RUNNING, RetryAsked(1), State.RUNNING, ()),
    (State.RUNNING, LATE, State.RUNNING, ()),
    (State.RUNNING, FreshAsked(1), State.RUNNING, ()),
    (State.UNCONFIRMED, Resumed(), State.UNCONFIRMED, (OLD_DOUBT,)),
    (State.UNCONFIRMED, RunFound(RUN), State.RUNNING, (LookNow(),)),
    (State.UNCONFIRMED, ShownAbsent("by the list"), State.PLANNED, (StartAgain(),)),
    (State.UNCONFIRMED, RowGivenUp(), State.FAILED, ()),
    (State.UNCONFIRMED, LATE, State.UNCONFIRMED, ()),
    (State.UNCONFIRMED, RetryAsked(1), State.UNCONFIRMED, ()),
    (State.UNCONFIRMED, FreshAsked(1), State.UNCONFIRMED, ()),
    (State.COMPLETE, Resumed(), State.COMPLETE, ()),
    (State.COMPLETE, LATE, State.COMPLETE, ()),
    (State.COMPLETE, LATE_FAILURE, State.COMPLETE, ()),
    (State.COMPLETE, RetryAsked(1), State.COMPLETE, ()),
    (State.COMPLETE, FreshAsked(1), State.PLANNED, ()),
    (State.FAILED, Resumed(), State.FAILED, ()),
    (State.FAILED, LATE, State.COMPLETE, ()),
    (State.FAILED, LATE_FAILURE, State.FAILED, ()),
    (State.FAILED, RetryAsked(1), State.PLANNED, ()),
    (State.FAILED, FreshAsked(1), State.PLANNED, ()),
    (State.EXPIRED, Resumed(), State.RUNNING, (LookNow(),)),
    (State.EXPIRED, RetryAsked(1), State.EXPIRED, ()),
    (State.EXPIRED, LATE, State.COMPLETE, ()),
    (State.EXPIRED, LATE_FAILURE, State.EXPIRED, ()),
    (State.EXPIRED, FreshAsked(1), State.PLANNED, ()),
]
IMPOSSIBLE: Final = [cell for cell, rule in TRANSITIONS.items() if rule is impossible]


def test_every_state_meets_every_event() -> None:
    """The table has a rule in each cell, and no cell besides."""
    assert set(TRANSITIONS) == set(product(State, EVENT_TYPES))


def test_the_examples_here_cover_every_cell_that_is_possible() -> None:
    """No rule stands in the table that the tests do not know."""
    covered = {(state, type(event)) for state, event, _, _ in POSSIBLE}
    assert covered == set(TRANSITIONS) - set(IMPOSSIBLE)


@pytest.mark.parametrize(("state", "event", "after", "instructions"), POSSIBLE)
def test_what_an_event_makes_of_an_entry(
    state: State, event: Event, after: State, instructions: tuple[Instruction, ...]
) -> None:
    """Each state and event lead to one state and to one list of instructions."""
    older = an_entry(State.EXPIRED).attempt if isinstance(event, LateEnd) else None
    before = an_entry(state)
    entry, todo = step(replace(before, attempt=older or before.attempt), event, a_context())
    assert (entry.state, todo) == (after, instructions)


@pytest.mark.parametrize(("state", "event"), IMPOSSIBLE)
def test_what_our_own_code_never_does_is_refused(state: State, event: type) -> None:
    """An event that can't come in this state is our mistake, and told as one."""
    with pytest.raises(AssertionError, match=f"entry 1: {event.__name__} while {state}"):
        step(an_entry(state), EXAMPLES[event], a_context())
