"""How long a workbook of 100,000 x 20 takes to read, beside calamine alone, and in what memory.

`python benchmarks/reading.py` prints the table. Times are of the processor, the best of several,
each run in a process of its own, so that nothing is left over from the one before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from measuring import note
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from pipeline.sheets import Source, read

ROWS, COLUMNS, RUNS = 100_000, 20, 3

CASES = {
    "calamine alone, rows let go": None,
    "no column mapped": (),
    "2 text columns mapped": ("C0", "C5"),
    "1 number with a format": ("C0", "C2"),
    "2 numbers and a date with formats": ("C0", "C2", "C3", "C4"),
    "8 columns, 5 with formats": ("C0", "C1", "C2", "C3", "C4", "C5", "C7", "C8"),
}
MOST_TIMES = {
    "2 text columns mapped": 1.5,
    "8 columns, 5 with formats": 3.5,
}
"""How many times calamine's own time a reading may take: formats are read from the part itself."""


def main() -> None:
    """Make the workbook, then measure each case, each time in a new process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case")
    parser.add_argument("--path", type=Path)
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_args()
    if arguments.make:
        make_workbook(arguments.path)
    elif arguments.case:
        print(json.dumps(measured(arguments.path, CASES[arguments.case])))
    else:
        print_table()


def print_table() -> None:
    """Each case in the best time and the most memory of its runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.xlsx"
        # Not in this process: a child's peak of memory is never told below its parent's.
        in_new_process("--make", "--path", str(path))
        base = None
        for case in CASES:
            told = [in_new_process("--case", case, "--path", str(path)) for _ in range(RUNS)]
            runs = [json.loads(one) for one in told]
            seconds = min(run[0] for run in runs)
            base = base or seconds
            mebibytes = max(run[1] for run in runs)
            if case in MOST_TIMES:
                note(f"reading, times calamine: {case}", seconds / base, most=MOST_TIMES[case])
            print(f"{case:36} {seconds:6.2f} s {seconds / base:5.2f} x {mebibytes:6.0f} MiB")


def in_new_process(*arguments: str) -> str:
    """What this script prints for these arguments."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measured(path: Path, mapped: Sequence[str] | None) -> tuple[float, float]:
    """One reading, by calamine alone where no columns are given."""
    read(Source(a_small_workbook(path.parent), None, 1))  # So that nothing is imported on the way.
    before = psutil.Process().memory_info().rss
    begun = time.process_time()
    if mapped is None:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        for _ in sheet.iter_rows():
            pass
    else:
        read(Source(path, None, 1, mapped=frozenset(mapped)))
    seconds = time.process_time() - begun
    return seconds, (peak_bytes() - before) / 2**20


def peak_bytes() -> int:
    """The most memory that this process ever held."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 - there is none on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def make_workbook(path: Path) -> None:
    """Texts, numbers and dates, of which the numbers and the dates have formats."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.append([f"C{index}" for index in range(COLUMNS)])
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - a spreadsheet knows no zones
    for row in range(ROWS):
        sheet.append(
            [
                (
                    f"text {row} {index}",
                    f"kind {row % 50}",
                    row * 1.25,
                    row,
                    start + timedelta(row),
                )[index % 5]
                for index in range(COLUMNS)
            ]
        )
    for line in sheet.iter_rows(min_row=2):
        for cell in line[2::5]:
            cell.number_format = "#,##0.00"
        for cell in line[3::5]:
            cell.number_format = "00000"
    workbook.save(path)


def a_small_workbook(folder: Path) -> Path:
    """One row, so that all that a reading needs is imported."""
    path = folder / "small.xlsx"
    if not path.exists():
        workbook = Workbook()
        workbook.active.append(["Name"])
        workbook.active.append(["Ada"])
        workbook.save(path)
    return path


if __name__ == "__main__":
    main()
