"""Columns that the sheet has already: what is replaced, and what follows from that."""

from pathlib import Path

import pytest

from pipeline.errors import OutputFault
from pipeline.sheets import read, rehearse
from pipeline.sheets.writeback.headers import strings_at
from tests.sheets.builders import a_copy, a_source, a_workbook, opened
from tests.sheets.features import STRINGS
from tests.sheets.fidelity import changed_parts, parts_of
from tests.sheets.rawworkbooks import (
    MAIN,
    SHEET,
    STYLES,
    a_package,
    a_sheet,
    content_types,
    parts_with,
)

HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>Email</t></is></c></row>'
)
MERGED = '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>'
CHAIN = "xl/calcChain.xml"


def a_filled_sheet(*cells: str, after: str = "") -> str:
    """A sheet whose column B is Email, with these cells in it from row 2 on."""
    rows = "".join(
        f'<row r="{n}" spans="1:2"><c r="A{n}"><v>{n}</v></c>{cell}</row>'
        for n, cell in enumerate(cells, 2)
    )
    return a_sheet(HEADER + rows, after=after)


def sheet_of(path: Path) -> str:
    """The sheet's part as text."""
    return parts_of(path).content[SHEET].decode()


def test_a_cell_keeps_its_style_and_loses_the_rest(tmp_path: Path) -> None:
    """The format that the person chose stays; the old value, its kind and its formula go."""
    sheet = a_filled_sheet('<c r="B2" s="2" t="str" cm="1"><f>A2</f><v>old</v></c>', "")
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    copy = sheet_of(a_copy(source, {2: ["new"], 3: [None]}).path)
    new = '<c r="B2" s="2" t="inlineStr"><is><t xml:space="preserve">new</t></is></c>'
    assert sheet.replace('<c r="B2" s="2" t="str" cm="1"><f>A2</f><v>old</v></c>', new) == copy


def test_nothing_empties_a_cell_and_makes_none(tmp_path: Path) -> None:
    """`None` leaves the cell without content and with its format; where none was, none comes."""
    sheet = a_filled_sheet('<c r="B2" s="2"><v>1</v></c>', "")
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    copy = sheet_of(a_copy(source, {2: [None], 3: [None]}).path)
    assert copy == sheet.replace('<c r="B2" s="2"><v>1</v></c>', '<c r="B2" s="2"/>')


def test_a_cell_that_gets_nothing_keeps_none_of_the_others_empty(tmp_path: Path) -> None:
    """Of two columns that stand there, the second is filled though the first has nothing new."""
    names = ("Name", "Email", "Phone", "Score")
    rows = [names, ("Ada", None, "7", "old")]
    copy = opened(
        a_copy(a_source(a_workbook(tmp_path, rows)), {2: [None, "x"]}, ["Email", "Score"]).path
    )
    assert [cell.value for cell in copy[2]] == ["Ada", None, "7", "x"]


def test_an_output_as_the_next_input_grows_no_more_styles(tmp_path: Path) -> None:
    """Text that looks like a formula needs one style more, once; plain text takes its mark off."""
    source = a_source(a_package(tmp_path, parts_with()))
    first = a_copy(source, {2: ["=1"]}, name="first.xlsx").path
    second = a_copy(a_source(first), {2: ["=2"]}, name="second.xlsx").path
    third = a_copy(a_source(second), {2: ["plain"]}, name="third.xlsx").path
    assert changed_parts(source.path, first) == {SHEET, "xl/styles.xml"}
    assert changed_parts(first, second) == {SHEET}
    assert changed_parts(second, third) == {SHEET}
    assert [opened(path)["C2"].quotePrefix for path in (first, third)] == [True, False]


def test_a_style_that_is_added_differs_in_its_mark_alone(tmp_path: Path) -> None:
    """Fonts, alignment and format are those of the style that the cell had."""
    sheet = a_filled_sheet('<c r="B2" s="2"><v>1</v></c>')
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    cell = opened(a_copy(source, {2: ["=1"]}).path)["B2"]
    assert (cell.quotePrefix, cell.alignment.wrap_text) == (True, True)


