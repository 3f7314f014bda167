"""What a person sees in a workbook is what is read of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.core.model import CellValue, Form, Formatted, Sheet, Uncalculated
from pipeline.core.rows.cells import column_names, raw_of, shown, text_of
from pipeline.errors import InputFault
from pipeline.sheets import Source, read, tops
from pipeline.sheets.shown.moments import DateSystem, duration_of, moment_of
from pipeline.sheets.workbook.glancing import HIDDEN_MARK, marks_in
from tests.sheets.builders import a_workbook
from tests.sheets.packages import STRICT, a_package, header, parts, worksheet

NOON: Final = "2024-01-02T12:00:00"
KEPT: Final = 'xml:space="preserve"'


def a_sheet(
    folder: Path, rows: str, mapped: Sequence[str] = ("Name", "Value"), **how: str
) -> Sheet:
    """The sheet of these rows under the headers Name and Value, of which both are sent."""
    path = a_package(folder, parts(header("Name", "Value") + rows, **how))
    return read(Source(path, None, 1, mapped=frozenset(mapped)))


def a_cell(folder: Path, cell: str, **how: str) -> CellValue:
    """The cell B2, as it is read."""
    return (
        a_sheet(folder, f'<row r="2"><c r="A2" t="s"><v>0</v></c>{cell}</row>', **how)
        .rows[0]
        .values[1]
    )


@pytest.mark.parametrize(
    ("cell", "raw", "seen", "iso"),
    [
        ('<c r="B2" s="1"><v>123</v></c>', "123", "00123", "00123"),
        ('<c r="B2" s="3"><v>0.125</v></c>', "0.125", "12.5%", "12.5%"),
        ('<c r="B2" s="2"><v>45293</v></c>', "45293", "2024-01-02", "2024-01-02"),
        ('<c r="B2" s="5"><v>45293.5</v></c>', "45293.5", "2 Jan 2024 12:00", NOON),
        ('<c r="B2" s="4"><v>1.5</v></c>', "1.5", "36:00", "36:00:00"),
        ('<c r="B2" s="1" t="n"><v>-7</v></c>', "-7", "-00007", "-00007"),
        ('<c r="B2" s="6"><v>123.50</v></c>', "123.5", "123.5", "123.5"),
        ('<c r="B2" s="99"><v>5</v></c>', "5", "5", "5"),
        ('<c r="B2"><v>123456789012345678</v></c>', *("123456789012345678",) * 3),
        ('<c r="B2" s="1"><v>123456789012345678</v></c>', *("123456789012345678",) * 3),
        ('<c r="B2"><v>9007199254740993</v></c>', *("9007199254740993",) * 3),
        ('<c r="B2"><v>1E+20</v></c>', *("1e+20",) * 3),
        ('<c r="B2" s="1"><v>nan</v></c>', *("nan",) * 3),
        ('<c r="B2" s="1"><v>1E+999</v></c>', *("1E+999",) * 3),
        (f'<c r="B2" s="1"><v>{"9" * 5000}</v></c>', *("9" * 5000,) * 3),
        ('<c r="B2" s="1" t="b"><v>1</v></c>', *("TRUE",) * 3),
        ('<c r="B2" s="1" t="b"><v>0</v></c>', *("FALSE",) * 3),
        ('<c r="B2" s="1" t="s"><v>0</v></c>', *("shared",) * 3),
        ('<c r="B2" s="2" t="str"><f>A1</f><v>00123</v></c>', *("00123",) * 3),
        (f'<c r="B2" s="1" t="inlineStr"><is><t {KEPT}> 12 </t></is></c>', *(" 12 ",) * 3),
        ('<c r="B2" t="e"><v>#N/A</v></c>', *("#N/A",) * 3),
        ('<c r="B2" s="2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', *("#DIV/0!",) * 3),
        ('<c r="B2" s="1"><f>A1</f><v>5</v></c>', "5", "00005", "00005"),
        ('<c r="B2" s="1"/>', *("",) * 3),
        ('<c r="B2" t="str"><f>""</f><v></v></c>', *("",) * 3),
        ('<c r="B2" s="2" t="d"><v>2024-01-02T00:00:00</v></c>', *("2024-01-02",) * 3),
        ("", *("",) * 3),
    ],
)  # fmt: skip
def test_a_cell_has_three_forms(tmp_path: Path, cell: str, raw: str, seen: str, iso: str) -> None:
    """As it is stored, as a person sees it, and so with dates and times in ISO 8601."""
    value = a_cell(tmp_path, cell)
    forms: tuple[Form, ...] = ("raw", "shown", "iso")
    assert [text_of(value, form) for form in forms] == [raw, seen, iso]


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    """The same number is four years and a day later."""
    value = a_cell(tmp_path, '<c r="B2" s="2"><v>43831</v></c>', properties='date1904="1"')
    assert (shown(value), raw_of(value)) == ("2024-01-02", 43831)


@pytest.mark.parametrize(
    "formula",
    [
        "<f>1+1</f>",
        "<f>1+1</f><v/>",
        "<f>1+1</f><v></v>",
        '<f t="shared" si="0"/>',
    ],
)
@pytest.mark.parametrize("kind", ['s="1"', "", 't="n"'])
def test_a_formula_without_a_value_is_told_apart_from_a_blank_cell(
    tmp_path: Path, formula: str, kind: str
) -> None:
    """Its value is not known, which is not the same as none; here nothing else stands in row 3."""
    rows = f'<row r="3"><c r="B3" {kind}>{formula}</c><c r="C3"><f>A1</f></c></row>'
    (row,) = a_sheet(tmp_path, f'<row r="2"/>{rows}').rows
    assert (row.number, row.values) == (3, (None, Uncalculated()))


def test_a_formula_whose_text_was_never_calculated_is_told_too(tmp_path: Path) -> None:
    """Excel writes an empty value for empty text, and none before it has one."""
    assert a_cell(tmp_path, '<c r="B2" t="str"><f>A1</f></c>') == Uncalculated()


def test_a_formula_in_a_column_that_is_not_sent_matters_to_nobody(tmp_path: Path) -> None:
    """It is a blank cell, as it is to anyone who looks for values."""
    rows = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><f>1+1</f></c></row>'
    assert a_sheet(tmp_path, rows, mapped=["Name"]).rows[0].values == ("shared", None)


def test_an_error_is_its_text_in_every_column(tmp_path: Path) -> None:
    """A row of errors is no blank row, and an error is nothing that may be written over."""
    rows = '<row r="4"><c r="C4" t="e"><v>#REF!</v></c></row>'
    sheet = a_sheet(tmp_path, rows, mapped=[])
    assert sheet.columns == ("Name", "Value", "Column C")
    assert [(row.number, row.values) for row in sheet.rows] == [(4, (None, None, "#REF!"))]


@pytest.mark.parametrize("mapped", [(), ("Value",)])
def test_hidden_and_filtered_rows_are_told(tmp_path: Path, mapped: Sequence[str]) -> None:
    """Whether by hand, by a group or by a filter: the part says so in the same way."""
    value = '<c r="B{0}" s="1"><v>{0}</v></c>'
    rows = "".join(
        f'<row r="{n}" {hidden}>{value.format(n)}</row>'
        for n, hidden in [(2, ""), (3, 'hidden="1"'), (5, 'hidden="true"'), (6, 'hidden="0"')]
    )
    sheet = a_sheet(tmp_path, rows, mapped)
    assert [row.number for row in sheet.rows if row.is_hidden] == [3, 5]


def test_the_rows_that_openpyxl_hides_are_hidden(tmp_path: Path) -> None:
    """A witness that shares no code with the reader."""

    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True

    path = a_workbook(tmp_path, [("Name",), ("a",), ("b",), ("c",)], change=hide)
    rows = read(Source(path, None, 1)).rows
    assert [(row.number, row.is_hidden) for row in rows] == [(2, False), (3, True), (4, False)]


def test_of_merged_cells_only_the_first_holds_a_value(tmp_path: Path) -> None:
    """As Excel itself keeps them: what is merged is one cell, which has one place."""
    rows = [("Name", "City"), ("a", "Bern"), ("b", None)]
    path = a_workbook(tmp_path, rows, change=lambda sheet: sheet.merge_cells("B2:B3"))
    found = read(Source(path, None, 1, mapped=frozenset({"City"}))).rows
    assert [row.values for row in found] == [("a", "Bern"), ("b", None)]


def test_rows_that_hold_a_format_alone_are_none(tmp_path: Path) -> None:
    """A column that was formatted to its end does not make a sheet longer."""
    rows = '<row r="2"><c r="B2" s="1"><v>7</v></c></row>'
    blank = "".join(f'<row r="{n}" s="1"><c r="B{n}" s="1"/></row>' for n in range(3, 300))
    sheet = a_sheet(tmp_path, rows + blank)
    assert [(row.number, shown(row.values[1])) for row in sheet.rows] == [(2, "00007")]


def test_rows_and_cells_may_leave_out_where_they_stand(tmp_path: Path) -> None:
    """Then each stands below, or right of, the one before."""
    rows = (
        '<row><c t="s"><v>0</v></c><c s="1"><v>2</v></c></row>'
        '<row r="5"><c s="1" r="B5"><v>5</v></c></row>'
        '<row hidden="1"><c/><c s="1"><v>6</v></c></row>'
    )
    found = a_sheet(tmp_path, rows).rows
    assert [(row.number, shown(row.values[1]), row.is_hidden) for row in found] == [
        (2, "00002", False),
        (5, "00005", False),
        (6, "00006", True),
    ]


@pytest.mark.parametrize("width", [1, 3])
def test_cells_that_are_left_out_shift_no_other(tmp_path: Path, width: int) -> None:
    """Blank cells are mostly not written, and what stands behind them keeps its column."""
    names = [f"C{n}" for n in range(6)]
    row = "".join(f'<c r="{"ABCDEF"[n]}2" s="1"><v>{n}</v></c>' for n in range(width, 6, width))
    path = a_package(tmp_path, parts(header(*names) + f'<row r="2">{row}</row>'))
    (found,) = read(Source(path, None, 1, mapped=frozenset(names))).rows
    expected = [f"{n:05}" if n in range(width, 6, width) else "" for n in range(6)]
    assert list(map(shown, found.values)) == expected[: len(found.values)]


def test_a_prefix_and_the_strict_namespace_change_nothing(tmp_path: Path) -> None:
    """Other programs write `x:row` for `row`, or the standard's other namespace."""
    rows = '<row r="2"><c r="B2" s="1"><v>7</v></c><c r="C2" t="e"><v>#N/A</v></c></row>'
    content = parts(header("Name", "Value") + rows)
    sheet = content["xl/worksheets/sheet1.xml"]
    prefixed = sheet.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    content["xl/worksheets/sheet1.xml"] = prefixed.replace("xmlns=", "xmlns:x=")
    for old, new in STRICT.items():
        content = {part: text.replace(old, new) for part, text in content.items()}
    found = read(Source(a_package(tmp_path, content), None, 1, mapped=frozenset({"Value"})))
    assert list(map(shown, found.rows[0].values)) == ["", "00007", "#N/A"]


