"""Workbooks of other programs, as they really are: nothing of the user's is lost in the copy.

Where they are not there (`tests/sheets/real.py` says where they are looked for), these tests are
left out.
"""

from pathlib import Path
from string import ascii_uppercase

import pytest

from pipeline.core.model import NewCell
from pipeline.sheets import rehearse, write
from tests.sheets.fidelity import (
    added_cells,
    calamine_values,
    changed_sheet,
    openpyxl_values,
    parts_of,
    reference,
)
from tests.sheets.real import CASES, FOLDER, Case

LONG = "CX_TemplateWithTableSourcePivotTables.xlsx"
"""Its pivot tables take openpyxl ten seconds and more."""
COLUMNS = ("New text", "New number", "New = sign")

if not CASES:
    pytest.skip(f"left out: there is no manifest.json in {FOLDER}", allow_module_level=True)


def _filled_rows(case: Case) -> list[int]:
    """The rows below the header that hold anything, as two other libraries see them."""
    lines = enumerate(calamine_values(case.path, case.sheet), 1)
    places = openpyxl_values(case.path, case.sheet, data_only=False) or {}
    numbers = {n for n, line in lines if line} | {int(p.strip(ascii_uppercase)) for p in places}
    return sorted(number for number in numbers if number > (case.header_row or 0))


def _cells(case: Case) -> dict[int, tuple[NewCell, ...]]:
    return {
        number: (f"text of row {number}\n ", number / 4, f"=live {number}")
        for number in _filled_rows(case)
    }


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.path.name, marks=pytest.mark.slow if c.path.name == LONG else ())
        for c in CASES
    ],
)
def test_nothing_is_lost_from_a_real_workbook(tmp_path: Path, case: Case) -> None:
    """All other parts are the same bytes; in the sheet's, all is there and only our cells are new.

    Two other libraries read the old values as before, and the new ones as they were written.
    """
    cells = _cells(case)
    assert rehearse(case.source, COLUMNS, cells.keys()) == ()
    target = tmp_path / case.path.name
    written = write(case.source, target, COLUMNS, cells)
    assert written.path == target
    assert written.overflow is None
    part = changed_sheet(case.path, target)
    added = added_cells(parts_of(case.path).content[part], parts_of(target).content[part])
    _check_values(case, target, cells, set(added))


def _check_values(
    case: Case, target: Path, cells: dict[int, tuple[NewCell, ...]], added: set[str]
) -> None:
    old, new = calamine_values(case.path, case.sheet), calamine_values(target, case.sheet)
    first = max(map(len, new)) - len(COLUMNS)
    rows = cells if case.header_row is None else {**cells, case.header_row: COLUMNS}
    expected = {
        reference(number, first + place): value
        for number, values in rows.items()
        for place, value in enumerate(values, 1)
    }
    assert added == set(expected)
    for number, line in enumerate(new, 1):
        before = old[number - 1] if number <= len(old) else []
        assert line[: len(before)] == before
        assert not [value for value in line[len(before) : first] if value != ""]
        assert line[first:] == list(rows.get(number, ()))
    for data_only in (True, False):
        known = openpyxl_values(case.path, case.sheet, data_only=data_only)
        if known is not None:
            assert openpyxl_values(target, case.sheet, data_only=data_only) == known | expected
