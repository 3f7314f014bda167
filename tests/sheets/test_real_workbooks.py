"""Real workbooks of other programs, read as openpyxl, a witness of its own, reads them.

They stand in the folder that the variable WORKBOOKS names, by default `../shared/workbooks` beside
the checkout; where it is not there, these tests are left out, and say so.
"""

import json
import os
import warnings
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.core.model import CellValue, Formatted, Uncalculated
from pipeline.core.rows.cells import raw_of, shown
from pipeline.sheets import Source, read

REPOSITORY: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path(os.environ.get("WORKBOOKS", REPOSITORY.parent / "shared" / "workbooks"))
MANIFEST: Final[list[dict[str, Any]]] = (
    json.loads((FOLDER / "manifest.json").read_text("utf-8")) if FOLDER.is_dir() else []
)
NOT_HERE: Final = pytest.param(
    {"file": "none"}, marks=pytest.mark.skip("left out: the folder of real workbooks is not here")
)


@pytest.mark.parametrize("book", MANIFEST or [NOT_HERE], ids=lambda book: book["file"])
def test_a_real_workbook_is_read_as_another_library_reads_it(book: dict[str, Any]) -> None:
    """Every cell of every row: texts, numbers, dates, errors, and which rows are hidden."""
    header_row = None if book["header_row"] == "none" else book["header_row"]
    path = FOLDER / book["file"]
    names = read(Source(path, book["sheet"], header_row)).columns
    assert book["column"] in names
    sheet = read(Source(path, book["sheet"], header_row, mapped=frozenset(names)))
    other = opened(path, book["sheet"])
    if other is None:
        pytest.skip("openpyxl does not read this workbook")
    for row in sheet.rows:
        assert row.is_hidden == bool(other.row_dimensions[row.number].hidden)
        for column, value in enumerate(row.values, 1):
            expected = other.cell(row.number, column).value
            assert agree(value, expected), (row.number, column, value, expected)


def opened(path: Path, sheet: str) -> Worksheet | None:
    """The sheet as openpyxl sees it, with the values of formulas."""
    with warnings.catch_warnings(action="ignore"):
        try:
            found = load_workbook(path, data_only=True)[sheet]
        except (KeyError, TypeError, ValueError):
            return None
    assert isinstance(found, Worksheet)
    return found


def agree(value: CellValue, expected: object) -> bool:
    """Whether two libraries mean the same cell."""
    meant = value.look.means(value.stored) if isinstance(value, Formatted) else value
    match expected:
        case None:
            return meant in {None, ""} or isinstance(value, Uncalculated)
        case bool():
            return meant is expected
        case int() | float():
            return raw_of(value) == pytest.approx(expected)
        case datetime() | date() | time() | timedelta():
            return shown(meant) == shown(expected)
        case _:
            return str(meant).strip() == str(expected).strip()
