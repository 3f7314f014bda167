"""What a large CSV file costs: memory, and time beside Python's own `csv` copying it. A table.

Owns the comparison: the same file of 10 columns, each way in a process of its own, whose memory
and processor's time the kernel tells. Says the bar beside each figure and gives no verdict: the
exit status is 0 whenever all was measured.
"""

import argparse
import asyncio
import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final, Self

import psutil
import pygal
from aiohttp import web
from csv_copy import MIB, make
from measuring import REPOSITORY, Measured, a_simulator, measure, note

SIZES: Final = (10_000, 100_000, 1_000_000)
RUN_UP_TO: Final = 100_000
"""So many rows are run at the simulator, unless the command line says more: it takes a while."""
ROUNDS: Final = 5
"""Of copy and start, where these take no minutes."""
MOST_TIMES_A_COPY: Final = 7
MOST_MIB: Final = 400
MOST_GROWTH: Final = 1.15
"""How much dearer a row may be than a row of the smallest file."""
BARS_OF_TIME: Final = {
    ("start", 100_000): MOST_TIMES_A_COPY,
    ("resume, sheet there", 1_000_000): MOST_TIMES_A_COPY,
}
PLOT: Final = Path(__file__).with_name("size.svg")
CONFIG: Final = {
    "input": {"path": "rows.csv"},
    "output": {"path": "done.csv"},
    "variables": {name: name for name in ("Company", "City", "Website", "Note")},
    "outputs": {"Email": "Generated email"},
    # Paces that are never reached: what is measured is the program, not its patience.
    "limits": {"rate": "100000/s", "burst": 1, "max_in_flight": 500},
    "polling": {"rate": "100000/s", "first": "10ms", "max": "1s"},
}
ALL_COMPLETE: Final = """
DELETE FROM attempt;
INSERT INTO attempt (entry_id, number, state, round_id, token, intended_at, started_at, ended_at,
                     run_id, credits, outputs)
SELECT id, 1, 'complete', 0, 'token-' || id, 1790000000, 1790000001, 1790000009, 'WRUN-' || id, 2,
       '{"Generated email":"Dear Sir or Madam, this is the letter that was asked for."}'
FROM entry;
UPDATE entry SET state = 'complete', attempts = 1;
"""
"""A batch of this size takes an hour at a real service: its end is written by hand."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way took, by the processor, and the most that it held."""

    seconds: float
    mebibytes: float


def copied(folder: Path) -> float:
    """The processor's seconds that Python's own `csv` takes, without the interpreter's start."""
    script = str(Path(__file__).with_name("csv_copy.py"))
    paths = [str(folder / "rows.csv"), str(folder / "copy.csv")]
    told = measure([sys.executable, script, "--task", "copy", *paths], folder, {})
    assert told.exit == 0, told.stderr
    return float(json.loads(told.stdout)["cpu_seconds"])


def started(folder: Path) -> Cost:
    """From the process's start until its first request is here; then it is killed."""
    with _Doorbell() as bell:
        command = _command(folder, bell.base_url)
        with subprocess.Popen(
            command, cwd=REPOSITORY, env=_environment(), stderr=subprocess.DEVNULL
        ) as process:
            bell.wait()
            known = psutil.Process(process.pid)
            times, memory = known.cpu_times(), known.memory_info()
            process.send_signal(signal.SIGKILL)
    return Cost(times.user + times.system, memory.rss / MIB)


def resumed(folder: Path, base_url: str) -> Cost:
    """One more call over a batch of which every row is complete."""
    return _cost(measure(_command(folder, base_url), folder, {"COPY_AI_API_KEY": "any"}))


def run(folder: Path) -> Cost:
    """The whole, from the first byte to the output in place, at a simulator without latency."""
    with a_simulator() as simulator:
        command = _command(folder, simulator.base_url)
        return _cost(measure(command, folder, {"COPY_AI_API_KEY": "any"}))


def _cost(process: Measured) -> Cost:
    assert process.exit == 0, process.stderr
    return Cost(process.cpu_seconds, process.peak_bytes / MIB)


def _environment() -> Mapping[str, str]:
    return {**os.environ, "COPY_AI_API_KEY": "any"}


def _command(folder: Path, base_url: str) -> Sequence[str]:
    config = folder / "batch.yaml"
    workflow = {"id": "WCFG-1", "base_url": base_url}
    config.write_text(json.dumps({**CONFIG, "workflow": workflow}), encoding="utf-8")
    return [sys.executable, "-m", "pipeline", "run", str(config), "--json", "--yes"]


