"""Stopped by Ctrl-C, by SIGTERM or by force: the same command goes on and pays for no row twice."""

import random
import signal
from pathlib import Path

import pytest

from tests.journeys.running import a_batch, a_simulator, pipeline, read_rows, started

ROWS = 300


@pytest.mark.parametrize(("number", "exit_"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_batch_writes_its_sheet_and_goes_on(
    tmp_path: Path, number: signal.Signals, exit_: int
) -> None:
    """Ctrl-C in the middle: 130, a sheet that says how far it is, then the rest."""
    with a_simulator("--duration", "300ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(
            tmp_path,
            60,
            workflow=workflow,
            limits={"rate": "50/s"},
            retry={"settle": "500ms"},
        )
        with started("run", config, "--json") as process:
            simulator.until(20, process)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert process.returncode == exit_, err
        assert '"exit": ' + str(exit_) in out
        statuses = {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")}
        assert "pending" in statuses
        assert statuses <= {"pending", "running", "complete"}
        assert pipeline("run", config, "--json").summary["complete"] == 60
        assert set(simulator.starts_by_company().values()) == {1}
    assert {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")} == {"complete"}


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_a_batch_killed_at_random_moments_pays_for_no_row_twice(tmp_path: Path, kills: int) -> None:
    """Whenever `kill -9`, and the same command again: every row complete, none paid for twice."""
    seed = random.randrange(10**6)  # noqa: S311  # chance, not secrecy
    chance = random.Random(seed)  # noqa: S311  # chance, not secrecy
    with a_simulator("--duration", "200ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(
            tmp_path,
            ROWS,
            workflow=workflow,
            limits={"rate": "200/s"},
            retry={"settle": "500ms"},
        )
        for kill in range(kills):
            with started("run", config) as process:
                moment = kill * ROWS // kills + chance.randrange(ROWS // kills)
                simulator.until(moment, process)
                process.kill()
        ended = pipeline("run", config, "--json")
        starts = simulator.starts_by_company()
    summary = ended.summary
    assert set(starts.values()) == {1}, seed
    assert (summary["complete"], summary["credits"], ended.exit) == (ROWS, 2 * ROWS, 0), seed
    rows = read_rows(tmp_path / "rows.done.csv")
    assert {row["Status"] for row in rows} == {"complete"}, seed
    assert all(row["Email"] for row in rows), seed


@pytest.mark.slow
def test_a_killed_fresh_round_goes_on_and_pays_each_row_once_more(tmp_path: Path) -> None:
    """`--fresh` killed in the middle: whatever is given next goes on, and sends no row twice in it.

    Nobody is asked once more either: what the round costs was agreed to.
    """
    with a_simulator("--duration", "100ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(
            tmp_path,
            60,
            workflow=workflow,
            limits={"rate": "50/s"},
            retry={"settle": "500ms"},
        )
        assert pipeline("run", config).exit == 0
        for starts, flags in ((75, ["--fresh", "--yes"]), (90, ["--fresh"]), (105, [])):
            with started("run", config, *flags) as process:
                simulator.until(starts, process)
                process.kill()
                # It was under way: an agreement that was asked for anew would have ended it.
                assert process.wait() == -signal.SIGKILL, flags
        ended = pipeline("retry", config, "--json")
        assert "An earlier `run --fresh` goes on" in ended.err
        begun = simulator.starts_by_company()
        assert set(begun.values()) == {2}
        assert ended.summary["complete"] == 60
        # The round has ended: the next call sends nothing.
        again = pipeline("run", config, "--json")
        assert again.summary["requests"]["start"] == 0
        assert sum(simulator.starts_by_company().values()) == sum(begun.values())


def test_a_second_process_is_told_who_holds_the_batch(tmp_path: Path) -> None:
    """One process at a time: the second exits 2 with the first one's id; `status` still answers."""
    # No run ends before the test does, however slowly that goes on.
    with a_simulator("--duration", "1h") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 100, workflow=workflow, limits={"rate": "20/s"})
        with started("run", config) as process:
            simulator.until(5, process)
            second = pipeline("run", config)
            status = pipeline("status", config, "--json")
            export = pipeline("export", config)
            elsewhere = pipeline("export", config, "--output", tmp_path / "so-far.csv")
            assert process.poll() is None
    assert second.exit == 2
    assert str(process.pid) in second.err
    assert len(second.err.strip().splitlines()) == 1
    assert status.exit == 0
    assert status.summary["rows"] == 100
    assert status.summary["complete"] + status.summary["running"] >= 1
    assert export.exit == 2
    assert elsewhere.exit == 0
    assert len(read_rows(tmp_path / "so-far.csv")) == 100
