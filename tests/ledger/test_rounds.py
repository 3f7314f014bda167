"""Rounds: rows asked for again, each sent once, and none of them lost."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.core.model import Entry, RoundKind, State
from tests.core.builders import NOON
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    begin,
    ids_of,
    opened,
    second_attempt,
    some_rows,
    stands,
)


class OutOfWordsError(Exception):
    """What goes wrong in the middle of asking."""


@pytest.mark.parametrize("kind", RoundKind)
def test_a_round_is_open_until_it_has_ended(place: Place, kind: RoundKind) -> None:
    """Also for the next process; its rows wait for their turn and know its number."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        failed = stands(a, State.FAILED)
        ledger.save([failed, stands(b, State.COMPLETE)])
        assert ledger.open_round() is None
        assert begin(ledger, kind, failed) == 1
    with opened(place) as ledger:
        assert ledger.open_round() == (1, kind)
        assert ledger.entries(State.PLANNED) == [replace(failed, state=State.PLANNED, round_id=1)]


def test_a_round_begins_with_all_its_rows_or_not_at_all(place: Place) -> None:
    """If asking goes wrong half way, there is no round and no row was touched."""
    with a_ledger(place, "a") as ledger:
        failed = stands(ids_of(ledger)[0], State.FAILED)
        ledger.save([failed])

        def asked(_: int) -> Sequence[Entry]:
            raise OutOfWordsError

        with pytest.raises(OutOfWordsError):
            ledger.begin_round(RoundKind.RETRY, NOON, asked)
        assert ledger.open_round() is None
        assert ledger.entries(*State) == [failed]


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (State.STARTING, False),
        (State.RUNNING, False),
        (State.COMPLETE, True),
        (State.FAILED, True),
        (State.EXPIRED, True),
        (State.UNCONFIRMED, True),
    ],
)
def test_a_round_ends_when_each_row_was_sent_and_ended(
    place: Place, state: State, *, ends: bool
) -> None:
    """What is in doubt is held by itself and does not hold up the round."""
    with a_ledger(place, "a") as ledger:
        failed = stands(ids_of(ledger)[0], State.FAILED)
        ledger.save([failed])
        begin(ledger, RoundKind.RETRY, failed)
        assert not ledger.end_round(NOON + 1)
        asked = replace(failed, round_id=1)
        ledger.save([second_attempt(asked, state)])
        assert ledger.end_round(NOON + 1) is ends
        assert (ledger.open_round() is None) is ends
        assert [entry.state for entry in ledger.entries(*State)] == [state]


def test_a_round_waits_for_a_look_that_is_owed(place: Place) -> None:
    """An expired run that a retry asked for is looked at before the round can end."""
    with a_ledger(place, "a") as ledger:
        expired = stands(ids_of(ledger)[0], State.EXPIRED)
        ledger.save([expired])
        begin(ledger, RoundKind.RETRY, expired)
        assert not ledger.end_round(NOON + 1)


def test_rows_outside_of_the_round_do_not_hold_it_up(place: Place) -> None:
    """A row that was never sent, or runs since before, owes the round nothing."""
    with a_ledger(place, "a", "b", "c") as ledger:
        a, b, _ = ids_of(ledger)
        failed = stands(a, State.FAILED)
        ledger.save([failed, stands(b, State.RUNNING)])
        begin(ledger, RoundKind.RETRY, failed)
        ledger.save([second_attempt(replace(failed, round_id=1), State.COMPLETE)])
        assert ledger.end_round(NOON + 1)
        states = [entry.state for entry in ledger.entries(*State)]
        assert states == [State.COMPLETE, State.RUNNING, State.PLANNED]


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED, State.COMPLETE])
def test_a_row_that_left_before_it_was_sent_stands_as_before(place: Place, state: State) -> None:
    """Its earlier outcome is not lost to a round that never came to it."""
    kind = RoundKind.FRESH if state is State.COMPLETE else RoundKind.RETRY
    with a_ledger(place, "left", "stays") as ledger:
        left, stays = (stands(n, state) for n in ids_of(ledger))
        ledger.save([left, stays])
        assert begin(ledger, kind, left, stays) == 2
        ledger.enrol(some_rows("stays"), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert not ledger.end_round(NOON + 1)
        ledger.save([second_attempt(replace(stays, round_id=1), State.COMPLETE)])
        assert ledger.end_round(NOON + 2)
        (after,) = (entry for entry in ledger.entries(*State) if entry.id == left.id)
        assert after == replace(left, round_id=1)


def test_a_second_round_may_follow(place: Place) -> None:
    """With a number of its own, for rows that the first one asked for as well."""
    with a_ledger(place, "a") as ledger:
        failed = stands(ids_of(ledger)[0], State.FAILED)
        ledger.save([failed])
        begin(ledger, RoundKind.RETRY, failed)
        again = second_attempt(replace(failed, round_id=1), State.FAILED)
        ledger.save([again])
        assert ledger.end_round(NOON + 1)
        assert not ledger.end_round(NOON + 2)
        begin(ledger, RoundKind.FRESH, again)
        assert ledger.open_round() == (2, RoundKind.FRESH)
        assert not ledger.end_round(NOON + 3)


def test_two_rounds_never_go_on_at_once(tmp_path: Path) -> None:
    """The schema itself keeps a second one out, whoever asks for it."""
    with a_ledger(tmp_path, "a") as ledger:
        begin(ledger, RoundKind.FRESH)
        with pytest.raises(sqlite3.IntegrityError, match="one_open_round"):
            begin(ledger, RoundKind.RETRY)
        assert ledger.open_round() == (1, RoundKind.FRESH)


@pytest.mark.parametrize(
    ("rounds", "state"),
    [
        ([], State.COMPLETE),
        ([RoundKind.RETRY], State.COMPLETE),
        ([RoundKind.FRESH], State.PLANNED),
        ([RoundKind.FRESH, RoundKind.RETRY], State.PLANNED),
    ],
)
def test_a_newer_attempt_that_is_taken_back_leaves_the_late_result(
    tmp_path: Path, rounds: Sequence[RoundKind], state: State
) -> None:
    """An older run completed meanwhile: it is paid for and used, unless `--fresh` left it aside."""
    with a_ledger(tmp_path, "a") as ledger:
        (a,) = ids_of(ledger)
        entry = stands(a, State.FAILED)
        ledger.save([entry])
        for number, kind in enumerate(rounds, 2):
            begin(ledger, kind, entry)
            (entry,) = ledger.entries(State.PLANNED)
            made = stands(a, State.FAILED, number=number, run_id=None, round_id=entry.round_id)
            entry = replace(made, attempts=number, round_id=entry.round_id)
            ledger.save([entry])
            assert ledger.end_round(NOON)
        late = stands(a, State.COMPLETE)
        ledger.save([replace(late, state=State.STARTING, attempts=4, round_id=entry.round_id)])
        ledger.save([replace(entry, state=State.PLANNED, attempts=4, attempt=None)])
        assert [one.state for one in ledger.entries(*State)] == [state]