def test_parts_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """By the package's relationships, with absolute targets, in any case of letters."""
    content = parts(header("Name", "Value") + '<row r="2"><c r="B2" s="1"><v>7</v></c></row>')
    moved = {
        part.replace("xl/worksheets/sheet1", "xl/Other/Data"): text.replace(
            "worksheets/sheet1.xml", "/xl/other/DATA.xml"
        )
        for part, text in content.items()
    }
    found = read(Source(a_package(tmp_path, moved), None, 1, mapped=frozenset({"Value"})))
    assert shown(found.rows[0].values[1]) == "00007"


def test_a_workbook_without_styles_shows_its_numbers(tmp_path: Path) -> None:
    """Some programs write no styles at all."""
    content = parts(header("Name", "Value") + '<row r="2"><c r="B2" s="1"><v>7</v></c></row>')
    del content["xl/styles.xml"]
    found = read(Source(a_package(tmp_path, content), None, 1, mapped=frozenset({"Value"})))
    assert shown(found.rows[0].values[1]) == "7"


def test_without_headers_columns_are_sent_by_their_letters(tmp_path: Path) -> None:
    """The first row's cells have their formats too."""
    content = parts('<row r="1"><c r="B1" s="1"><v>7</v></c></row>')
    (row,) = read(Source(a_package(tmp_path, content), None, None, mapped=frozenset({"B"}))).rows
    assert list(map(shown, row.values)) == ["", "00007"]


