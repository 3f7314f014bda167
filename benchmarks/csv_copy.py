"""Reading and writing a large CSV file, beside Python's own `csv` copying it. Prints a table.

Owns the comparison: the same file, a process of its own for each task, taken in turns. Says the bar
beside each figure and gives no verdict: the exit status is 0 whenever all was measured.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import psutil
from measuring import measure

from pipeline.core.model import NewCell
from pipeline.sheets import Source, read, write

ROWS: Final = 1_000_000
ROUNDS: Final = 3
MOST_TIMES_A_COPY: Final = 3
NEW_COLUMNS: Final = ("Email", "Status")
HEADER: Final = (
    *("Lead ID", "Company", "City", "Employees", "Revenue"),
    *("Note", "Website", "Contact", "Signed on", "Ready"),
)
MIB: Final = 1024 * 1024


class SameCells(Mapping[int, Sequence[NewCell]]):
    """New cells for each row, made when they are asked for, so that they take no memory."""

    def __init__(self, rows: int) -> None:
        self._numbers = range(2, rows + 2)

    def __getitem__(self, number: int) -> Sequence[NewCell]:
        if number not in self._numbers:
            raise KeyError(number)
        return f"Dear Sir or Madam, this is the letter for row {number}.", "complete"

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


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


def copy_by_csv(source: Path, target: Path, _: int) -> None:
    """What the others are measured by."""
    with (
        source.open(encoding="utf-8", newline="") as file,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        csv.writer(copy).writerows(csv.reader(file))


def read_by_us(source: Path, _: Path, rows: int) -> float:
    """Gives the resident MiB once the sheet is read: what the peak is above it was for the way."""
    sheet = read(Source(source, None, 1))
    resident = psutil.Process().memory_info().rss / MIB
    assert len(sheet.rows) == rows, "all rows are read"
    return resident


def write_by_us(source: Path, target: Path, rows: int) -> None:
    """The copy with the new columns, whose cells take no memory."""
    write(Source(source, None, 1), target, NEW_COLUMNS, SameCells(rows))


TASKS: Final[Mapping[str, Callable[[Path, Path, int], float | None]]] = {
    "copy": copy_by_csv,
    "read": read_by_us,
    "write": write_by_us,
}


def one_task(task: str, source: Path, target: Path, rows: int) -> None:
    """Do it in this process, and tell on stdout how long it took by its own watch."""
    began_at = time.perf_counter()
    resident = TASKS[task](source, target, rows)
    seconds = time.perf_counter() - began_at
    sys.stdout.write(json.dumps({"seconds": seconds, "resident": resident}))


def measured(task: str, source: Path, rows: int, folder: Path) -> dict[str, float]:
    """A task in a process of its own: its seconds, and its peak and resident MiB."""
    program = [sys.executable, str(Path(__file__).resolve())]
    target = folder / f"{task}.out.csv"
    process = measure(
        [*program, "--task", task, "--rows", str(rows), str(source), str(target)], folder, {}
    )
    assert process.exit == 0, process.stderr
    told = json.loads(process.stdout)
    peak = process.peak_bytes / MIB
    return {"seconds": told["seconds"], "peak": peak, "resident": told["resident"] or 0.0}


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
        print(f"  {task + ', seconds':42} {_spread([turn[task]['seconds'] for turn in turns])}")
    for task, tasks in (("read", ["read"]), ("write", ["write"]), ("both", ["read", "write"])):
        ratios = [
            sum(turn[t]["seconds"] for t in tasks) / turn["copy"]["seconds"] for turn in turns
        ]
        label = f"{task}, times a copy (bar: {MOST_TIMES_A_COPY})"
        print(f"  {label:42} {_spread(ratios)}")
    above = [turn["read"]["peak"] - turn["read"]["resident"] for turn in turns]
    print(f"  {'read, peak MiB beyond the sheet itself':42} {_spread(above)}")
    for task in ("read", "write", "copy"):
        print(f"  {task + ', peak MiB':42} {_spread([turn[task]['peak'] for turn in turns])}")


def _spread(figures: Sequence[float]) -> str:
    return f"{min(figures):8.2f} / {median(figures):.2f} / {max(figures):.2f}"


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
