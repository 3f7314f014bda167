"""What a person is told to do when a call has ended."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.commands.ending import going_on, tell_failures, tell_new_rows, tell_stop
from pipeline.commands.preparing import Overrides
from pipeline.core.model import FailureClass, State
from pipeline.engine.batch.stop import Stop, StopReason, too_many_failed
from pipeline.ledger.records import Tally
from tests.commands.doubting import Program
from tests.journeys.running import a_batch

INPUT, PROVIDER, GIVEN_UP = (
    FailureClass.INPUT,
    FailureClass.PROVIDER,
    FailureClass.UNCONFIRMED,
)


@pytest.fixture(autouse=True)
def _called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pipeline"])


@pytest.mark.parametrize(
    ("tally", "failed", "told"),
    [
        (Tally(rows=1, states={State.COMPLETE: 1}), {}, []),
        (
            Tally(rows=2, faulty=1, states={}),
            {},
            [("1 row can't be sent", "`pipeline check leads.yaml`")],
        ),
        (
            Tally(rows=2, states={State.FAILED: 2}),
            {PROVIDER: 1, None: 1},
            [("2 rows failed at the service", "`pipeline retry leads.yaml` pays for another")],
        ),
        (
            Tally(rows=1, states={State.FAILED: 1}),
            {PROVIDER: 1},
            [("1 row failed at the service", "pays for another attempt of it.")],
        ),
        (
            Tally(rows=1, states={State.FAILED: 1}),
            {INPUT: 1},
            [("1 row was refused by the service", "mend the cells, then give `pipeline run leads")],
        ),
        (
            Tally(rows=2, states={State.FAILED: 2}),
            {GIVEN_UP: 2},
            [("2 rows were given up by a person", "`pipeline retry leads.yaml` sends them anew")],
        ),
        (
            Tally(rows=3, states={State.EXPIRED: 3}),
            {},
            [("3 rows were not seen to end", "`pipeline run leads.yaml` looks again, free")],
        ),
        (
            Tally(rows=9, faulty=2, states={State.FAILED: 6, State.EXPIRED: 1}),
            {INPUT: 1, PROVIDER: 2, GIVEN_UP: 3},
            [
                ("2 rows can't be sent", "cost nothing"),
                ("1 row was refused", "leaves it out"),
                ("2 rows failed", "attempt of each."),
                ("3 rows were given up", "paid for twice"),
                ("1 row was", "free"),
            ],
        ),
    ],
)
def test_whoever_has_rows_that_failed_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str],
    tally: Tally,
    failed: Mapping[FailureClass | None, int],
    told: list[tuple[str, str]],
) -> None:
    """A line for each way in which rows end without being complete, and none without such rows.

    No line offers a retry to rows that a retry leaves out.
    """
    tell_failures(tally, failed, Path("leads.yaml"), Overrides())
    out, err = capsys.readouterr()
    assert out == ""
    for line, (what, remedy) in zip(err.splitlines(), told, strict=True):
        assert line.startswith(what)
        assert remedy in line


@pytest.mark.parametrize(
    ("stop", "states", "is_told"),
    [
        (None, {State.PLANNED: 1}, False),
        (too_many_failed(1), {State.FAILED: 1}, False),
        (too_many_failed(1), {State.FAILED: 1, State.PLANNED: 1}, True),
        (too_many_failed(1), {State.FAILED: 1, State.RUNNING: 1}, True),
        (Stop(StopReason.INTERRUPTED, "interrupted"), {State.COMPLETE: 1}, True),
        (Stop(StopReason.KEY_REFUSED, "the key"), {State.EXPIRED: 1}, True),
    ],
)
def test_a_stop_is_told_where_it_left_anything_undone(
    capsys: pytest.CaptureFixture[str],
    stop: Stop | None,
    states: Mapping[State, int],
    *,
    is_told: bool,
) -> None:
    """Starts that stopped when all had been sent, and seen to its end, stopped nothing."""
    tell_stop(stop, Tally(states=states), "the same command")
    assert ("Stopped early: " in capsys.readouterr().err) == is_told


@pytest.mark.parametrize(
    ("is_again", "given", "command"),
    [
        (False, None, "the same command"),
        (True, None, "`pipeline run leads.yaml`"),
        (True, Path("june.csv"), "`pipeline run leads.yaml --input june.csv`"),
    ],
)
def test_no_remedy_asks_for_finished_rows_once_more(
    capsys: pytest.CaptureFixture[str], given: Path | None, command: str, *, is_again: bool
) -> None:
    """After a `retry` it is `run` that goes on: the same command might open another round."""
    tell_stop(
        too_many_failed(1),
        Tally(states={State.PLANNED: 1}),
        going_on(Path("leads.yaml"), Overrides(given), is_again=is_again),
    )
    line = capsys.readouterr().err
    assert "reached after 1 failed row; " in line
    assert line.endswith(f"where the rows are not to blame, {command} goes on.\n")


@pytest.mark.parametrize(
    ("pending", "told"),
    [
        (1, "1 row that came into the sheet meanwhile is pending: the same command starts it."),
        (2, "2 rows that came into the sheet meanwhile are pending: the same command starts them."),
    ],
)
def test_rows_that_came_in_meanwhile_are_told(
    capsys: pytest.CaptureFixture[str], pending: int, told: str
) -> None:
    """Nothing else is left to start where a call was not stopped."""
    tally = Tally(states={State.PLANNED: pending})
    tell_new_rows(too_many_failed(1), tally, "the same command")
    tell_new_rows(None, Tally(), "the same command")
    assert capsys.readouterr().err == ""
    tell_new_rows(None, tally, "the same command")
    assert capsys.readouterr().err == f"{told}\n"


@pytest.mark.parametrize("verb", ["run", "retry"])
def test_where_all_rows_failed_nothing_stopped_early(
    tmp_path: Path, program: Program, verb: str
) -> None:
    """One row, and one failure allowed: it has ended, and only a retry would pay again."""
    config = a_batch(
        tmp_path,
        1,
        limits={"rate": "500/s", "max_failures": 1},
        simulator={"duration": "0s", "fail": 1},
    )
    ended = program("run", config)
    if verb == "retry":
        ended = program("retry", config)
    assert ended.exit == 1
    assert "Stopped early" not in ended.err
    assert "1 row failed at the service" in ended.err


def test_a_row_that_was_refused_is_not_offered_a_retry(tmp_path: Path, program: Program) -> None:
    """The retry would leave it out; the cells are to be mended."""
    config = a_batch(tmp_path, 1, simulator={"duration": "0s", "faults": {"refused": 1.0}})
    for verb in ("run", "retry"):
        ended = program(verb, config)
        assert ended.exit == 1
        assert "1 row was refused by the service" in ended.err
        assert "pays for another attempt" not in ended.err
    assert "To send it all the same, name it: --class input --rows 2\n" in ended.err
