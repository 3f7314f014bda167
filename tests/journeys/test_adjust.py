"""`pipeline adjust`: a second process changes a batch that is running, until its call ends."""

import signal
from pathlib import Path

import pytest

from tests.journeys.running import a_batch, a_simulator, pipeline, started

SLOW = {"rate": "1/min"}


def test_a_running_batch_takes_another_rate_and_a_pause(tmp_path: Path) -> None:
    """What a day would have taken ends now; the config is as it was for the next call."""
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 30, workflow=workflow, limits=SLOW)
        with started("run", config, "--json") as process:
            simulator.until(1, process)
            paused = pipeline("adjust", config, "paused=true")
            assert (paused.exit, paused.out) == (0, "")
            assert f"paused=true: the batch in process {process.pid} goes on" in paused.err
            ended = pipeline("adjust", config, "limits.rate=500/s", "paused=false")
            assert ended.exit == 0, ended.err
            out, err = process.communicate(timeout=30)
        assert process.returncode == 0, (out, err)
        assert "Adjusted until this call ends: limits.rate=500/s" in err
        assert simulator.count()["accepted"] == 30


@pytest.mark.slow
def test_a_paused_batch_says_so_and_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl-C ends it as ever: exit 130, and the rows that wait are pending."""
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 30, workflow=workflow, limits={"rate": "5/s"})
        with started("run", config) as process:
            simulator.until(1, process)
            assert pipeline("adjust", config, "paused=true").exit == 0
            assert process.stderr is not None
            while "Adjusted until this call ends: paused=true" not in process.stderr.readline():
                assert process.poll() is None, "it ended without having heeded the pause"
            assert "paused=true" in pipeline("status", config).err
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130, err
        begun = simulator.count()["accepted"]
        assert begun < 30
        assert f"{30 - begun} pending" in out
        rest = pipeline("run", config, "--json")
        assert rest.exit == 0, rest.err
        assert set(simulator.starts_by_company().values()) == {1}


def test_where_no_batch_runs_nothing_is_adjusted(tmp_path: Path) -> None:
    """Before the first call, after it, and with a bad key: exit 2, one line."""
    config = a_batch(tmp_path, 2)
    for _ in range(2):
        refused = pipeline("adjust", config, "limits.rate=5/s", key=None)
        assert (refused.exit, refused.out) == (2, "")
        (line,) = refused.err.splitlines()
        assert line.startswith("batch.yaml: no batch is running that could be adjusted; ")
        assert pipeline("run", config, key=None).exit == 0
    (line,) = pipeline("adjust", config, "limits.rat=5/s", key=None).err.splitlines()
    assert "did you mean limits.rate?" in line