@pytest.mark.parametrize("mapped", [[], ["SKU"], ["10.0%"], ["00012", "2024-01-02"], ["0.1"]])
def test_a_header_that_is_a_number_goes_by_what_it_shows(
    tmp_path: Path, mapped: Sequence[str]
) -> None:
    """A person names what stands there; whatever is sent, each command sees the same names."""
    top = (
        '<row r="1"><c t="inlineStr"><is><t>SKU</t></is></c><c s="3"><v>0.1</v></c>'
        '<c s="1"><v>12</v></c><c s="2"><v>45293</v></c><c><v>1234567890123456789</v></c></row>'
    )
    row = f'<row r="2">{"".join(f"<c><v>{n}</v></c>" for n in range(5))}</row>'
    path = a_package(tmp_path, parts(top + row))
    names = ("SKU", "10.0%", "00012", "2024-01-02", "1234567890123456789")
    assert read(Source(path, None, 1, mapped=frozenset(mapped))).columns == names
    assert column_names(tops(path)[0].lines[0]) == names


def test_the_header_of_rows_out_of_order_is_found(tmp_path: Path) -> None:
    """Some programs write rows as they come."""
    row = '<row r="2"><c r="A2"><v>1</v></c></row>'
    content = parts(row + '<row r="1"><c r="A1" s="3"><v>0.1</v></c></row>')
    assert read(Source(a_package(tmp_path, content), None, 1)).columns == ("10.0%",)


