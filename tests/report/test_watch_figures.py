"""The live page's figures, and the words on rows that are not complete."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline.core.model import State, Status
from pipeline.ledger.store import Ledger
from pipeline.report.live.figures import Figures, Stage, Viewer
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
from tests.report.builders import a_config


def figures(folder: Path) -> Figures:
    with looked_on(folder) as looking:
        return Viewer(a_config(folder)).figures(looking)


def test_the_figures_are_those_of_the_sheet(tmp_path: Path) -> None:
    """Rows by the words of the status column, credits against the cap, faulty rows as failed."""
    with a_ledger(tmp_path, *"abcd") as ledger:
        ledger.enrol(some_rows(*"abcd", skipped=2, faulty=3), SOURCE, SERVICE, WORKFLOW, NOON)
        a, b, c, _ = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE), stands(b, State.FAILED), stands(c, State.RUNNING)])
        shown = figures(tmp_path)
    assert shown.rows == 9
    assert {status: count for status, count in shown.counts.items() if count} == {
        Status.COMPLETE: 1,
        Status.FAILED: 4,
        Status.RUNNING: 1,
        Status.PENDING: 1,
        Status.SKIPPED: 2,
    }
    assert (shown.credits.spent, shown.credits.cap, shown.credits.open_runs) == (3, 100, 1)
    assert [(trouble.title, trouble.count) for trouble in shown.troubles] == [
        ("The row can't be sent: a cell is missing or shows an error", 3),
        ("The run failed", 1),
    ]
    assert "pipeline check batch.yaml" in shown.troubles[0].remedy
    json.dumps(asdict(shown), allow_nan=False)


def test_what_was_spent_is_shown_as_the_commands_tell_it(tmp_path: Path) -> None:
    """0.1 and 0.2 credits are 0.3, and not 0.30000000000000004."""
    with a_ledger(tmp_path, *"ab") as ledger:
        ledger.save(
            [
                stands(n, State.COMPLETE, credits=credits_)
                for n, credits_ in zip(ids_of(ledger), (0.1, 0.2), strict=True)
            ]
        )
        assert figures(tmp_path).credits.spent == 0.3


def test_rows_of_another_workflow_are_not_shown(tmp_path: Path) -> None:
    """What was done at the simulator, say, is not done at the service; it is told whose it is."""
    with a_ledger(tmp_path, "a") as ledger:
        ledger.save([stands(n, State.COMPLETE) for n in ids_of(ledger)])
        ledger.enrol(some_rows("b"), SOURCE, "simulator", WORKFLOW, NOON)
        shown = figures(tmp_path)
    told = (
        "the ledger's rows were last read for the bundled simulator, not for what the config names "
        "now"
    )
    assert (shown.stage, shown.rows, shown.credits.spent) == (Stage.RUNNING, 0, 0)
    assert shown.another == told
    assert figures(tmp_path).stage is Stage.ANOTHERS


def _planned(_: Ledger) -> None:
    pass


def _complete(ledger: Ledger) -> None:
    ledger.save([stands(n, State.COMPLETE) for n in ids_of(ledger)])


def _in_doubt(ledger: Ledger) -> None:
    ledger.save([stands(n, State.UNCONFIRMED) for n in ids_of(ledger)])


@pytest.mark.parametrize(
    ("change", "stage"),
    [(_planned, Stage.STOPPED), (_complete, Stage.ENDED), (_in_doubt, Stage.ENDED)],
)
def test_a_batch_that_nobody_works_on_has_stopped_or_ended(
    tmp_path: Path, change: Callable[[Ledger], None], stage: Stage
) -> None:
    """It is told by the rows, not by how the process went."""
    with a_ledger(tmp_path, "a", "b") as ledger:
        change(ledger)
    shown = figures(tmp_path)
    assert shown.stage is stage
    assert shown.left is None
    assert shown.process is None


def test_a_batch_that_is_held_is_running(tmp_path: Path) -> None:
    """With the process that holds it, and the time that is left."""
    with a_ledger(tmp_path, "a", "b") as ledger:
        ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
        shown = figures(tmp_path)
    assert shown.stage is Stage.RUNNING
    assert shown.process is not None
    assert shown.left is not None
    assert shown.left.shortest_seconds > 0


def test_the_figures_are_summed_up_anew_only_where_something_changed(tmp_path: Path) -> None:
    """A page that is left open costs a batch nothing."""
    viewer = Viewer(a_config(tmp_path))
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        first = viewer.figures(looking)
        assert viewer.figures(looking) is first
        ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
        assert viewer.figures(looking).counts[Status.COMPLETE] == 1


def test_a_batch_that_lets_go_is_seen_to_have_stopped(tmp_path: Path) -> None:
    """Rows that nobody watches any more are not told as if somebody did."""
    viewer = Viewer(a_config(tmp_path))
    with ExitStack() as stack:
        held = ExitStack()
        stack.enter_context(held)
        held.enter_context(a_ledger(tmp_path, "a"))
        looking = stack.enter_context(looked_on(tmp_path))
        assert viewer.figures(looking).stage is Stage.RUNNING
        held.close()
        assert viewer.figures(looking).stage is Stage.STOPPED


def test_before_there_is_a_ledger_nothing_was_started(tmp_path: Path) -> None:
    """The page may be opened first, and the batch begun later."""
    shown = Viewer(a_config(tmp_path)).nothing()
    assert shown.stage is Stage.NOTHING
    assert shown.batch == "batch"
