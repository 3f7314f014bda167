"""Kinds of workbooks that are read and not written: their copy is a new .xlsx of values."""

from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from pipeline.core.model import NewCell
from pipeline.errors import OutputFault
from pipeline.sheets import Source, Written, check_target, rehearse, write
from tests.sheets.builders import a_file, opened
from tests.sheets.opendocument import ROWS, a_text, a_value, an_ods


def converted(source: Source, cells: dict[int, list[NewCell]]) -> Written:
    """The copy, beside the source."""
    return write(source, source.path.with_suffix(".xlsx"), ["Sum", "Email"], cells)


def test_all_sheets_keep_their_values(tmp_path: Path) -> None:
    """Text, dates, booleans and numbers of each sheet are there, and no text became a formula."""
    written = converted(an_ods(tmp_path, "Old", "Leads"), {2: [7, "x"]})
    with CalamineWorkbook.from_path(str(written.path)) as workbook:
        sheets = {n: workbook.get_sheet_by_name(n).to_python() for n in workbook.sheet_names}
    header: list[object] = ["Name", "Since", "Paid", "Sum"]
    row: list[object] = ["=Ada", datetime(2024, 1, 2, 3, 4, 5), True]  # noqa: DTZ001 - Excel knows no zones
    assert sheets == {
        "Old": [header, [*row, 2.5]],
        "Leads": [[*header, "Email"], [*row, 7.0, "x"]],
    }
    assert opened(written.path)["A2"].data_type == "s"


def test_a_sheet_that_is_hidden_stays_so(tmp_path: Path) -> None:
    """Nobody is shown what they had put away; and what they saw is there to be seen."""
    written = converted(an_ods(tmp_path, "Old", "Leads", hidden=("Old",)), {2: [7, "x"]})
    sheets = load_workbook(written.path).worksheets
    assert [sheet.sheet_state for sheet in sheets] == ["hidden", "visible"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (a_value("float", "value", "1.1800000000000002"), 1.1800000000000002),
        (a_value("float", "value", "1e300"), 1e300),
        (a_text('<text:s text:c="3"/>'), "   "),
        (a_text(' <text:s text:c="2"/>x_x0041_ '), None),
    ],
)
def test_a_value_is_the_same_to_its_last_digit_and_blank(
    tmp_path: Path, cell: str, value: object
) -> None:
    """Numbers with all 17 digits, text of nothing but white space, text that looks escaped."""
    source = an_ods(tmp_path, "Leads", rows=(*ROWS, (cell, *[a_text("x")] * 3)))
    with CalamineWorkbook.from_path(str(source.path)) as workbook:
        old = workbook.get_sheet_by_name("Leads").to_python()[2][0]
    with CalamineWorkbook.from_path(str(converted(source, {2: [7, "x"]}).path)) as workbook:
        assert workbook.get_sheet_by_name("Leads").to_python()[2][0] == old
    assert value in {None, old}


@pytest.mark.parametrize(("value", "text"), [("INF", "inf"), ("-INF", "-inf"), ("NaN", "nan")])
def test_what_is_no_number_to_a_workbook_is_text(tmp_path: Path, value: str, text: str) -> None:
    """The copy can be opened: Excel takes such a number, or a kind that it lacks, for damage."""
    cell = a_value("float", "value", value)
    source = an_ods(tmp_path, "Leads", rows=(*ROWS, (cell, *[a_text("x")] * 3)))
    copied = opened(converted(source, {2: [7, "x"]}).path)["A3"]
    assert (copied.value, copied.data_type) == (text, "s")


@pytest.mark.parametrize("day", ["1850-03-12", "1899-12-30", "1899-12-31"])
def test_a_day_before_excels_first_is_text(tmp_path: Path, day: str) -> None:
    """It shows no earlier one; given back, the row is the same row."""
    cell = a_value("date", "date-value", day)
    source = an_ods(tmp_path, "Leads", rows=(*ROWS, (cell, *[a_text("x")] * 3)))
    assert opened(converted(source, {2: [7, "x"]}).path)["A3"].value == day


def test_a_sign_that_no_workbook_takes_is_replaced(tmp_path: Path) -> None:
    """The copy can be opened, and shows where the sign stood; the rest of the text stays."""
    source = an_ods(tmp_path, "Leads", rows=(*ROWS, (a_text("a&#1;b"), *[a_text("x")] * 3)))
    assert opened(converted(source, {2: [7, "x"]}).path)["A3"].value == "a\ufffdb"


def test_what_the_copy_will_not_hold_is_said_before(tmp_path: Path) -> None:
    """One line tells the person that only values come over."""
    assert rehearse(an_ods(tmp_path, "Leads"), ["Email"], {2}) == (
        "leads.ods is .ods: the output is a new .xlsx of values, without formats and formulas.",
    )


def test_the_copy_is_called_by_its_own_kind(tmp_path: Path) -> None:
    """An output that is named for the input's kind is told what it must be."""
    source = an_ods(tmp_path, "Leads")
    check_target(source, tmp_path / "out.xlsx")
    with pytest.raises(OutputFault, match=r"\.ods is written as \.xlsx; name it out\.xlsx"):
        check_target(source, tmp_path / "out.ods")


@pytest.mark.parametrize("name", ["a/b", "x" * 32])
def test_a_sheet_that_excel_cannot_name_is_told(tmp_path: Path, name: str) -> None:
    """Other programs allow names of sheets that an .xlsx can't hold."""
    with pytest.raises(OutputFault, match="Excel takes no sheet of the name"):
        converted(an_ods(tmp_path, name), {2: [7, "x"]})


def test_a_damaged_workbook_is_told(tmp_path: Path) -> None:
    """No exception of the reading library leaves the room."""
    source = Source(a_file(tmp_path, b"PK\3\4 no more", "leads.xlsb"), None, 1)
    with pytest.raises(OutputFault, match="can't be read"):
        converted(source, {2: [7, "x"]})


def test_a_missing_row_names_the_file_and_not_the_one_between(tmp_path: Path) -> None:
    """Errors speak of what the person knows."""
    source = an_ods(tmp_path, "Leads")
    with pytest.raises(OutputFault, match="row 9 is blank or gone") as caught:
        converted(source, {9: [7, "x"]})
    assert str(caught.value).startswith(f"{source.path}, sheet Leads")
