"""The ways to add columns to a workbook that are compared, each run in a process of its own.

    python benchmarks/writers.py WAY INPUT OUTPUT ROWS COLUMNS NEW

`WAY` is one of the names below. Must not know how it is measured.
"""

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

Cells: TypeAlias = Mapping[int, tuple[str, ...]]
Write: TypeAlias = Callable[[Path, Path, list[str], Cells], None]


def make_workbook(path: Path, rows: int, columns: int) -> None:
    """A sheet of text, numbers and whole numbers, the same at every call."""
    from openpyxl import Workbook  # noqa: PLC0415 - only this way pays for it

    chance = random.Random(1)  # noqa: S311 - an example's numbers, not a secret
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Leads")
    sheet.append([f"Column {n}" for n in range(columns)])
    for row in range(rows):
        kinds = (row, f"text {row}", chance.random() * 1000, f"more text {row}")
        sheet.append([kinds[n % len(kinds)] for n in range(columns)])
    workbook.save(path)


def nothing(_: Path, __: Path, ___: list[str], ____: Cells) -> None:
    """Only what all of them need: the cells, and the imports of the first."""


def pipeline(source: Path, target: Path, columns: list[str], cells: Cells) -> None:
    """As this project writes."""
    sheets.write(sheets.Source(source, None, 1), target, columns, cells)


def rehearsal(source: Path, _: Path, columns: list[str], cells: Cells) -> None:
    """What this project does before a run, to know that it will be able to write."""
    sheets.rehearse(sheets.Source(source, None, 1), columns, cells.keys())


def openpyxl(source: Path, target: Path, columns: list[str], cells: Cells) -> None:
    """Load, set, save."""
    from openpyxl import load_workbook  # noqa: PLC0415 - only this way pays for it

    workbook = load_workbook(source)
    sheet = workbook.worksheets[0]
    end = sheet.max_column
    for place, name in enumerate(columns, end + 1):
        sheet.cell(1, place).value = name
    for row, values in cells.items():
        for place, value in enumerate(values, end + 1):
            sheet.cell(row, place).value = value
    workbook.save(target)


def pandas(source: Path, target: Path, columns: list[str], cells: Cells) -> None:
    """Read by calamine into a frame, written anew: only the values of one sheet come over."""
    from pandas import DataFrame, concat, read_excel  # noqa: PLC0415 - only this way pays for it

    frame = read_excel(source, engine="calamine")
    new = DataFrame(list(cells.values()), columns=columns)
    concat([frame, new], axis=1).to_excel(target, index=False, engine="openpyxl")


WAYS: Final[dict[str, Write]] = {
    way.__name__: way for way in (nothing, pipeline, rehearsal, openpyxl, pandas)
}

if __name__ == "__main__":
    way, source, target, rows, old, new = sys.argv[1:]
    if way == "workbook":
        make_workbook(Path(source), int(rows), int(old))
        sys.exit()
    columns = [f"New {n}" for n in range(int(new))]
    cells = {
        row: tuple(f"text {row} of {name}" for name in columns) for row in range(2, int(rows) + 2)
    }
    if way in ("nothing", "pipeline", "rehearsal"):
        from pipeline import sheets
        from pipeline.sheets.writeback import filling  # noqa: F401 - a run has it loaded by its rehearsal
    WAYS[way](Path(source), Path(target), columns, cells)