def test_a_part_that_is_read_in_pieces_is_read_whole(tmp_path: Path) -> None:
    """Rows that lie across two pieces, and marks too, are not missed."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{"x" * (n % 97)}</t></is></c>'
        f'<c r="B{n}" s="1"><v>{n}</v></c></row>'
        for n in range(2, 4000)
    )
    last = '<row r="4000" hidden="1"><c r="B4000" t="e"><v>#N/A</v></c></row>'
    for mapped in ([], ["Value"]):
        sheet = a_sheet(tmp_path, rows + last, mapped)
        assert sheet.rows[-1].is_hidden
        assert sheet.rows[-1].values[1] == "#N/A"
    assert [shown(row.values[1]) for row in sheet.rows[:-1]] == [f"{n:05}" for n in range(2, 4000)]


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_mark_that_lies_across_two_pieces_is_seen(cut: int) -> None:
    """Wherever a part happens to be cut."""
    text = b"....hidden...."
    pieces = [text[: 4 + cut], text[4 + cut :], b"...."]
    assert marks_in(pieces, {HIDDEN_MARK, b"absent"}) == {HIDDEN_MARK}


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.floats(0, 80_000), min_size=1, max_size=30))
@example([50903.936527123835])
def test_moments_are_those_that_calamine_gives(tmp_path: Path, numbers: list[float]) -> None:
    """A column that is sent and one that is not agree on what a date is."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" s="5"><v>{number!r}</v></c><c r="B{n}" s="4">'
        f"<v>{number!r}</v></c></row>"
        for n, number in enumerate(numbers, 2)
    )
    found = a_sheet(tmp_path, rows, mapped=[]).rows
    for row, number in zip(found, numbers, strict=True):
        ours = moment_of(number, DateSystem.SINCE_1900), duration_of(number)
        assert list(map(shown, row.values)) == list(map(shown, ours))
        assert isinstance(row.values[0], date | datetime) or number < 1
        assert isinstance(row.values[1], timedelta)


