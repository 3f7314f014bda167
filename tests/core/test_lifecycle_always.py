"""What holds for every entry, whatever comes upon it and in whatever order."""

from collections.abc import Iterator
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.events import (
    Event,
    FreshAsked,
    GaveUp,
    Instruction,
    Intended,
    Resumed,
    RetryAsked,
    RowGivenUp,
    RunFound,
    SendStart,
    ShownAbsent,
    StartAgain,
)
from pipeline.core.lifecycle import TRANSITIONS, step
from pipeline.core.model import Entry, Observation, RunId, RunStatus, State
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
from pipeline.core.rules import impossible
from tests.core.builders import a_context, an_entry, an_observation

WORDS: Final = st.text(min_size=1, max_size=10)
CREDITS: Final = st.none() | st.floats(0, 100)
EVENTS: Final[dict[type, st.SearchStrategy[Event]]] = {
    Intended: st.just(Intended()),
    Accepted: st.builds(Accepted, st.uuids().map(lambda name: RunId(str(name)))),
    Refused: st.builds(Refused, WORDS),
    TryLater: st.just(TryLater(None)),
    NotConnected: st.builds(NotConnected, WORDS),
    Halted: st.builds(Halted, st.sampled_from(HaltReason), WORDS),
    Doubtful: st.builds(Doubtful, WORDS),
    Observation: st.builds(
        an_observation,
        st.sampled_from(RunStatus),
        credits=CREDITS,
        message=st.none() | WORDS,
    ),
    Missing: st.just(Missing()),
    Unreachable: st.builds(Unreachable, WORDS),
    Unreadable: st.builds(Unreadable, WORDS),
    GaveUp: st.just(GaveUp("The run had not ended")),
    RunFound: st.builds(RunFound, st.uuids().map(lambda name: RunId(str(name)))),
    ShownAbsent: st.just(ShownAbsent("by the list")),
    RowGivenUp: st.just(RowGivenUp()),
    Resumed: st.just(Resumed()),
    RetryAsked: st.builds(RetryAsked, st.integers(1, 9)),
    FreshAsked: st.builds(FreshAsked, st.integers(1, 9)),
}
A_PERSON: Final[set[type]] = {RetryAsked, FreshAsked}
A_PROOF: Final[set[type]] = {ShownAbsent}
EXAMPLES: Final = settings(deadline=None, max_examples=100)

Happening = tuple[Entry, Event, Entry, tuple[Instruction, ...]]


def a_life(data: st.DataObject, retry_failed: int, without: set[type]) -> Iterator[Happening]:
    """Up to thirty events that can come upon one entry, from the plan on."""
    context = a_context(retry_failed=retry_failed)
    entry = an_entry()
    for _ in range(data.draw(st.integers(1, 30))):
        possible = [
            kind
            for kind in EVENTS
            if TRANSITIONS[entry.state, kind] is not impossible and kind not in without
        ]
        event = data.draw(EVENTS[data.draw(st.sampled_from(possible))])
        before = entry
        entry, instructions = step(before, event, context)
        yield before, event, entry, instructions


@EXAMPLES
@given(st.integers(0, 2), st.data())
def test_what_is_known_of_a_run_is_never_forgotten(retry_failed: int, data: st.DataObject) -> None:
    """An attempt keeps its run's id and its credits, whatever is seen later."""
    for before, _, after, _ in a_life(data, retry_failed, set()):
        old, new = before.attempt, after.attempt
        if new is None:
            assert old is None or (old.run_id, old.credits) == (None, None)
        elif old is not None and old.number == new.number:
            assert old.run_id in (None, new.run_id)
            assert old.credits in (None, new.credits)


@EXAMPLES
@given(st.integers(0, 2), st.data())
def test_the_numbers_of_attempts_only_grow(retry_failed: int, data: st.DataObject) -> None:
    """An intent takes the next number, and no number is taken twice."""
    for before, event, after, _ in a_life(data, retry_failed, set()):
        assert after.attempts - before.attempts == isinstance(event, Intended)
        assert after.attempt is None or after.attempt.number == after.attempts


@EXAMPLES
@given(st.integers(0, 2), st.data())
def test_a_doubt_is_never_sent_again_unproved(retry_failed: int, data: st.DataObject) -> None:
    """Once it is not known whether a row was started, only a proof brings a new start about."""
    for before, _, _, instructions in a_life(data, retry_failed, A_PROOF):
        assert before.state is not State.UNCONFIRMED or StartAgain() not in instructions


@EXAMPLES
@given(st.data())
def test_no_row_is_paid_twice_unless_a_person_asks(data: st.DataObject) -> None:
    """Without `retry.failed`, a proof and a person, at most one start is accepted or in doubt."""
    maybe_paid = 0
    for before, _, after, instructions in a_life(data, 0, A_PERSON | A_PROOF):
        assert SendStart() not in instructions or maybe_paid == 0
        was_starting = before.state is State.STARTING
        maybe_paid += was_starting and after.state in {State.RUNNING, State.UNCONFIRMED}
    assert maybe_paid <= 1


@EXAMPLES
@given(st.integers(0, 2), st.data())
def test_an_entry_and_its_attempt_agree(retry_failed: int, data: st.DataObject) -> None:
    """The attempt is in its entry's state, unless the row waits for the next one."""
    for _, _, after, _ in a_life(data, retry_failed, set()):
        if after.state is State.PLANNED:
            in_doubt = {State.STARTING, State.UNCONFIRMED}
            assert after.attempt is None or after.attempt.state not in in_doubt
        else:
            assert after.attempt is not None
            assert after.attempt.state is after.state


@EXAMPLES
@given(st.integers(0, 2), st.data())
def test_what_did_not_complete_says_why(retry_failed: int, data: st.DataObject) -> None:
    """Failed, expired and held rows tell a person in a sentence; complete ones have no error."""
    for _, _, after, _ in a_life(data, retry_failed, set()):
        error = after.attempt and after.attempt.error
        if after.state in {State.FAILED, State.EXPIRED, State.UNCONFIRMED}:
            assert error
            assert error[0].isupper()
            assert " " in error
        elif after.state is not State.PLANNED:
            assert error is None
