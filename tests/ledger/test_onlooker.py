"""What the live page asks of the ledger: right answers, and fast ones."""

import re
import sqlite3
from pathlib import Path

import pytest

from pipeline.core.model import FailureClass, State
from pipeline.errors import LedgerLost
from pipeline.ledger import onlooker
from pipeline.ledger.opening import is_running, open_ledger, watch_ledger
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    a_ledger,
    connection_of,
    ids_of,
    looked_on,
    opened,
    second_attempt,
    some_rows,
    stands,
)


def test_before_the_first_run_there_is_no_ledger_to_look_at(tmp_path: Path) -> None:
    """Looking on makes no file."""
    with watch_ledger(tmp_path / "batch.ledger") as looking:
        assert looking is None
    assert list(tmp_path.iterdir()) == []


def test_who_looks_on_changes_nothing(tmp_path: Path) -> None:
    """Its connection refuses to write, whatever it is asked."""
    with a_ledger(tmp_path, "a"), looked_on(tmp_path) as looking, pytest.raises(LedgerLost):
        looking.ledger.say_facts({"holder": "1"})


def test_rows_that_can_not_be_sent_are_counted(tmp_path: Path) -> None:
    """Those of the newest reading; before the first one there are none."""
    with opened(tmp_path) as ledger, looked_on(tmp_path) as looking:
        assert looking.faulty() == 0
        for faulty in (3, 2):
            ledger.enrol(some_rows("a", faulty=faulty), SOURCE, SERVICE, WORKFLOW, NOON)
            assert looking.faulty() == faulty


def test_the_version_is_another_after_each_change_and_only_then(tmp_path: Path) -> None:
    """The figures are summed up anew where they may have changed."""
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        before = looking.version()
        assert looking.version() == before
        ledger.save([stands(ids_of(ledger)[0], State.RUNNING)])
        assert looking.version() != before


def test_rows_that_are_not_complete_are_grouped_by_cause(tmp_path: Path) -> None:
    """With the first rows and the commonest errors; a row that left the sheet is none of them."""
    with a_ledger(tmp_path, *"abcdef") as ledger, looked_on(tmp_path) as looking:
        a, b, c, d, e, f = ids_of(ledger)
        ledger.save(
            [
                stands(a, State.FAILED, error="one"),
                stands(b, State.FAILED, error="other"),
                stands(c, State.FAILED, error="other"),
                stands(d, State.FAILED, error="no", failure=FailureClass.INPUT),
                stands(e, State.EXPIRED, error=None),
                stands(f, State.COMPLETE),
            ]
        )
        found = {(one.state, one.failure): one for one in looking.troubles(2, 1)}
        failed = found[State.FAILED, "provider"]
        assert (failed.count, failed.rows, failed.errors) == (3, [2, 3], [("other", 2)])
        assert found[State.FAILED, "input"].rows == [5]
        expired = found[State.EXPIRED, None]
        assert (expired.count, expired.errors) == (1, [])
        assert len(found) == 3


def test_rows_are_found_by_number_by_run_and_by_state(tmp_path: Path) -> None:
    """A row is shown as it now is, also where an older attempt had the run."""
    with a_ledger(tmp_path, *"abc") as ledger, looked_on(tmp_path) as looking:
        a, b, c = ids_of(ledger)
        ledger.save([stands(a, State.FAILED), stands(b, State.COMPLETE), stands(c, State.FAILED)])
        ledger.save([second_attempt(stands(a, State.FAILED), State.COMPLETE)])
        (row,) = looking.by_row(2)
        assert (row.state, row.attempts, row.run_id) == (State.COMPLETE, 2, f"WRUN-{a}-2")
        assert row.credits == 3
        assert (row.row_number, row.rows, row.error) == (2, 1, None)
        assert (row.sent_at, row.ended_at) == (NOON, NOON + 9)
        assert looking.by_row(99) == []
        assert looking.by_run(f"WRUN-{a}", 10) == [row]
        assert [found.row_number for found in looking.by_run("WRUN-", 10)] == [2, 3, 4]
        assert looking.by_run("WRUN-9", 10) == []
        assert [found.row_number for found in looking.by_state(State.FAILED, 0, 10)] == [4]
        assert looking.by_state(State.FAILED, 4, 10) == []


def test_a_row_that_left_the_sheet_is_found_by_its_run_alone(tmp_path: Path) -> None:
    """What was paid for can be found; its former number now belongs to another row."""
    with a_ledger(tmp_path, "a") as ledger:
        ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
    with a_ledger(tmp_path, "b"), looked_on(tmp_path) as looking:
        (gone,) = looking.by_run("WRUN-1", 10)
        assert not gone.is_in_sheet
        (there,) = looking.by_row(2)
        assert there.state is State.PLANNED
        assert there.is_in_sheet


@pytest.mark.parametrize(
    ("query", "values", "key"),
    [
        (onlooker.BY_ROW, (17, '["failed", "complete"]'), "row_number=?"),
        (onlooker.BY_RUN, ("WRUN-1", "WRUN-2", 100), "run_id>? AND run_id<?"),
        (onlooker.BY_STATE, ("failed", 17, 100), "row_number>?"),
    ],
    ids=["by row", "by run", "by state"],
)
def test_no_search_goes_through_all_rows(
    tmp_path: Path, query: str, values: tuple[object, ...], key: str
) -> None:
    """Each is answered from an index, so that it is as fast in a sheet of a million rows."""
    with a_ledger(tmp_path, "a") as ledger:
        plan = _plan(connection_of(ledger), query, values)
    slow = re.compile(r"SCAN (entry|attempt|told)\b|TEMP B-TREE")
    assert [line for line in plan if slow.search(line)] == []
    assert any(line.endswith(f"{key})") for line in plan), plan


def _plan(connection: sqlite3.Connection, query: str, values: tuple[object, ...]) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]


def _holder_of(ledger: Ledger) -> str | None:
    return ledger.holder()


def test_a_batch_runs_while_its_holder_lives_and_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked time and again it never takes the lock from a batch that begins."""
    path = tmp_path / "batch.ledger"
    with open_ledger(path) as ledger:
        assert is_running(path, _holder_of(ledger))
    assert not is_running(path, None)
    # What a killed process leaves: its number, which another may have by now.
    assert not is_running(path, "1")
    # Where nobody has such a number, the lock is not tried.
    monkeypatch.setattr("pipeline.ledger.opening.held", _not_tried)
    assert not is_running(path, "4194999")


def _not_tried(path: Path) -> None:
    raise AssertionError(path)
