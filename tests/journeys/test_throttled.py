"""A service that says 429: it is heeded, and no row is failed, doubted or paid twice for it."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.journeys.running import a_batch, a_simulator, pipeline, read_rows, started

SHARE = 0.2
SEED_OF_A_STORM = 14773
"""The first two starts fall under the share; the eleven after them, and ten runs' looks, do not."""


@pytest.mark.slow
def test_a_storm_of_429_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """Every start is refused for two seconds: then all rows complete, each started once."""
    storm = {"seed": SEED_OF_A_STORM, "duration": "0s", "faults": {"too_many": SHARE}}
    config = a_batch(tmp_path, 10, simulator=storm, limits={"rate": "20/s"})
    ended = pipeline("run", config, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["complete"] == 10
    # While it is refused the batch asks with one row at a time, and as late as it was told.
    assert ended.summary["requests"]["start"] == 12
    assert ended.summary["seconds"] >= 2
    with a_simulator("--state", str(tmp_path / "batch.ledger.simulator")) as simulator:
        assert simulator.count()["refused"] == 2
        assert set(simulator.starts_by_company().values()) == {1}
    assert {row["Error"] for row in read_rows(tmp_path / "rows.done.csv")} == {""}


def test_a_service_that_only_says_429_is_left_without_a_doubt(tmp_path: Path) -> None:
    """Ctrl-C at a closed door: every row is pending, none is held; once it opens, all complete."""
    config = a_batch(tmp_path, 5, simulator={"duration": "0s", "faults": {"too_many": 1}})
    state = tmp_path / "batch.ledger.simulator"
    with started("run", config, "--json") as process:
        until_refused(state)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert json.loads(out)["pending"] == 5
    config.write_text(config.read_text("utf-8").replace('"too_many": 1', '"too_many": 0'), "utf-8")
    ended = pipeline("run", config, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == ended.summary["complete"] == 5


def until_refused(state: Path) -> None:
    """Look until the simulator has kept that it refused a start."""
    deadline = time.monotonic() + 30
    while not (state.exists() and b"refused_start" in state.read_bytes()):
        assert time.monotonic() < deadline, "no start was refused"
