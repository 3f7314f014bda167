"""Workbooks read and written: what a user sees in Excel before and after."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.core.model import CellValue
from pipeline.core.rows.cells import shown
from pipeline.errors import OutputFault
from pipeline.sheets import Source, read
from tests.sheets.builders import a_copy, a_source, a_workbook, opened


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("00123", "00123"),
        ("NA", "NA"),
        ("nan", "nan"),
        ("1.0", "1.0"),
        ("Zürich, 東京", "Zürich, 東京"),
        ("  padded ", "  padded "),
        ("two\nlines", "two\nlines"),
        (1, 1.0),
        (1.5, 1.5),
        (2**53, float(2**53)),
        (1e300, 1e300),
        (True, True),
        (False, False),
        (datetime(2024, 1, 2, 3, 4, 5), datetime(2024, 1, 2, 3, 4, 5)),  # noqa: DTZ001 - Excel knows no zones
        (time(3, 4), time(3, 4)),
        (timedelta(hours=26), timedelta(hours=26)),
        (None, None),
        ("#N/A", "#N/A"),
    ],
)
def test_a_cell_is_read_as_what_it_is(tmp_path: Path, cell: object, value: CellValue) -> None:
    """Text stays text; numbers, booleans, dates, durations are Python's; an error is its text."""
    path = a_workbook(tmp_path, [("Key", "Value"), ("k", cell)])
    found = read(a_source(path)).rows[0].values[1]
    assert (type(found), found) == (type(value), value)


def test_a_date_shows_as_a_date(tmp_path: Path) -> None:
    """A date without a time of day comes as one, whatever type the library gives."""
    path = a_workbook(tmp_path, [("Signed",), (date(2024, 1, 2),)])
    assert shown(read(a_source(path)).rows[0].values[0]) == "2024-01-02"


def test_rows_keep_the_numbers_that_the_user_sees(tmp_path: Path) -> None:
    """Blank lines and columns before and between are counted, and are no rows."""
    rows = [(), (), (None, None, "Name", "City"), (), (None, None, "Ada"), ("  ",), (None, 1)]
    sheet = read(a_source(a_workbook(tmp_path, rows), header_row=3))
    assert sheet.columns == ("Column A", "Column B", "Name", "City")
    assert [(row.number, row.values) for row in sheet.rows] == [
        (5, (None, None, "Ada", None)),
        (7, (None, 1, None, None)),
    ]


def test_without_a_header_columns_go_by_their_letters(tmp_path: Path) -> None:
    """With `none` the first line is a row, and its columns are A, B."""
    sheet = read(a_source(a_workbook(tmp_path, [("a", 1), ("b", 2)]), header_row=None))
    assert sheet.columns == ("A", "B")
    assert [row.number for row in sheet.rows] == [1, 2]


def test_twice_standing_blank_and_missing_headers_are_named(tmp_path: Path) -> None:
    """Twins are numbered; a blank header, or content beyond the last one, goes by its letter."""
    path = a_workbook(tmp_path, [("Row", None, " Row "), (1, 2, 3, None, 5)])
    assert read(a_source(path)).columns == (
        "Row (1)",
        "Column B",
        "Row (2)",
        "Column D",
        "Column E",
    )


def test_the_first_sheet_is_the_default(tmp_path: Path) -> None:
    """Without a name the first sheet is read, with one that one, and its name is told."""
    path = a_workbook(tmp_path, change=_add_second_sheet)
    assert read(a_source(path)).name == "Leads"
    assert read(a_source(path, "Prices")).columns == ("Item",)


def test_everything_else_stays_as_it_was(tmp_path: Path) -> None:
    """Formulas, the other sheet, filter, freeze and widths are in the copy as in the input."""

    def furnish(sheet: Worksheet) -> None:
        _add_second_sheet(sheet)
        sheet["B2"] = "=1+1"
        sheet.auto_filter.ref = "A1:B2"
        sheet.freeze_panes = "A2"
        sheet.column_dimensions["A"].width = 42

    path = a_workbook(tmp_path, change=furnish)
    before = path.read_bytes()
    copy = a_copy(a_source(path)).path
    sheet = opened(copy)
    assert path.read_bytes() == before
    assert sheet["B2"].value == "=1+1"
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == ("A1:B2", "A2")
    assert sheet.column_dimensions["A"].width == 42
    assert opened(copy, "Prices")["A2"].value == "=A3"


def test_merged_cells_are_known(tmp_path: Path) -> None:
    """By the numbers and places of the rows as they are read, wherever the data begins."""

    def furnish(sheet: Worksheet) -> None:
        sheet.merge_cells("C4:C5")
        sheet.merge_cells("B6:C6")

    rows = [(), (), (None, "Name", "City"), *((None, f"n{n}", f"c{n}") for n in range(3))]
    sheet = read(a_source(a_workbook(tmp_path, rows, change=furnish), header_row=3))
    assert sorted(sheet.merges) == [(4, 2, 5, 2), (6, 1, 6, 2)]
    assert read(a_source(a_workbook(tmp_path, rows), header_row=3)).merges == ()