def test_without_a_part_of_styles_text_is_text_all_the_same(tmp_path: Path) -> None:
    """There is nothing to mark it with, and it is no formula."""
    parts = {n: c for n, c in parts_with().items() if n != "xl/styles.xml"}
    source = a_source(a_package(tmp_path, parts))
    copy = a_copy(source, {2: ["=1+1"]}).path
    assert changed_parts(source.path, copy) == {SHEET}
    assert '<c r="C2" t="inlineStr"><is><t xml:space="preserve">=1+1</t>' in sheet_of(copy)


@pytest.mark.parametrize(
    ("cell", "after", "row", "told"),
    [
        ("", MERGED, 3, "B3: the cell is merged"),
        ('<c r="B2"><f t="shared" si="0" ref="B2:B3">A2</f></c>', "", 2, "B2: the cell's formula"),
        ('<c r="B2"><f t="array" ref="B2:B3">A2</f></c>', "", 3, "B3: the cell's formula"),
        ('<c r="B2"><f t="array" ref="B2:C2">A2</f></c>', "", 2, "B2: the cell's formula"),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_alone_is_not_filled(
    tmp_path: Path, cell: str, after: str, row: int, told: str
) -> None:
    """A merged cell, or one whose formula fills others, is told with its place, before."""
    source = a_source(a_package(tmp_path, parts_with(a_filled_sheet(cell, "", after=after))))
    with pytest.raises(OutputFault, match=f"Leads!{told}"):
        rehearse(source, ["Email"], {row})


@pytest.mark.parametrize("kind", ["shared", "array"])
def test_a_formula_over_several_cells_goes_where_all_of_them_are_filled(
    tmp_path: Path, kind: str
) -> None:
    """Then there is none left that depends on it."""
    formula = f'<c r="B2"><f t="{kind}" si="0" ref="B2:B3">A2</f><v>1</v></c>'
    sheet = a_filled_sheet(formula, '<c r="B3"><v>1</v></c>')
    source = a_source(a_package(tmp_path, parts_with(sheet)))
    assert "<f" not in sheet_of(a_copy(source, {2: ["x"], 3: ["y"]}).path)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ('t="s"><v>0</v>', "Na"),
        ('t="s"><v>1</v>', "Name"),
        ('t="s"><v>2</v>', "Nr"),
        ('t="inlineStr"><is><r><t>a_x0041_</t></r><r><t>b</t></r></is>', "aAb"),
        ('t="str"><f>X</f><v>a</v>', "a"),
        ('t="b"><v>1</v>', "TRUE"),
        ("><v>2024</v>", "2024"),
        ("><v>1.50</v>", "1.5"),
        ('t="n"><v>2024.0</v>', "2024"),
        ('s="1"><v>45293</v>', "2024-01-02"),
        ('s="3"><v>0.1</v>', "10%"),
        ('s="4"><v>2024</v>', "2,024"),
        ("><v>1234567890123456789</v>", "1234567890123456789"),
    ],
)  # fmt: skip
def test_a_header_is_known_by_its_text(tmp_path: Path, cell: str, name: str) -> None:
    """However the file holds it: shared, in runs, without hints, as a number with a format."""
    header = f'<row r="1"><c r="A1"><v>1</v></c><c r="B1" {cell}</c></row>'
    ways = {"rId9": ("sharedStrings", "sharedStrings.xml")}
    rows = a_sheet(header + '<row r="2"><c r="A2"><v>2</v></c></row>')
    formats = '<xf numFmtId="9" xfId="0"/><xf numFmtId="3" xfId="0"/></cellXfs>'
    more = {
        "xl/sharedStrings.xml": STRINGS,
        "xl/styles.xml": STYLES.replace("</cellXfs>", formats),
    }
    source = a_source(a_package(tmp_path, parts_with(rows, more=more, ways=ways)))
    assert name == read(source).columns[1]
    part = sheet_of(a_copy(source, {2: ["x"]}, [name]).path)
    assert '<c r="B2" t="inlineStr">' in part
    assert "C1" not in part


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_shared_texts_are_found_however_their_part_is_cut(size: int) -> None:
    """A long part comes in pieces; what is behind the last text that is wanted is not read."""
    part = STRINGS.encode()
    chunks = [part[at : at + size] for at in range(0, len(part), size)]
    assert strings_at([*chunks, b"no end"], {0, 2}, "strings") == {0: "Na", 2: "Nr"}


