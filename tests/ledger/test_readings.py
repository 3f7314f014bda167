"""Readings of the sheet: which rows are in it, where, and whose turn is next."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.core.model import RowKey, RunId, State, Status
from pipeline.ledger.queries import NEXT_PLANNED
from pipeline.ledger.records import Tally
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON, a_sendable
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    ids_of,
    opened,
    second_attempt,
    some_rows,
    stands,
)


def rows_next(ledger: Ledger, after_row: int = 0, limit: int = 100) -> list[tuple[int, str]]:
    """The next planned rows, by number and key (which the builders send as the company)."""
    return [
        (row.row_number, str(row.variables["Company"]))
        for row in ledger.next_planned(after_row, limit)
    ]


def test_a_new_reading_keeps_what_is_known(place: Place) -> None:
    """Rows that were moved keep their states under their new numbers; new ones are planned."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE)])
        ledger.enrol(some_rows("new", "b", "a"), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert ledger.states() == {
            RowKey("a"): State.COMPLETE,
            RowKey("b"): State.PLANNED,
            RowKey("new"): State.PLANNED,
        }
        assert ledger.entries(State.COMPLETE) == [stands(a, State.COMPLETE)]
        assert rows_next(ledger) == [(2, "new"), (3, "b")]
        assert [row.entry.id for row in ledger.planned([a, b])] == [b]


def test_rows_that_left_the_sheet_are_not_sent(place: Place) -> None:
    """They are remembered, for they may have been paid for, but have no turn any more."""
    with a_ledger(place, "a", "b", "c") as ledger:
        a, b, c = ids_of(ledger)
        ledger.save([stands(c, State.RUNNING)])
        ledger.enrol(some_rows("b"), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert rows_next(ledger) == [(2, "b")]
        assert [row.entry.id for row in ledger.planned([a, b, c])] == [b]
        assert [row.entry.id for row in ledger.enrolled_in_sheet(*State)] == [b]
        assert [entry.id for entry in ledger.entries(*State)] == [a, b, c]
        ledger.enrol(some_rows("b", "a"), SOURCE, SERVICE, WORKFLOW, NOON + 2)
        assert rows_next(ledger) == [(2, "b"), (3, "a")]


def test_the_next_rows_come_in_the_sheets_order(place: Place) -> None:
    """By number, a bounded few, below the row that was last given."""
    with a_ledger(place, *"abcdef") as ledger:
        first, *_, last = ids_of(ledger)
        ledger.save([stands(first, State.COMPLETE), stands(last, State.FAILED)])
        ledger.enrol(
            [a_sendable(30, "x"), a_sendable(10, "e"), a_sendable(20, "b")],
            SOURCE,
            SERVICE,
            WORKFLOW,
            NOON,
        )
        assert rows_next(ledger) == [(10, "e"), (20, "b"), (30, "x")]
        assert rows_next(ledger, limit=2) == [(10, "e"), (20, "b")]
        assert rows_next(ledger, after_row=10, limit=1) == [(20, "b")]
        assert rows_next(ledger, after_row=30) == []


def test_only_planned_rows_have_a_turn(place: Place) -> None:
    """Whatever else a row is, it is not sent."""
    with a_ledger(place, *State) as ledger:
        ids = ids_of(ledger)
        ledger.save([stands(n, state) for n, state in zip(ids, State, strict=True)])
        (planned,) = ledger.entries(State.PLANNED)
        assert [row.entry for row in ledger.next_planned(0, 100)] == [planned]
        assert [row.entry for row in ledger.planned(ids)] == [planned]
        assert ledger.planned([]) == []


def test_the_next_rows_are_found_by_the_index(tmp_path: Path) -> None:
    """A million rows are not gone through for each handful, nor sorted."""
    with a_ledger(tmp_path, "a") as ledger, closing(sqlite3.connect(ledger.path)) as connection:
        steps = [
            detail
            for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {NEXT_PLANNED}", (0, 500))
        ]
    assert steps[0] == (
        "SEARCH entry USING INDEX entry_by_turn (reading_id=? AND state=? AND row_number>?)"
    )
    assert not [step for step in steps if "SCAN entry" in step or "SCAN attempt" in step]
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_a_new_ledger_counts_nothing(place: Place) -> None:
    """Before the first reading there are no rows."""
    with opened(place) as ledger:
        assert ledger.tally() == Tally()
        assert ledger.tally().count(*State) == 0


def test_the_tally_is_of_the_sheet_as_it_is_now(place: Place) -> None:
    """Rows that left it count no more; skipped and faulty ones do."""
    with a_ledger(place, "gone", *State) as ledger:
        gone, *ids = ids_of(ledger)
        ledger.save([stands(gone, State.COMPLETE, credits=100.0)])
        ledger.save([stands(n, state) for n, state in zip(ids, State, strict=True)])
        ledger.enrol(some_rows(*State, skipped=2, faulty=3), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        tally = ledger.tally()
        assert (tally.rows, tally.skipped, tally.faulty) == (len(State) + 5, 2, 3)
        assert set(tally.by_status()) == set(Status)
        assert sum(tally.by_status().values()) == tally.rows
        assert (tally.by_status()[Status.SKIPPED], tally.by_status()[Status.FAILED]) == (2, 4)
        assert tally.states == dict.fromkeys(State, 1)
        assert tally.count(State.COMPLETE, State.FAILED) == 2
        assert (tally.credits, tally.credits_unknown) == (3.0, 0)


def test_rows_that_share_an_entry_are_counted_each_and_paid_once(place: Place) -> None:
    """It has its turn once, at the first row's; a later reading may hold fewer or more of them."""
    with a_ledger(place, "a", "b", "a", "a") as ledger:
        assert rows_next(ledger) == [(2, "a"), (3, "b")]
        a, _ = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE, credits=2.0)])
        tally = ledger.tally()
        assert tally.states == {State.COMPLETE: 3, State.PLANNED: 1}
        assert tally.entries == {State.COMPLETE: 1, State.PLANNED: 1}
        assert (tally.shared, tally.credits, tally.saved_credits) == (2, 2.0, 4.0)
        ledger.enrol(some_rows("b", "a"), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert (ledger.tally().shared, ledger.tally().saved_credits) == (0, 0)


@pytest.mark.parametrize(
    ("first", "second", "cost", "unknown"),
    [
        ((State.FAILED, 1.0), (State.COMPLETE, 2.0), 3.0, 0),
        ((State.FAILED, None), (State.COMPLETE, 2.0), 2.0, 0),
        ((State.FAILED, 1.0), (State.COMPLETE, None), 1.0, 1),
        ((State.COMPLETE, None), (State.COMPLETE, None), 0.0, 2),
    ],
)
def test_credits_are_of_all_attempts(
    place: Place,
    first: tuple[State, float | None],
    second: tuple[State, float | None],
    cost: float,
    unknown: int,
) -> None:
    """What was paid for an attempt that failed, or was left aside, was paid."""
    with a_ledger(place, "a") as ledger:
        entry = stands(ids_of(ledger)[0], first[0], credits=first[1])
        ledger.save([entry])
        ledger.save([second_attempt(entry, second[0], credits=second[1])])
        tally = ledger.tally()
        assert (tally.credits, tally.credits_unknown) == (cost, unknown)


def test_a_run_in_flight_has_no_unknown_cost(place: Place) -> None:
    """Only a run that ended without naming its credits is of unknown cost."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        running = stands(a, State.RUNNING)
        ledger.save([running, replace(running, id=b, attempt=stands(b, State.RUNNING).attempt)])
        assert ledger.tally().credits_unknown == 0
        ledger.save([stands(b, State.COMPLETE, credits=None, run_id=RunId(f"WRUN-{b}"))])
        assert ledger.tally().credits_unknown == 1