def test_new_columns_stand_right_of_all_content(tmp_path: Path) -> None:
    """A note above the header, and a merged area beside the rows, are not written over."""

    def furnish(sheet: Worksheet) -> None:
        sheet["D1"] = "a note"
        sheet.merge_cells("B4:E4")

    rows = [(), ("Name", "City"), ("Ada", "London"), ("Bob", "Bern")]
    source = a_source(a_workbook(tmp_path, rows, change=furnish), header_row=2)
    sheet = opened(a_copy(source, {3: ["x"], 4: ["y"]}).path)
    assert [sheet.cell(n, 6).value for n in (2, 3, 4)] == ["Email", "x", "y"]


def test_a_new_header_looks_like_its_neighbour_and_its_cells_are_plain(tmp_path: Path) -> None:
    """Font, fill, border, alignment, format and protection come from the left; cells are plain."""

    def furnish(sheet: Worksheet) -> None:
        header = sheet["B1"]
        header.font = Font(bold=True, color="FF0000")
        header.fill = PatternFill("solid", fgColor="00FF00")
        header.border = Border(bottom=Side("thick"))
        header.alignment = Alignment(horizontal="center")
        sheet["C2"].number_format = "yyyy-mm-dd"

    source = a_source(a_workbook(tmp_path, change=furnish))
    sheet = opened(a_copy(source, {2: [5, "x"]}, ["Score", "Email"]).path)
    for new in (sheet["C1"], sheet["D1"]):
        for part in ("font", "fill", "border", "alignment", "number_format", "protection"):
            assert repr(getattr(new, part)) == repr(getattr(sheet["B1"], part))
    assert (sheet["C2"].value, sheet["C2"].number_format) == (5, "General")


def test_a_column_of_that_name_is_filled_in_place(tmp_path: Path) -> None:
    """Only the given rows are overwritten, `None` clears, and no second column appears."""
    rows = [("Name", " Email  now ", "City"), ("a", "old", 1), ("b", "old", 2), ("c", "old", 3)]
    source = a_source(a_workbook(tmp_path, rows))
    copy = a_copy(source, {2: ["new", 7], 3: [None, 8]}, ["Email now", "Score"]).path
    sheet = read(a_source(copy))
    assert sheet.columns == ("Name", "Email now", "City", "Score")
    assert [row.values for row in sheet.rows] == [
        ("a", "new", 1, 7),
        ("b", None, 2, 8),
        ("c", "old", 3, None),
    ]


def test_without_a_header_no_header_is_written_and_letters_are_no_names(tmp_path: Path) -> None:
    """A new column called B goes to the end, not over column B."""
    source = a_source(a_workbook(tmp_path, [("a", 1), ("b", 2)]), header_row=None)
    copy = a_copy(source, {1: ["x"], 2: ["y"]}, ["B"]).path
    assert [row.values for row in read(Source(copy, None, None)).rows] == [
        ("a", 1, "x"),
        ("b", 2, "y"),
    ]


def test_a_macro_workbook_keeps_its_kind(tmp_path: Path) -> None:
    """An .xlsm goes out as an .xlsm, readable as one."""
    path = a_workbook(tmp_path, name="leads.xlsm")
    assert read(a_source(a_copy(a_source(path)).path)).rows[0].values == ("Ada", "London", "x")


def test_a_merged_cell_is_no_place_for_an_output(tmp_path: Path) -> None:
    """Where a column to fill in place is merged, it is said, and nothing is lost unseen."""
    rows = [("Name", "Email"), ("a", None), ("b", None)]
    path = a_workbook(tmp_path, rows, change=lambda sheet: sheet.merge_cells("B2:B3"))
    with pytest.raises(OutputFault, match="Leads!B3: the cell is merged"):
        a_copy(a_source(path), {2: ["x"], 3: ["y"]})


def test_a_sheet_can_be_too_wide(tmp_path: Path) -> None:
    """Excel's limit of columns is told before anything is written."""
    path = a_workbook(tmp_path, change=lambda sheet: sheet.cell(2, 16_384, "far"))
    with pytest.raises(OutputFault, match="16,384 columns"):
        a_copy(a_source(path))
    assert [file.name for file in tmp_path.iterdir()] == ["leads.xlsx"]


def test_a_row_that_went_is_told(tmp_path: Path) -> None:
    """Cells for a row that the file does not have any more are not written anywhere."""
    with pytest.raises(OutputFault, match="row 9 is blank or gone"):
        a_copy(a_source(a_workbook(tmp_path)), {9: ["x"]})


def _add_second_sheet(sheet: Worksheet) -> None:
    assert sheet.parent is not None
    second = sheet.parent.create_sheet("Prices")
    second["A1"], second["A2"], second["A3"] = "Item", "=A3", 5
