"""Which attempt tells of a row: what was paid for is not lost to a newer one that gave nothing."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from pipeline.core.events import LateEnd, Resumed
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, FailureClass, RoundKind, RunId, State
from pipeline.core.rules import Context
from pipeline.ledger.records import Owner
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON, an_observation
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    begin,
    ids_of,
    second_attempt,
    some_rows,
    stands,
)


def attempted(entry: Entry, number: int, state: State, begin: int, end: int) -> Entry:
    """The entry after an attempt of these seconds; one without a length never began."""
    ended_at = None if state is State.RUNNING else NOON + end
    is_never_begun = begin == end
    made = stands(
        entry.id,
        state,
        number=number,
        round_id=entry.round_id,
        intended_at=NOON + begin,
        ended_at=ended_at,
        run_id=None if is_never_begun else RunId(f"WRUN-{entry.id}-{number}"),
        failure=FailureClass.NEVER_BEGUN if is_never_begun else None,
    )
    return replace(made, attempts=number, round_id=entry.round_id)


def complete_late(ledger: Ledger, entry_id: int, at: int) -> None:
    """The run of its first attempt, which had expired, is seen to have completed."""
    late = LateEnd(an_observation(run_id=RunId(f"WRUN-{entry_id}-1")))
    owner = Owner(entry_id, 1, State.EXPIRED)
    ledger.amend(owner, lambda older: step(older, late, Context(NOON + at))[0])


@pytest.mark.parametrize(
    ("before", "kind", "within", "told"),
    [
        # The second attempt failed, and the first completed while it ran.
        ([(State.COMPLETE, 0, 25), (State.FAILED, 20, 30)], RoundKind.FRESH, [], ("complete", 1)),
        ([(State.COMPLETE, 0, 9)], RoundKind.FRESH, [(State.FAILED, 50, 50)], ("complete", 1)),
        (
            [(State.COMPLETE, 0, 25), (State.FAILED, 20, 30)],
            RoundKind.FRESH,
            [(State.FAILED, 50, 50), (State.FAILED, 60, 60)],
            ("complete", 1),
        ),
        ([(State.FAILED, 0, 9)], RoundKind.RETRY, [(State.FAILED, 50, 50)], ("failed", 2)),
        ([(State.COMPLETE, 0, 9)], RoundKind.FRESH, [(State.FAILED, 50, 60)], ("failed", 2)),
    ],
    ids=[
        "completed late",
        "never begun",
        "never begun twice",
        "failed, then never begun",
        "left aside now",
    ],
)
def test_a_row_that_left_is_told_by_the_attempt_that_told_of_it(
    place: Place,
    before: Sequence[tuple[State, int, int]],
    kind: RoundKind,
    within: Sequence[tuple[State, int, int]],
    told: tuple[str, int],
) -> None:
    """What was paid for stays in use; what `--fresh` left aside and sent anew stays aside."""
    with a_ledger(place, "left", "stays") as ledger:
        left, stays = ids_of(ledger)
        other = stands(stays, State.FAILED)
        ledger.save([other])
        entry = stands(left, State.PLANNED)
        for attempt in before:
            entry = attempted(entry, entry.attempts + 1, *attempt)
            ledger.save([entry])
        was = {one.id: one for one in ledger.entries(*State)}[left]
        begin(ledger, kind, was, other)
        (entry,) = (one for one in ledger.entries(State.PLANNED) if one.id == left)
        for attempt in within:
            sent = attempted(entry, entry.attempts + 1, *attempt)
            entry = replace(sent, state=State.PLANNED)
            ledger.save([entry])
        ledger.enrol(some_rows("stays"), SOURCE, SERVICE, WORKFLOW, NOON + 99)
        ledger.save([second_attempt(replace(other, round_id=1), State.COMPLETE)])
        assert ledger.end_round(NOON + 100)
        after = {one.id: one for one in ledger.entries(*State)}[left]
        assert after.attempt is not None
        assert (after.state, after.attempt.number) == told
        assert within or after == replace(was, round_id=1)


def test_what_an_earlier_round_left_aside_stays_aside(place: Place) -> None:
    """A row that left before its retry was sent stands as before, and that was failed."""
    with a_ledger(place, "left", "stays") as ledger:
        left, stays = ids_of(ledger)
        other = stands(stays, State.FAILED)
        entry = attempted(stands(left, State.PLANNED), 1, State.COMPLETE, 0, 9)
        ledger.save([entry, other])
        begin(ledger, RoundKind.FRESH, entry)
        (entry,) = ledger.entries(State.PLANNED)
        ledger.save([attempted(entry, 2, State.FAILED, 20, 30)])
        assert ledger.end_round(NOON + 40)
        was = {one.id: one for one in ledger.entries(*State)}[left]
        begin(ledger, RoundKind.RETRY, was, other)
        ledger.enrol(some_rows("stays"), SOURCE, SERVICE, WORKFLOW, NOON + 99)
        ledger.save([second_attempt(replace(other, round_id=2), State.COMPLETE)])
        assert ledger.end_round(NOON + 100)
        after = {one.id: one for one in ledger.entries(*State)}[left]
        assert after.attempt is not None
        assert (after.state, after.attempt.number) == (State.FAILED, 2)


def test_a_run_that_goes_on_is_not_lost_where_its_row_left(place: Place) -> None:
    """An older one completed meanwhile, but this one is still to be watched: it costs, too."""
    with a_ledger(place, "left") as ledger:
        entry = stands(ids_of(ledger)[0], State.PLANNED)
        for attempt in ((State.EXPIRED, 0, 9), (State.EXPIRED, 20, 30)):
            entry = attempted(entry, entry.attempts + 1, *attempt)
            ledger.save([entry])
        begin(ledger, RoundKind.RETRY, entry)
        (owed,) = ledger.entries(State.EXPIRED)
        ledger.save([step(owed, Resumed(), Context(NOON + 50))[0]])
        complete_late(ledger, entry.id, 60)
        ledger.enrol(some_rows(), SOURCE, SERVICE, WORKFLOW, NOON + 99)
        assert ledger.end_round(NOON + 100)
        assert [one.state for one in ledger.entries(*State)] == [State.RUNNING]


def test_a_round_that_sent_nothing_leaves_no_late_result_aside(place: Place) -> None:
    """Its attempt never began: the older run, which completes before a retry leaves, is used."""
    with a_ledger(place, "left") as ledger:
        expired = attempted(stands(ids_of(ledger)[0], State.PLANNED), 1, State.EXPIRED, 0, 9)
        ledger.save([expired])
        begin(ledger, RoundKind.FRESH, expired)
        never = attempted(replace(expired, round_id=1), 2, State.FAILED, 20, 20)
        ledger.save([replace(never, state=State.PLANNED)])
        ledger.enrol(some_rows(), SOURCE, SERVICE, WORKFLOW, NOON + 30)
        assert ledger.end_round(NOON + 31)
        begin(ledger, RoundKind.RETRY, *ledger.entries(State.FAILED))
        complete_late(ledger, expired.id, 60)
        assert [one.state for one in ledger.entries(*State)] == [State.COMPLETE]


def test_an_earlier_result_is_used_where_the_newest_attempt_was_taken_back(place: Place) -> None:
    """A number that was used and taken back is no attempt that anything could be older than."""
    with a_ledger(place, "a") as ledger:
        entry = stands(ids_of(ledger)[0], State.PLANNED)
        for attempt in ((State.EXPIRED, 0, 9), (State.RUNNING, 20, 0)):
            entry = attempted(entry, entry.attempts + 1, *attempt)
            ledger.save([entry])
        complete_late(ledger, entry.id, 25)
        failed = attempted(entry, 2, State.FAILED, 20, 30)
        ledger.save([replace(failed, attempts=3)])
        assert [one.state for one in ledger.entries(*State)] == [State.COMPLETE]
