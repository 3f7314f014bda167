"""How columns are named, and how a config finds them."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import CellValue
from pipeline.core.rows.cells import NoSuchColumnError, column_letter, column_names, find_column


@pytest.mark.parametrize(
    ("index", "letter"),
    [(0, "A"), (25, "Z"), (26, "AA"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")],
)
def test_a_column_has_the_spreadsheets_letter(index: int, letter: str) -> None:
    """The last column of a workbook is XFD."""
    assert column_letter(index) == letter


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (("Company", "URL"), ("Company", "URL")),
        (("  First \n name ", "URL\u00a0"), ("First name", "URL")),
        (("Row", "Row"), ("Row (1)", "Row (2)")),
        (("Row", "URL", "Row", " Row "), ("Row (1)", "URL", "Row (2)", "Row (3)")),
        (("Row", "row"), ("Row", "row")),
        (("Company", None, ""), ("Company", "Column B", "Column C")),
        ((None, "Column A"), ("Column A (1)", "Column A (2)")),
        ((2024, 1.0, True), ("2024", "1", "TRUE")),
        ((), ()),
    ],
)
def test_every_column_has_a_name(header: tuple[CellValue, ...], names: tuple[str, ...]) -> None:
    """Blank headers go by their letters, and those that stand twice by their count."""
    assert column_names(header) == names


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["Row", " Row", "URL", "", "Tone\n2"]), max_size=8))
def test_every_column_is_found_by_its_name(header: list[str]) -> None:
    """The name that a column is given leads to it, also with other white space."""
    names = column_names(header)
    for index, name in enumerate(names):
        assert find_column(names, name) == index
        assert find_column(names, f"  {name.replace(' ', '  ')}\n") == index


def test_a_header_that_stands_twice_is_a_fault() -> None:
    """It is never guessed which of the two was meant: both are named, with their letters."""
    columns = column_names(["Company", "Row", "URL", "Row"])
    with pytest.raises(NoSuchColumnError) as caught:
        find_column(columns, "Row")
    assert caught.value.wrong == "the header 'Row' stands twice (columns B and D)"
    assert caught.value.remedy == "write 'Row (1)' or 'Row (2)'"


@pytest.mark.parametrize(
    ("columns", "name", "remedy"),
    [
        (("Company", "URL"), "Compny", "did you mean 'Company'?"),
        (("Company", "URL"), "company", "did you mean 'Company'?"),
        (("Company", "URL"), "Tone", "the columns are 'Company', 'URL'"),
        (("Row (draft)", "Row (final)"), "Row", "the columns are 'Row (draft)', 'Row (final)'"),
    ],
)
def test_a_name_that_is_no_column_is_told_with_what_is(
    columns: tuple[str, ...], name: str, remedy: str
) -> None:
    """The nearest header is named, or else the headers that there are."""
    with pytest.raises(NoSuchColumnError) as caught:
        find_column(columns, name)
    assert caught.value.wrong == f"the sheet has no column {name!r}"
    assert caught.value.remedy == remedy


def test_a_wide_sheet_is_not_told_whole() -> None:
    """At most a dozen headers are named in one line."""
    columns = tuple(f"Field {letter * 3}" for letter in "abcdefghijklmnop")
    with pytest.raises(NoSuchColumnError) as caught:
        find_column(columns, "0123456789")
    assert Counter(caught.value.remedy)[","] == 11