def test_a_number_with_a_format_can_tell_what_is_stored(tmp_path: Path) -> None:
    """The ledger keeps it, so that a mere change of format is known as one."""
    value = a_cell(tmp_path, '<c r="B2" s="2"><v>45293</v></c>')
    assert isinstance(value, Formatted)
    assert raw_of(value) == raw_of(45293.0) == 45293


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="0"/>',
        '<row r="1048577"/>',
        '<row r="x"/>',
        '<row r="2"><c r="2B" t="e"><v>#N/A</v></c></row>',
        '<row r="2"><c r="b2" t="e"><v>#N/A</v></c></row>',
        '<row r="2"><c r="B2" t="e"><v>#N/A</v></row>',
    ],
)
def test_a_part_that_makes_no_sense_is_damaged(tmp_path: Path, rows: str) -> None:
    """It is told in one line, whoever of the two readers stumbles first."""
    good = '<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'
    with pytest.raises(InputFault, match="damaged"):
        a_sheet(tmp_path, good + rows)


FAR: Final = "XFD1048576"


@pytest.mark.parametrize("told", [f"A1:{FAR}", "A1:A2", "A1:Z1000", "nonsense", None])
def test_a_stray_cell_at_the_sheets_end_is_told(tmp_path: Path, told: str | None) -> None:
    """Whatever the part says of its extent; else it ended the process, and no exception told it."""
    content = parts("")
    content["xl/worksheets/sheet1.xml"] = worksheet(
        header("Name") + f'<row r="1048576"><c r="{FAR}" s="1"><v>1</v></c></row>',
        before=f'<dimension ref="{told}"/>' if told else "",
    )
    with pytest.raises(InputFault, match=f"reach to {FAR}"):
        read(Source(a_package(tmp_path, content), None, 1))


@pytest.mark.parametrize("far", ["Z9999999", "B99999999", "A4294967295", "XFD10000"])
@pytest.mark.parametrize("told", ["A1:A2", "A1:ZZ99", "A1:ABC99", None])
def test_a_stray_cell_beyond_all_sheets_is_told(tmp_path: Path, far: str, told: str | None) -> None:
    """The reader of the values takes rows beyond Excel's last, and then memory for all before."""
    content = parts("")
    content["xl/worksheets/sheet1.xml"] = worksheet(
        header("Name") + f'<row r="2"><c r="{far}" s="1"><v>1</v></c></row>',
        before=f'<dimension ref="{told}"/>' if told else "",
    )
    with pytest.raises(InputFault, match=f"reach to {far}"):
        read(Source(a_package(tmp_path, content), None, 1))


@pytest.mark.parametrize("told", [f"A1:{FAR}", None])
def test_cells_that_have_only_a_format_are_not_too_far(tmp_path: Path, told: str | None) -> None:
    """Some programs format a sheet to its very end, and say that it reaches there."""
    content = parts("")
    content["xl/worksheets/sheet1.xml"] = worksheet(
        header("Name")
        + '<row r="2"><c r="A2"><v>7</v></c></row>'
        + f'<row r="1048576"><c r="{FAR}" s="1"/></row>',
        before=f'<dimension ref="{told}"/>' if told else "",
    )
    (row,) = read(Source(a_package(tmp_path, content), None, 1)).rows
    assert row.values == (7,)
