"""Fifty times `kill -9` in one batch, over real sockets and a service that fails.

The program and a bare script that resumes from its own results do the same sheet against the same
faults, each against a simulator of its own, and are killed at the same random moments. Prints what
each paid for, by the service's own count. Exit 1 where the program paid twice or lost a row.
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from measuring import REPOSITORY, Simulator, a_simulator

FAULTS: Final = {
    "lost_reply": 0.01,
    "lost_request": 0.01,
    "late_start": 0.01,
    "server_error_after": 0.01,
    "too_many": 0.02,
    "garbled": 0.02,
    "not_found_at_first": 0.05,
}
CONFIG: Final = {
    "input": {"path": "rows.csv"},
    "output": {"path": "done.csv"},
    "variables": {"Company": "Company"},
    "outputs": {"Email": "Generated email"},
    "limits": {"rate": "400/s", "max_in_flight": 100},
    "polling": {"rate": "2000/s", "first": "50ms", "max": "500ms"},
    # The service begins a late start after a second.
    "retry": {"settle": "3s"},
}
LONGEST_SECONDS: Final = 120
"""A process that does not get on for so long is a fault of this benchmark."""
MOST_CALLS: Final = 20


@dataclass(frozen=True, slots=True)
class Paid:
    """What one of the two paid for, by the service's own count."""

    runs: int
    twice: int
    """Rows that were paid for more than once."""
    lacking: int
    """Rows that have no result of their own in the sheet."""
    kills: int
    seconds: float


def main() -> int:
    """Do both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311  # chance
    arguments = parser.parse_args()
    results = {}
    for name, arrange in (("pipeline run", program), ("bare resume", bare)):
        with (
            TemporaryDirectory() as folder,
            a_simulator(duration="300ms", faults=FAULTS) as service,
        ):
            write_rows(Path(folder) / "rows.csv", arguments.rows)
            command = arrange(Path(folder), service)
            moments = moments_of(arguments.seed, arguments.rows, arguments.kills)
            results[name] = killed(command, Path(folder), service, moments)
    print(f"{arguments.rows} rows, {arguments.kills} kills, seed {arguments.seed}")
    print(
        f"{'':14}{'runs paid':>10}{'rows twice':>12}{'rows lacking':>14}{'kills':>7}{'seconds':>9}"
    )
    for name, paid in results.items():
        print(
            f"{name:14}{paid.runs:>10}{paid.twice:>12}{paid.lacking:>14}{paid.kills:>7}"
            f"{paid.seconds:>9.1f}"
        )
    ours = results["pipeline run"]
    return 1 if ours.twice or ours.lacking or ours.runs != arguments.rows else 0


def write_rows(path: Path, count: int) -> None:
    """A sheet of so many companies."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["Company"], *([f"Company {n}"] for n in range(count))])


def program(folder: Path, service: Simulator) -> Sequence[str]:
    """The program's command."""
    workflow = {"id": "WCFG-1", "base_url": service.base_url}
    (folder / "batch.yaml").write_text(json.dumps({**CONFIG, "workflow": workflow}))
    return [sys.executable, "-m", "pipeline", "run", str(folder / "batch.yaml"), "--json"]


def bare(folder: Path, service: Simulator) -> Sequence[str]:
    """The bare script's command."""
    script = REPOSITORY / "benchmarks" / "bare_resume.py"
    return [
        sys.executable,
        str(script),
        service.base_url,
        str(folder / "rows.csv"),
        str(folder / "done.csv"),
    ]


def moments_of(seed: int, rows: int, kills: int) -> list[int]:
    """How many rows were paid for when the process is killed, one moment in each slice of them."""
    chance = random.Random(seed)  # noqa: S311  # chance, not secrecy
    slice_ = rows / kills
    return [int(slice_ * (kill + chance.random())) for kill in range(kills)]


def killed(
    command: Sequence[str], folder: Path, service: Simulator, moments: Sequence[int]
) -> Paid:
    """Start it, kill it once so many rows were paid for, and again; then let it come to its end."""
    began_at = time.monotonic()
    kills = 0
    for moment in moments:
        process = started(command)
        deadline = time.monotonic() + LONGEST_SECONDS
        while service.count()["accepted"] < moment and process.poll() is None:
            assert time.monotonic() < deadline, "it does not get on"
            time.sleep(0.005)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    # A service that was silent for too long stops a call: it is given again, as a person would.
    for _ in range(MOST_CALLS):
        if started(command).wait(timeout=LONGEST_SECONDS) == 0:
            break
    begun = Counter(run["startVariables"]["Company"] for run in service.runs())
    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:
        companies = {line[0] for line in csv.reader(file)} - {"Company"}
    with (folder / "done.csv").open(newline="", encoding="utf-8") as file:
        # Every output of the simulator names the company that it was made for.
        right = {line[0] for line in csv.reader(file) if line and line[0] in "".join(line[1:])}
    return Paid(
        runs=sum(begun.values()),
        twice=sum(times > 1 for times in begun.values()),
        lacking=len(companies - right),
        kills=kills,
        seconds=time.monotonic() - began_at,
    )


def started(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """The process, with nothing on the terminal."""
    environment: dict[str, Any] = {**os.environ, "COPY_AI_API_KEY": "any"}
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    sys.exit(main())
