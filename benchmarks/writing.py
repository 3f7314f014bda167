"""Adding columns to a large workbook: this project beside openpyxl and pandas. Prints a table.

Owns the comparison: the same workbook and the same new cells, each way in a process of its own, in
turns, and less what a process takes that only makes the cells. Says the bar beside each figure and
gives no verdict: the exit status is 0 whenever all was measured.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from measuring import Measured, measure, note

ROWS: Final = 100_000
COLUMNS: Final = 20
NEW: Final = 8
WAYS: Final = ("nothing", "pipeline", "rehearsal", "openpyxl", "pandas")
LEAST_RATIO: Final = 6
MOST_MIB: Final = 60
MIB: Final = 1024**2


def main() -> None:
    """Measure every way, round by round, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{arguments.rows} rows of {COLUMNS} columns, {NEW} new ones; load {os.getloadavg()[0]}")
    with TemporaryDirectory() as name:
        folder = Path(name)
        run("workbook", folder, arguments.rows)
        rounds = [measure_ways(folder, arguments.rows) for _ in range(arguments.rounds)]
    print_table(rounds)


def measure_ways(folder: Path, rows: int) -> Mapping[str, Measured]:
    """One process for each way."""
    return {way: run(way, folder, rows) for way in WAYS}


def run(way: str, folder: Path, rows: int) -> Measured:
    """One way in a process of its own, so that this one stays small: its peak would be theirs."""
    script = Path(__file__).with_name("writers.py")
    words = [script, way, folder / "input.xlsx", folder / "output.xlsx", rows, COLUMNS, NEW]
    measured = measure([sys.executable, *map(str, words)], folder, {"PYTHONPATH": "."})
    if measured.exit:
        sys.exit(f"{way}: {measured.stderr}")
    return measured


def print_table(rounds: list[Mapping[str, Measured]]) -> None:
    """Each way's medians over what the bare process takes, and its ratio to openpyxl's."""
    print("| way | wall s | processor s | MiB over the bare process | as fast as openpyxl |")
    print("|---|---|---|---|---|")
    for way in WAYS[1:]:
        wall = median(r[way].wall_seconds - r["nothing"].wall_seconds for r in rounds)
        cpu = median(r[way].cpu_seconds - r["nothing"].cpu_seconds for r in rounds)
        over = median(r[way].peak_bytes - r["nothing"].peak_bytes for r in rounds) / MIB
        ratio = median(_cpu_ratio(r, way) for r in rounds)
        print(f"| {way} | {wall:.1f} | {cpu:.1f} | {over:.0f} | {ratio:.1f} x |")
        if way == "pipeline":
            note("new columns, times openpyxl's speed", ratio, least=LEAST_RATIO)
            note("MiB to write them", over, most=MOST_MIB)
    print(f"The bars for `pipeline`: {LEAST_RATIO} x openpyxl's speed, {MOST_MIB} MiB over.")
    print("The ratio is of the processor's time, since other work on the machine moves the wall's.")


def _cpu_ratio(measured: Mapping[str, Measured], way: str) -> float:
    bare = measured["nothing"].cpu_seconds
    return (measured["openpyxl"].cpu_seconds - bare) / (measured[way].cpu_seconds - bare)


if __name__ == "__main__":
    main()
