"""Reading and writing a large CSV file, beside Python's own `csv` copying it. Prints a table.

Owns the comparison: the same file, a process of its own for each task, taken in turns. Says the bar
beside each figure and gives no verdict: the exit status is 0 whenever all was measured.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import psutil
from measuring import measure

from pipeline.sheets import Source, read, write

ROWS: Final = 1_000_000
ROUNDS: Final = 3
MOST_TIMES_A_COPY: Final = 3
NEW_COLUMNS: Final = ("Email", "Status")
NEW_CELLS: Final = ("Dear Sir or Madam, this is the letter that was asked for.", "complete")
Work: TypeAlias = Callable[[], object]
HEADER: Final = (
    *("Lead ID", "Company", "City", "Employees", "Revenue"),
    *("Note", "Website", "Contact", "Signed on", "Ready"),
)
MIB: Final = 1024 * 1024


def make(path: Path, rows: int) -> None:
    """A file of 10 columns: numbers, umlauts, a blank cell, a quoted text in every fifth row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            note = "prefers letters, not calls" if n % 5 == 0 else "prefers calls"
            writer.writerow(
                [
                    *(f"L-{n:07}", f"Möhring & Söhne {n % 997}", "Görlitz", n % 5000, n * 1.25),
                    *(note, f"https://www.example.org/{n}", "", "2025-06-02", "yes"),
                ]
            )


def copy_by_csv(source: Path, target: Path, _: int) -> Work:
    """What the others are measured by."""

    def copy() -> None:
        with (
            source.open(encoding="utf-8", newline="") as file,
            target.open("w", encoding="utf-8", newline="") as into,
        ):
            csv.writer(into).writerows(csv.reader(file))

    return copy


def read_by_us(source: Path, _: Path, __: int) -> Work:
    """All rows of the sheet, one after another: the file is looked through, then cut into them."""
    return lambda: sum(1 for _ in read(Source(source, None, 1)).rows)


def write_by_us(source: Path, target: Path, rows: int) -> Work:
    """The copy with new columns, whose cells are there before."""
    cells = dict.fromkeys(range(2, rows + 2), NEW_CELLS)
    return lambda: write(Source(source, None, 1), target, NEW_COLUMNS, cells)


TASKS: Final[Mapping[str, Callable[[Path, Path, int], Work]]] = {
    "copy": copy_by_csv,
    "read": read_by_us,
    "write": write_by_us,
}


def one_task(task: str, source: Path, target: Path, rows: int) -> None:
    """Do it in this process; tells on stdout how long it took, and what it held before or after."""
    work = TASKS[task](source, target, rows)
    before = psutil.Process().memory_info().rss
    began_at, cpu_began_at = time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu_seconds = time.perf_counter() - began_at, time.process_time() - cpu_began_at
    held = max(before, psutil.Process().memory_info().rss) / MIB
    assert not isinstance(result, int) or result == rows, "all rows are read"
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "held": held}))


def measured(task: str, source: Path, rows: int, folder: Path) -> dict[str, float]:
    """A task in a process of its own: its seconds by two watches, its peak and resident MiB."""
    program = [sys.executable, str(Path(__file__).resolve())]
    target = folder / f"{task}.out.csv"
    process = measure(
        [*program, "--task", task, "--rows", str(rows), str(source), str(target)], folder, {}
    )
    assert process.exit == 0, process.stderr
    told: dict[str, float] = json.loads(process.stdout)
    return {**told, "peak": process.peak_bytes / MIB}


def compare(rows: int, rounds: int) -> None:
    """Print the table, for this many rows and for a tenth of them."""
    with TemporaryDirectory(prefix="csv-copy-") as name:
        folder = Path(name)
        for count in (rows // 10, rows):
            source = folder / f"{count}.csv"
            make(source, count)
            turns = [
                {task: measured(task, source, count, folder) for task in TASKS}
                for _ in range(rounds)
            ]
            print(
                f"\n{count:,} rows of {len(HEADER)} columns, {source.stat().st_size / MIB:.0f} MiB"
            )
            tell(turns)


def tell(turns: Sequence[Mapping[str, Mapping[str, float]]]) -> None:
    """A line for each figure: least, median and greatest of the rounds."""
    for task in TASKS:
        _line(f"{task}, seconds", [turn[task]["seconds"] for turn in turns])
    for watch, name in (("seconds", "time"), ("cpu_seconds", "processor's time")):
        for label, tasks in (("read", ["read"]), ("write", ["write"]), ("both", ["read", "write"])):
            ratios = [sum(turn[t][watch] for t in tasks) / turn["copy"][watch] for turn in turns]
            _line(f"{label}, times a copy's {name} (bar: {MOST_TIMES_A_COPY})", ratios)
    for task in TASKS:
        _line(f"{task}, peak MiB", [turn[task]["peak"] for turn in turns])
    for task, what in (("read", "what was there before"), ("write", "the new cells themselves")):
        beyond = [turn[task]["peak"] - turn[task]["held"] for turn in turns]
        _line(f"{task}, peak MiB beyond {what}", beyond)


def _line(label: str, figures: Sequence[float]) -> None:
    spread = f"{min(figures):8.2f} / {median(figures):.2f} / {max(figures):.2f}"
    print(f"  {label:50} {spread}")


def main() -> None:
    """Compare, or do one task of the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task is None:
        compare(arguments.rows, arguments.rounds)
    else:
        one_task(arguments.task, *arguments.paths, arguments.rows)


if __name__ == "__main__":
    main()
