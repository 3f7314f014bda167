"""Pilots, and paying again on purpose: what is sent, and what a person is asked before."""

import os
import pty
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.running import (
    Simulator,
    a_batch,
    a_simulator,
    command,
    environment,
    pipeline,
    read_rows,
)


def a_finished_batch(folder: Path, simulator: Simulator) -> Path:
    """Five rows, complete, at a service that is asked about like the real one."""
    config = a_batch(folder, 5, workflow={"id": "WCFG-1", "base_url": simulator.base_url})
    assert pipeline("run", config).exit == 0
    return config


def on_a_terminal(answer: str, *arguments: object) -> tuple[int, str]:
    """Run one command on a terminal where a person types this; gives the exit and what is seen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603  # our own program, no shell
        command(*arguments),
        env=environment(),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:
            pass  # Linux tells so that the other side has left.
        exit_ = process.wait(timeout=30)
    os.close(ours)
    return exit_, seen.decode(errors="replace")


def test_a_pilot_sends_so_many_rows_and_the_next_call_the_others(tmp_path: Path) -> None:
    """`--limit 3`: exit 0 once its three rows are complete; nothing is paid for twice."""
    config = a_batch(tmp_path, 10)
    pilot = pipeline("run", config, "--limit", 3, "--json")
    assert pilot.exit == 0, pilot.err
    assert pilot.summary["requests"]["start"] == 3
    rows = read_rows(tmp_path / "rows.done.csv")
    assert Counter(row["Status"] for row in rows) == {"complete": 3, "pending": 7}
    assert [row["Nr"] for row in rows if row["Status"] == "complete"] == ["0", "1", "2"]
    rest = pipeline("run", config, "--json")
    assert rest.exit == 0, rest.err
    assert rest.summary["requests"]["start"] == 7
    assert rest.summary["reused"] == 3
    assert rest.summary["credits"] == 20


def test_fresh_pays_for_every_row_once_more(tmp_path: Path) -> None:
    """`--fresh --yes`: each row a second run, whose outputs are shown and whose credits add up."""
    with a_simulator("--duration", "0s") as simulator:
        config = a_finished_batch(tmp_path, simulator)
        before = {row["Run ID"] for row in read_rows(tmp_path / "rows.done.csv")}
        fresh = pipeline("run", config, "--fresh", "--yes", "--json")
        starts = simulator.starts_by_company()
    assert fresh.exit == 0, fresh.err
    assert (fresh.summary["complete"], fresh.summary["reused"]) == (5, 0)
    assert fresh.summary["credits"] == 20
    rows = read_rows(tmp_path / "rows.done.csv")
    assert before.isdisjoint(row["Run ID"] for row in rows)
    assert {row["Credits"] for row in rows} == {"4"}
    assert set(starts.values()) == {2}


@pytest.mark.slow
def test_a_person_decides_whether_finished_rows_are_paid_for_again(tmp_path: Path) -> None:
    """Without a terminal nothing is asked and it is refused; on one, only a yes is a yes."""
    question = "5 complete rows would be paid for again (about 10 credits"
    with a_simulator("--duration", "0s") as simulator:
        config = a_finished_batch(tmp_path, simulator)
        refused = pipeline("run", config, "--fresh", "--json")
        assert (refused.exit, refused.out) == (2, "")
        (line,) = refused.err.splitlines()
        assert question in line
        assert "--yes" in line
        exit_, seen = on_a_terminal("n", "run", config, "--fresh")
        assert exit_ == 2
        assert question in seen
        assert simulator.count()["accepted"] == 5
        # Refused twice, the question left no round behind.
        assert pipeline("run", config, "--json").summary["requests"]["start"] == 0
        exit_, seen = on_a_terminal("y", "run", config, "--fresh")
        assert exit_ == 0, seen
        assert set(simulator.starts_by_company().values()) == {2}


def test_the_simulator_asks_nothing(tmp_path: Path) -> None:
    """The bundled one costs nothing, so `--fresh` goes on without `--yes`."""
    config = a_batch(tmp_path, 2)
    assert pipeline("run", config, key=None).exit == 0
    fresh = pipeline("run", config, "--fresh", "--json", key=None)
    assert fresh.exit == 0, fresh.err
    assert fresh.summary["requests"]["start"] == 2


def test_retry_sends_what_failed_and_nothing_else(tmp_path: Path) -> None:
    """Rows that failed get a new attempt, at a cost that is said; `run` alone never does that."""
    config = a_batch(tmp_path, 10, simulator={"duration": "0s", "fail": 0.5})
    assert pipeline("run", config).exit == 1
    failed = [r for r in read_rows(tmp_path / "rows.done.csv") if r["Status"] == "failed"]
    assert 0 < len(failed) < 10
    assert pipeline("run", config, "--json").summary["requests"]["start"] == 0
    config.write_text(config.read_text("utf-8").replace('"fail": 0.5', '"fail": 0'), "utf-8")
    retried = pipeline("retry", config, "--json")
    assert retried.exit == 0, retried.err
    assert (
        f"Rows that get a new attempt: {len(failed)}; about {2 * len(failed)} credits"
        in retried.err
    )
    assert retried.summary["requests"]["start"] == len(failed)
    assert retried.summary["credits"] == 20 + 2 * len(failed)