def test_shared_texts_that_are_damaged_are_named(tmp_path: Path) -> None:
    """A person sees which of the many parts it is."""
    header = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    ways = {"rId9": ("sharedStrings", "sharedStrings.xml")}
    parts = parts_with(a_sheet(header), more={"xl/sharedStrings.xml": "<sst></si>"}, ways=ways)
    with pytest.raises(OutputFault, match=r"its part xl/sharedStrings\.xml is damaged"):
        a_copy(a_source(a_package(tmp_path, parts)))


def with_chain(*cells: str) -> dict[str, str | bytes]:
    """A workbook with formulas in B2 and B3, and this order of calculation."""
    formulas = [f'<c r="B{n}"><f>A{n}</f><v>1</v></c>' for n in (2, 3)]
    chain = f'<calcChain xmlns="{MAIN}">{"".join(cells)}</calcChain>'
    ways = {"rId7": ("calcChain", "calcChain.xml")}
    parts = parts_with(a_filled_sheet(*formulas), more={CHAIN: chain}, ways=ways)
    return {**parts, "[Content_Types].xml": content_types(CHAIN)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (['<c r="B2" i="1"/>', '<c r="B3"/>'], ['<c i="1" r="B3"/>']),
        (['<c r="B3" i="1"/>', '<c r="B2"/>'], ['<c r="B3" i="1"/>']),
        (['<c r="B2" i="2"/>', '<c r="B2" i="1"/>'], ['<c r="B2" i="2"/>']),
        (['<c r="B2" i="1"/>', '<c r="C9" i="3"/>'], ['<c r="C9" i="3"/>']),
        (['<c r="C2" i="1"/>'], ['<c r="C2" i="1"/>']),
    ],
)
def test_the_order_of_calculation_forgets_a_formula_that_went(
    tmp_path: Path, before: list[str], after: list[str]
) -> None:
    """Excel takes a chain that names a cell without a formula for damage; the others stay in it."""
    source = a_source(a_package(tmp_path, with_chain(*before)))
    chain = parts_of(a_copy(source, {2: ["x"]}).path).content[CHAIN].decode()
    assert chain == f'<calcChain xmlns="{MAIN}">{"".join(after)}</calcChain>'


def test_an_order_of_calculation_without_cells_goes_with_all_its_mentions(tmp_path: Path) -> None:
    """An empty chain would be damage too: the part, its type and the way to it are gone."""
    source = a_source(a_package(tmp_path, with_chain('<c r="B2" i="1"/>')))
    old, new = parts_of(source.path).content, parts_of(a_copy(source, {2: ["x"]}).path).content
    assert old.keys() - new.keys() == {CHAIN}
    assert b"calcChain" in old["[Content_Types].xml"] + old["xl/_rels/workbook.xml.rels"]
    assert b"calcChain" not in b"".join(new.values())
    assert b'PartName="/xl/workbook.xml"' in new["[Content_Types].xml"]


def test_the_order_of_calculation_stays_where_no_formula_went(tmp_path: Path) -> None:
    """A new column touches none of it."""
    source = a_source(a_package(tmp_path, with_chain('<c r="B2" i="1"/>')))
    assert changed_parts(source.path, a_copy(source, {2: ["x"]}, ["Score"]).path) == {SHEET}