class _Doorbell:
    """A service that answers nothing: it waits for the first request."""

    def __enter__(self) -> Self:
        self._rung = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._open())
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    async def _open(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{any:.*}", self._answer)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        (_, port) = self._runner.addresses[0]
        self.base_url = f"http://127.0.0.1:{port}/api"

    async def _answer(self, _: web.Request) -> web.Response:
        self._rung.set()
        return web.Response(status=503)

    def wait(self) -> None:
        """Until somebody asked."""
        asyncio.run_coroutine_threadsafe(self._rung.wait(), self._loop).result(600)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def costs_of(rows: int, runs_up_to: int) -> dict[str, Cost]:
    """Each way over a file of so many rows; a copy first."""
    with TemporaryDirectory(prefix="size-") as name:
        folder = Path(name)
        make(folder / "rows.csv", rows)
        costs = copied_and_started(folder, ROUNDS if rows <= RUN_UP_TO else 1)
        ledger = folder / "batch.ledger"
        with _Doorbell() as bell:
            _complete(ledger, folder, bell.base_url)
            costs["resume, sheet written"] = resumed(folder, bell.base_url)
            _check(folder / "done.csv", rows)
            costs["resume, sheet there"] = resumed(folder, bell.base_url)
        if rows <= runs_up_to:
            for left in (*folder.glob("batch.ledger*"), folder / "done.csv"):
                left.unlink()
            costs["run"] = run(folder)
            _check(folder / "done.csv", rows)
        return costs


def copied_and_started(folder: Path, rounds: int) -> dict[str, Cost]:
    """Both in turns; of each the round between the others, since such a machine is noisy."""
    copies, starts = [], []
    for _ in range(rounds):
        for left in folder.glob("batch.ledger*"):
            left.unlink()
        copies.append(Cost(copied(folder), 0))
        starts.append(started(folder))
    return {way: _median(costs) for way, costs in (("copy by csv", copies), ("start", starts))}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(c.seconds for c in costs), max(c.mebibytes for c in costs))


def _complete(ledger: Path, folder: Path, base_url: str) -> None:
    """The batch as it stands when every row has ended, under this address of the service."""
    for left in folder.glob("batch.ledger*"):
        left.unlink()
    with subprocess.Popen(
        _command(folder, base_url), cwd=REPOSITORY, env=_environment(), stderr=subprocess.DEVNULL
    ) as process:
        pass
    connection = sqlite3.connect(ledger)
    connection.executescript(ALL_COMPLETE)
    connection.close()
    (folder / "done.csv").unlink(missing_ok=True)
    assert process.returncode, "a service that answers nothing ends no batch"


def _check(target: Path, rows: int) -> None:
    """Every row of the output is complete."""
    with target.open(encoding="utf-8", newline="") as file:
        assert sum(row["Status"] == "complete" for row in csv.DictReader(file)) == rows


def tell(found: Mapping[int, Mapping[str, Cost]]) -> None:
    """A line for each way and size."""
    print(f"{'rows':>9}  {'way':22} {'cpu s':>8} {'x copy':>7} {'MiB':>6} {'µs a row':>9}")
    for rows, costs in found.items():
        copy = costs["copy by csv"].seconds
        for way, cost in costs.items():
            times = f"{cost.seconds / copy:7.1f}"
            each = cost.seconds / rows * 1e6
            memory = f"{cost.mebibytes:6.0f}" if cost.mebibytes else f"{'':6}"
            print(f"{rows:>9,}  {way:22} {cost.seconds:8.2f} {times} {memory} {each:9.1f}")
            if bar := BARS_OF_TIME.get((way, rows)):
                note(f"{way}, {rows:,} rows, times a csv copy", cost.seconds / copy, most=bar)
        least = min(found)
        if rows > least and "run" in costs and "run" in found[least]:
            growth = (costs["run"].seconds / rows) / (found[least]["run"].seconds / least)
            note(f"a row of {rows:,}, times one of {least:,}", growth, most=MOST_GROWTH)
        peak = max(cost.mebibytes for cost in costs.values())
        note(f"peak MiB at {rows:,} rows", peak, most=MOST_MIB)
    print(
        f"bars: start at 100,000 and each resume at most {MOST_TIMES_A_COPY} x copy; "
        f"at most {MOST_MIB} MiB; a row at most {MOST_GROWTH} x as dear as one of 10,000"
    )


def draw(found: Mapping[int, Mapping[str, Cost]]) -> None:
    """The growth as a picture beside this file."""
    chart = pygal.XY(
        title="Peak memory and processor's time by the rows of a CSV file",
        x_title="rows",
        y_title="MiB; dashed, on the right: seconds",
        # It stands on a page that must fetch nothing.
        js=(),
        range=(0, MOST_MIB),
        xrange=(0, max(found)),
    )
    for way in ("start", "resume, sheet written", "run"):
        points = [(rows, costs[way].mebibytes) for rows, costs in found.items() if way in costs]
        chart.add(way, points)
        seconds = [(rows, costs[way].seconds) for rows, costs in found.items() if way in costs]
        chart.add(f"{way}, s", seconds, secondary=True, stroke_style={"dasharray": "6, 4"})
    PLOT.write_bytes(chart.render())


def main() -> None:
    """Measure each size, print the table, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--run-up-to", type=int, default=RUN_UP_TO)
    parser.add_argument("--draw", action="store_true", help=f"write {PLOT.name} anew")
    asked = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, load before: {os.getloadavg()[0]:.1f}", flush=True)
    found = {rows: costs_of(rows, asked.run_up_to) for rows in asked.sizes}
    tell(found)
    if asked.draw:
        draw(found)


if __name__ == "__main__":
    main()
