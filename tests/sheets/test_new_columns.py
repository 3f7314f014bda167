"""Where new columns stand, how they look, and that they are seen."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import NewCell
from pipeline.core.rows.cells import EXACT_INTEGER
from pipeline.sheets import read
from pipeline.sheets.exceltext import FORBIDDEN
from pipeline.sheets.package.parts import PartError
from pipeline.sheets.package.references import Area, column_number
from pipeline.sheets.writeback.rowcells import cell_element, cells_in, with_cells_among
from pipeline.sheets.writeback.survey import Layout, survey
from tests.sheets.builders import a_copy, a_source, opened
from tests.sheets.fidelity import calamine_values, changed_sheet, parts_of, reference
from tests.sheets.rawworkbooks import ROWS, SHEET, STYLES, a_package, a_sheet, parts_with


def columns_of(path: Path) -> str:
    """The columns' formats in a sheet's part."""
    part = parts_of(path).content[SHEET].decode()
    return part.partition("<cols>")[2].partition("</cols>")[0]


@pytest.mark.parametrize(
    ("dimension", "spans", "new_dimension", "new_spans"),
    [
        ("A1:B2", "1:2", "A1:D2", "1:4"),
        ("A1", "1:1 2:2", "A1:D2", "1:1 2:4"),
        ("B7:F9", "1:9", "B1:F9", "1:9"),
        ("", "x", "", "x"),
    ],
)
def test_it_is_told_how_far_the_cells_reach(
    tmp_path: Path, dimension: str, spans: str, new_dimension: str, new_spans: str
) -> None:
    """The sheet's dimension and the rows' spans hold the new cells; what tells nothing stays."""
    rows = ROWS.replace("<row ", f'<row spans="{spans}" ')
    sheet = a_sheet(rows, before=f'<dimension ref="{dimension}"/>')
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    part = parts_of(a_copy(source, {2: ["x", 5]}, ["a", "b"]).path).content[SHEET].decode()
    assert f'<dimension ref="{new_dimension}"/>' in part
    assert part.count(f'spans="{new_spans}"') == 2


def test_a_number_is_not_shown_as_a_date_because_its_column_is(tmp_path: Path) -> None:
    """Two credits are no second of January 1900; text in such a column takes its format."""
    sheet = a_sheet(before='<cols><col min="3" max="3" style="1"/></cols>')
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    for value, form in ((2, "General"), ("text", "mm-dd-yy")):
        copy = opened(a_copy(source, {2: [value]}, name=f"{form}.xlsx").path)
        assert (copy["C2"].value, copy["C2"].number_format) == (value, form)


def test_a_format_for_numbers_is_added_once_and_nothing_else(tmp_path: Path) -> None:
    """The formats that are there stand as they were, in their order."""
    sheet = a_sheet(before='<cols><col min="3" max="4" style="2"/></cols>')
    styles = STYLES.replace('numFmtId="0" fontId="0"', 'numFmtId="14" fontId="0"')
    parts = parts_with(sheet, more={"xl/styles.xml": styles})
    source = a_source(a_package(tmp_path, parts))
    before, after = (
        parts_of(path).content["xl/styles.xml"].decode().partition("<cellXfs")[2]
        for path in (source.path, a_copy(source, {2: [2, 3]}, ["a", "b"]).path)
    )
    old, new = (text.partition(">")[2].partition("</cellXfs>")[0] for text in (before, after))
    assert new.startswith(old)
    assert new.removeprefix(old).count("<xf") == 1
    assert f'count="{new.count("<xf")}"' in after.partition(">")[0]


def test_what_is_merged_beside_the_rows_is_not_written_into() -> None:
    """New columns stand behind a merge that ends with the first row that is written, or later."""
    layout = Layout(merges=[Area(1, 2, 5, 9)])
    assert (layout.content_end(5), layout.content_end(6)) == (9, 0)


@pytest.mark.parametrize("cell", ['<c r="D2" s="1">', '<c s="1" r="D2">'])
def test_a_cell_stands_where_it_says_whatever_it_says_first(cell: str) -> None:
    """New columns stand behind the farthest one."""
    rows = f'<row r="2">{cell}<v>1</v></c></row>'
    layout = survey([a_sheet(rows).encode()], "xl/worksheets/sheet1.xml")
    assert list(layout.rows.last_columns) == [4]


def test_a_part_that_breaks_off_is_named() -> None:
    """A person sees which of the many is damaged."""
    with pytest.raises(PartError, match=r"xl/worksheets/sheet7\.xml"):
        survey([b"<worksheet><sheetData>"], "xl/worksheets/sheet7.xml")


HIDDEN = 'style="2" width="0" hidden="1" customWidth="1"'
PARTED = (
    f'<col min="2" max="2" {HIDDEN}/>'
    '<col min="3" max="4" style="2" width="9.140625" customWidth="1"/>'
    f'<col min="5" max="16384" {HIDDEN}/>'
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<col min="1" max="2" hidden="1"/>', '<col min="1" max="2" hidden="1"/>'),
        ('<col min="3" max="3" width="9" hidden="1"/>', '<col min="3" max="3" width="9"/>'),
        (
            f'<col min="2" max="16384" {HIDDEN}/>',
            PARTED,
        ),
        (
            "<col min='4' max='5' hidden='true'></col>",
            "<col min='4' max='4'></col><col min='5' max='5' hidden='true'></col>",
        ),
    ],
)
def test_new_columns_are_not_hidden(tmp_path: Path, before: str, after: str) -> None:
    """What was paid for is seen: hidden formats are parted, and other columns stay as they were."""
    source = a_source(a_package(tmp_path, parts_with(a_sheet(before=f"<cols>{before}</cols>"))))
    copy = a_copy(source, {2: ["x", 5]}, ["Email", "Score"]).path
    assert columns_of(copy) == after


def test_new_cells_take_the_format_that_their_column_has(tmp_path: Path) -> None:
    """As if they were typed there; the header goes by its neighbour all the same."""
    sheet = a_sheet(before='<cols><col min="3" max="3" style="2"/></cols>')
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    copy = opened(a_copy(source, {2: ["=x", 5]}, ["Email", "Score"]).path)
    assert [copy[c].alignment.wrap_text for c in ("C1", "C2", "D2")] == [None, True, None]
    assert copy["C2"].quotePrefix is True


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ('<row r="9"><c r="A9"><v>1</v></c></row>', 9),
        ('<row><c r="A9"><v>1</v></c></row>', 9),
        ('<row r="9"><c><v>1</v></c></row>', 9),
        ("<row/><row><c><v>1</v></c></row>", 4),
        ('<row><c r="A3"><v>1</v></c></row><row><c><v>1</v></c></row>', 4),
        ('<row><c r="A9"><v>1</v></c></row><row><c r="A3"><v>1</v></c></row>', 9),
    ],
)
def test_a_row_is_known_by_its_number_however_it_is_told(
    tmp_path: Path, rows: str, number: int
) -> None:
    """By the row, by its first cell, or by the row before it; so other libraries count as well."""
    source = a_source(a_package(tmp_path, parts_with(a_sheet(ROWS + rows))))
    assert read(source).rows[-1].number == number
    copy = a_copy(source, {number: ["x"]}).path
    assert calamine_values(copy, "Leads")[number - 1] == [1.0, "", "x"]
    assert opened(copy)[f"C{number}"].value == "x"


VALUES = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: not FORBIDDEN.search(text)
    ),
    st.integers(-EXACT_INTEGER, EXACT_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=30))
@settings(deadline=None, max_examples=30)
def test_any_cell_reads_back_in_two_other_libraries(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[NewCell, NewCell]]
) -> None:
    """Any text that XML can hold, and any number, is what calamine and openpyxl find."""
    folder = tmp_path_factory.mktemp("cells")
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, len(values) + 2)
    )
    source = a_source(a_package(folder, parts_with(a_sheet(rows))), header_row=None)
    copy = a_copy(source, dict(enumerate(values, 1)), ["a", "b"]).path
    found = calamine_values(copy, "Leads")
    sheet = opened(copy)
    for number, pair in enumerate(values, 1):
        line = [*found[number - 1], "", "", ""]
        for place, value in enumerate(pair, 1):
            assert line[place] == ("" if value is None else value)
            if isinstance(value, int | float):
                assert sheet.cell(number, place + 1).value == value
            elif value is not None:
                assert sheet.cell(number, place + 1).data_type in "se"


COLUMNS = st.sets(st.integers(1, 60), max_size=12)


@given(COLUMNS, COLUMNS, st.sampled_from(["", "\n  ", "<!-- <c/> -->"]))
@settings(deadline=None, max_examples=150)
def test_cells_go_between_and_in_place_of_those_that_stand(
    old: set[int], new: set[int], space: str
) -> None:
    """Whatever the row has and gets: all columns once, in order, with the new cells where given."""
    row = "<row>" + "".join(f'{space}<c r="{reference(1, n)}" s="7"/>' for n in sorted(old)) + space
    cells = {n: cell_element("", reference(1, n), 5, n) for n in new}
    filled = with_cells_among(row.encode(), cells_in(row.encode(), ""), cells)
    found = cells_in(filled, "")
    assert [(c.column, c.style) for c in found] == [
        (n, 5 if n in new else 7) for n in sorted(old | new)
    ]
    for cell in found:
        if cell.column in new:
            assert filled[cell.start : cell.stop].decode() == cells[cell.column]
    assert with_cells_among(row.encode(), cells_in(row.encode(), ""), {}) == row.encode()


@pytest.mark.parametrize("letters", ["", "a1", "XFE", "AAAA", "É", "1"])
def test_what_names_no_column_is_refused(letters: str) -> None:
    """A reference beyond the last column, or of other letters, is no place."""
    with pytest.raises(PartError, match="16,384 columns"):
        column_number(letters)


def test_a_number_is_spelled_as_excel_spells_it(tmp_path: Path) -> None:
    """A whole number has no fraction, and no digit is lost."""
    source = a_source(a_package(tmp_path, parts_with(a_sheet(ROWS))))
    part = parts_of(a_copy(source, {2: [2.0, 0.1, 1e300]}, ["a", "b", "c"]).path).content[SHEET]
    assert b'<c r="C2"><v>2</v></c><c r="D2"><v>0.1</v></c><c r="E2"><v>1e+300</v></c>' in part


def test_without_a_name_the_first_sheet_that_is_seen_is_written(tmp_path: Path) -> None:
    """A hidden sheet before it, or a sheet of a chart, is no sheet that a person means."""
    ways = {"rId5": ("chartsheet", "c.xml"), "rId6": ("worksheet", "hidden.xml")}
    before = (
        '<sheets><sheet name="C" sheetId="5" r:id="rId5"/>'
        '<sheet name="H" state="hidden" sheetId="6" r:id="rId6"/>'
    )
    parts = parts_with(ways=ways, more={"xl/hidden.xml": a_sheet()})
    parts["xl/workbook.xml"] = str(parts["xl/workbook.xml"]).replace("<sheets>", before)
    source = a_source(a_package(tmp_path, parts))
    assert changed_sheet(source.path, a_copy(source).path) == SHEET
