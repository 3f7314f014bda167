"""Finding a row on the live page."""

from pathlib import Path

import pytest

from pipeline.core.model import State, Status
from pipeline.ledger.store import Ledger
from pipeline.report.live.search import MOST, search
from tests.core.builders import NOON
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    a_ledger,
    ids_of,
    looked_on,
    some_rows,
    stands,
)

STATES = [State.COMPLETE, State.FAILED, State.RUNNING, State.STARTING, State.PLANNED, State.EXPIRED]


def _in_every_state(ledger: Ledger) -> None:
    ledger.save([stands(n, state) for n, state in zip(ids_of(ledger), STATES, strict=True)])


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("2", [2]),
        (" row 3 ", [3]),
        ("WRUN-2", [3]),
        ("WRUN", [2, 3, 4, 7]),
        ("failed", [3]),
        ("Failed", [3]),
        ("running", [4, 5]),
        ("pending", [6]),
        ("expired", [7]),
        ("unconfirmed", []),
    ],
)
def test_a_row_is_found_by_its_number_its_run_or_its_status(
    tmp_path: Path, question: str, rows: list[int]
) -> None:
    """In the words of the sheet: what is in flight is `running`, what waits is `pending`."""
    with a_ledger(tmp_path, *"abcdef") as ledger, looked_on(tmp_path) as looking:
        _in_every_state(ledger)
        answer = search(looking, question, 0)
        assert [hit.row for hit in answer.hits] == rows
        assert not answer.has_more


@pytest.mark.parametrize(
    ("question", "remark"),
    [
        ("", "Type a row's number"),
        ("99", "it may be skipped, blank, one that can't be sent"),
        ("9" * 30, "it may be skipped, blank, one that can't be sent"),
        ("skipped", "does not keep them"),
        ("nonsense' OR 1=1", "No run's id begins so"),
    ],
)
def test_where_nothing_is_found_it_is_said_why(tmp_path: Path, question: str, remark: str) -> None:
    """An empty list would leave a person to guess."""
    with a_ledger(tmp_path, *"abcdef") as ledger, looked_on(tmp_path) as looking:
        _in_every_state(ledger)
        answer = search(looking, question, 0)
        assert answer.hits == ()
        assert answer.remark is not None
        assert remark in answer.remark


def test_rows_that_can_not_be_sent_are_said_to_be_missing(tmp_path: Path) -> None:
    """They count as failed, and the ledger has no more of them than how many they are."""
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        ledger.enrol(some_rows("a", faulty=3), SOURCE, SERVICE, WORKFLOW, NOON)
        assert search(looking, "failed", 0).remark == (
            "3 more can't be sent: pipeline check names their cells."
        )
        assert search(looking, "complete", 0).remark is None


def test_a_status_is_paged_through_without_a_gap(tmp_path: Path) -> None:
    """However many rows have it, each is shown once, in the sheet's order."""
    with a_ledger(tmp_path, *map(str, range(2 * MOST + 1))), looked_on(tmp_path) as looking:
        seen: list[int] = []
        has_more = True
        while has_more:
            answer = search(looking, str(Status.PENDING), seen[-1] if seen else 0)
            has_more = answer.has_more
            assert len(answer.hits) <= MOST
            seen += [hit.row for hit in answer.hits]
        assert seen == list(range(2, 2 * MOST + 3))


def test_too_many_runs_of_one_beginning_are_said_to_be_more(tmp_path: Path) -> None:
    """A person types more of the id."""
    with a_ledger(tmp_path, *map(str, range(MOST + 1))) as ledger, looked_on(tmp_path) as looking:
        ledger.save([stands(n, State.COMPLETE) for n in ids_of(ledger)])
        answer = search(looking, "WRUN-", 0)
        assert len(answer.hits) == MOST
        assert answer.remark == "The first 100: type more of the id."
