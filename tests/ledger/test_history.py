"""What is read of the past: by a report of the sheet's rows alone, by the live page of all."""

from pathlib import Path

from msgspec.structs import replace

from pipeline.core.model import FailureClass, RunId, State
from pipeline.ledger.history import BegunRun, Span, TroubledRow
from pipeline.ledger.opening import join_ledger, open_ledger
from tests.core.builders import NOON
from tests.journeys.running import a_batch, pipeline, write_rows
from tests.ledger.builders import a_ledger, ids_of, stands


def test_a_report_sees_one_moment_of_a_batch_that_goes_on(tmp_path: Path) -> None:
    """Its totals and its plots never tell of two batches."""
    config = a_batch(tmp_path, 4)
    pipeline("run", config, "--limit", "2")
    path = tmp_path / "batch.ledger"
    with open_ledger(path) as writing, join_ledger(path) as reading:
        assert reading is not None
        with reading.history.at_one_moment():
            before = reading.tally()
            first, *_ = writing.entries(State.COMPLETE)
            assert first.attempt is not None
            failed = replace(first.attempt, state=State.FAILED)
            writing.save([replace(first, state=State.FAILED, attempt=failed)])
            assert reading.tally() == before
            assert len(list(reading.history.troubled_rows())) == 0
        assert len(list(reading.history.troubled_rows())) == 1


def test_a_row_in_trouble_is_told_with_all_that_helps(tmp_path: Path) -> None:
    """Its number, how it stands, its run, what it cost and why, in the sheet's order."""
    with a_ledger(tmp_path, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        ledger.save([stands(d, State.EXPIRED), stands(a, State.FAILED, credits=None)])
        ledger.save([stands(b, State.COMPLETE), stands(c, State.UNCONFIRMED)])
        assert list(ledger.history.troubled_rows()) == [
            TroubledRow(
                2,
                State.FAILED,
                FailureClass.PROVIDER,
                RunId(f"WRUN-{a}"),
                1,
                None,
                "The run failed: no such company",
            ),
            TroubledRow(4, State.UNCONFIRMED, None, None, 1, None, "It is not known"),
            TroubledRow(
                5, State.EXPIRED, None, RunId(f"WRUN-{d}"), 1, None, "The run had not ended"
            ),
        ]


def test_every_run_is_told_from_its_start_to_its_end(tmp_path: Path) -> None:
    """One that was not seen to end has none, as one that was given up."""
    with a_ledger(tmp_path, *"abc") as ledger:
        a, b, c = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE), stands(b, State.RUNNING), stands(c, State.EXPIRED)])
        runs = sorted(ledger.history.runs(), key=lambda run: run.ended_at or 0.0)
        assert runs == [
            BegunRun(NOON + 1, None),
            BegunRun(NOON + 1, None),
            BegunRun(NOON + 1, NOON + 9),
        ]


def test_rows_that_left_the_sheet_are_left_out(tmp_path: Path) -> None:
    """The figures are those of the sheet's rows, as `status` tells them."""
    config = a_batch(tmp_path, 5, simulator={"duration": "0s", "credits": 3, "fail": 0})
    pipeline("run", config)
    write_rows(tmp_path / "rows.csv", [["Company 0", 0], ["Company 3", 3]], ["Company", "Nr"])
    pipeline("run", config)
    with join_ledger(tmp_path / "batch.ledger") as ledger:
        assert ledger is not None
        assert len(list(ledger.history.runs())) == 2
        assert ledger.history.row_credits() == [3, 3]
        assert all(run.ended_at is not None for run in ledger.history.runs())


def test_starts_and_ends_fall_into_their_steps(tmp_path: Path) -> None:
    """Ends that are complete and others are told apart; a refused start is neither."""
    with a_ledger(tmp_path, *"abcde") as ledger:
        assert ledger.history.span() is None
        a, b, c, d, e = ids_of(ledger)
        ledger.save(
            [
                stands(a, State.COMPLETE, started_at=NOON, ended_at=NOON + 9),
                stands(b, State.COMPLETE, started_at=NOON + 4.9, ended_at=NOON + 10),
                stands(c, State.FAILED, started_at=NOON + 5, ended_at=NOON + 14.9),
                stands(d, State.RUNNING, started_at=NOON + 30),
                stands(e, State.FAILED, started_at=None, ended_at=NOON + 1, run_id=None),
            ]
        )
        assert ledger.history.span() == Span(NOON, NOON + 30)
        line = ledger.history.timeline(NOON, 5.0, 4)
        assert line.starts == [2, 1, 0, 0]
        assert line.complete == [0, 1, 1, 0]
        assert line.others == [0, 0, 1, 0]
        assert ledger.history.timeline(NOON + 5, 5.0, 2).starts == [1, 0]


def test_only_runs_that_ended_tell_how_long_a_run_takes(tmp_path: Path) -> None:
    """The newest come first, and a clock that was set back tells nothing."""
    with a_ledger(tmp_path, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE, started_at=NOON, ended_at=NOON + 7)])
        ledger.save([stands(b, State.FAILED, started_at=NOON, ended_at=NOON + 3)])
        ledger.save([stands(c, State.EXPIRED, started_at=NOON, ended_at=NOON + 3600)])
        ledger.save([stands(d, State.COMPLETE, started_at=NOON, ended_at=NOON - 50)])
        assert ledger.history.durations(10) == [3, 7]
        assert ledger.history.durations(1) == [3]
