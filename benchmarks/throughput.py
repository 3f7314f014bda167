"""Rows a second and peak memory of ``pipeline run``, beside those of a bare loop. Prints a table.

Owns the comparison: the same sheet, the same service (a new simulator process each time, without
latency), the same results, taken in turns. Says the bar beside each figure and gives no verdict:
the exit status is 0 whenever all was measured.
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from measuring import Measured, Simulator, a_simulator, measure, note

ROWS: Final = 10_000
PAIRS: Final = 3
TASKS_TO_TRY: Final = (20, 50, 100, 200)
"""The bare loop is tuned first: how many tasks of it are the fastest on this machine."""
LEAST_RATIO: Final = 1.0
MOST_MIB: Final = 200
COLUMNS: Final = ("Company", "Website", "First name", "Country", "Employees")

CONFIG: Final = {
    "input": {"path": "rows.csv"},
    "output": {"path": "done.csv"},
    "variables": {column: column for column in COLUMNS},
    "outputs": {"Email": "Generated email", "Score": "analysis.score"},
    # Paces that are never reached: what is measured is the program, not its patience.
    "limits": {"rate": "100000/s", "burst": 1, "max_in_flight": 500},
    "polling": {"rate": "100000/s", "first": "10ms", "max": "1s"},
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one process did with all rows."""

    process: Measured
    rows: int
    seconds: float
    """By its own watch: from the first byte read to the output in place."""
    requests: int

    @property
    def rows_per_second(self) -> float:
        """By its own watch."""
        return self.rows / self.seconds

    @property
    def rows_per_wall_second(self) -> float:
        """By the whole process, with its start and its imports."""
        return self.rows / self.process.wall_seconds


Contender: TypeAlias = Callable[[Path, Simulator], Measured]


def main() -> None:
    """Tune, warm up, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the sheet (default {ROWS})")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"(default {PAIRS})")
    asked = parser.parse_args()
    print(
        f"{asked.rows} rows, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores (load before: {os.getloadavg()[0]:.1f})"
    )
    tasks = _tuned(asked.rows)
    bare_loop = bare_loop_of(tasks)
    result_of(program, asked.rows)  # The warm-up: files in the cache, byte code compiled.
    ours, bare = [], []
    for number in range(1, asked.pairs + 1):
        ours.append(result_of(program, asked.rows))
        bare.append(result_of(bare_loop, asked.rows))
        print(
            f"pair {number}: {ours[-1].rows_per_second:.0f} and {bare[-1].rows_per_second:.0f} "
            f"rows/s, ratio {_ratio(ours[-1], bare[-1]):.2f}",
            flush=True,
        )
    _print_table({"pipeline run": ours, f"bare loop, {tasks} tasks": bare})
    ratios = [_ratio(*pair) for pair in zip(ours, bare, strict=True)]
    peak_mib = max(result.process.peak_bytes for result in ours) / 2**20
    print(f"\nratio     {_spread(ratios, 2)}   (bar: at least {LEAST_RATIO})")
    print(f"peak MiB  {peak_mib:.0f}   (bar: under {MOST_MIB})")
    note("rows/s, times the bare loop's", median(ratios), least=LEAST_RATIO)
    note("peak MiB of that run", peak_mib, most=MOST_MIB)


def _tuned(rows: int) -> int:
    """The number of tasks with which the bare loop is the fastest."""
    rates = {t: result_of(bare_loop_of(t), rows).rows_per_second for t in TASKS_TO_TRY}
    tried = ", ".join(f"{tasks} tasks {rate:.0f}" for tasks, rate in rates.items())
    print(f"bare loop, rows/s: {tried}", flush=True)
    return max(rates, key=rates.__getitem__)


def program(folder: Path, simulator: Simulator) -> Measured:
    """`pipeline run`, with a new ledger."""
    workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
    config = folder / "batch.yaml"
    config.write_text(json.dumps({**CONFIG, "workflow": workflow}), encoding="utf-8")
    command = [sys.executable, "-m", "pipeline", "run", str(config), "--json"]
    return measure(command, folder, {"COPY_AI_API_KEY": "any"})


def bare_loop_of(tasks: int) -> Contender:
    """The bare loop, with so many tasks."""
    script = str(Path(__file__).with_name("bare_loop.py"))

    def bare_loop(folder: Path, simulator: Simulator) -> Measured:
        source, target = str(folder / "rows.csv"), str(folder / "done.csv")
        command = [sys.executable, script, simulator.base_url, source, target, str(tasks)]
        return measure(command, folder, {})

    return bare_loop


def result_of(contender: Contender, rows: int) -> Result:
    """One run over a new sheet against a new simulator, checked."""
    with TemporaryDirectory() as name, a_simulator() as simulator:
        folder = Path(name)
        _write_rows(folder / "rows.csv", rows)
        process = contender(folder, simulator)
        if process.exit:
            sys.exit(f"exit {process.exit}: {process.stderr}")
        _check(rows, simulator.count(), folder / "done.csv")
    said: dict[str, Any] = json.loads(process.stdout)
    return Result(process, rows, said["seconds"], sum(said["requests"].values()))


def _write_rows(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            company = f"Company {n} Ltd"
            writer.writerow([company, f"https://c{n}.example", f"Person {n}", "France", n % 5000])


def _check(rows: int, count: dict[str, Any], output: Path) -> None:
    """A fast run that paid twice, or put a result into another row, is no measurement."""
    if count["accepted"] != rows:
        sys.exit(f"the simulator accepted {count['accepted']} runs for {rows} rows")
    with output.open(newline="", encoding="utf-8") as file:
        good = sum(
            row["Status"] == "complete" and f" {row['Company']} " in row["Email"]
            for row in csv.DictReader(file)
        )
    if good != rows:
        sys.exit(f"the output holds {good} complete rows of {rows}")


def _ratio(ours: Result, bare: Result) -> float:
    return ours.rows_per_second / bare.rows_per_second


def _print_table(contenders: dict[str, Sequence[Result]]) -> None:
    figures: dict[str, Callable[[Result], float]] = {
        "rows/s": lambda r: r.rows_per_second,
        "rows/s of the whole process": lambda r: r.rows_per_wall_second,
        "wall seconds of the process": lambda r: r.process.wall_seconds,
        "processor ms a row": lambda r: r.process.cpu_seconds / r.rows * 1000,
        "requests a row": lambda r: r.requests / r.rows,
        "peak MiB (ru_maxrss)": lambda r: r.process.peak_bytes / 2**20,
    }
    print(f"\n{'min / median / max':<28}" + "".join(f"{name:>28}" for name in contenders))
    for figure, of in figures.items():
        cells = (_spread([of(r) for r in results]) for results in contenders.values())
        print(f"{figure:<28}" + "".join(f"{cell:>28}" for cell in cells))


def _spread(values: Sequence[float], digits: int | None = None) -> str:
    """Least, median and greatest; small numbers with two digits behind the point."""
    places = digits if digits is not None else (0 if max(values) >= 100 else 2)  # noqa: PLR2004
    return " / ".join(f"{f(values):.{places}f}" for f in (min, median, max))


if __name__ == "__main__":
    main()
