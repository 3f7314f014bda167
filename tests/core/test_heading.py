"""Where a table begins in a sheet that a person laid out."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import CellValue
from pipeline.core.rows.heading import find_heading

HEADER = ("No", "Company", "Since", "Value")
ROWS = [(n, f"Firm {n}", date(2025, 1, n), 10.5 * n) for n in range(1, 6)]
TITLE = ("Customers of 2025",)

LAYOUTS: dict[str, tuple[int, Sequence[Sequence[CellValue]]]] = {
    "at the top": (1, [HEADER, *ROWS]),
    "a title right above": (2, [TITLE, HEADER, *ROWS]),
    "a title and a blank line": (3, [TITLE, (), HEADER, *ROWS]),
    "blank lines first": (3, [(None, None), ("  ",), HEADER, *ROWS]),
    "notes on the export": (4, [("Exported on", "12 June"), ("By", "Anna"), (), HEADER, *ROWS]),
    "groups above the headers": (2, [(None, "Firm", None, "Money"), HEADER, *ROWS]),
    "a column without a name": (1, [(None, *HEADER[1:]), *ROWS]),
    "a sign for a header": (1, [("#", *HEADER[1:]), *ROWS]),
    "text in every column": (2, [TITLE, ("Name", "Town"), ("Anna", "Ulm"), ("Ben", "Bonn")]),
    "one column": (1, [("Company",), ("Acme",), ("Initech",)]),
    "one column under a title": (3, [TITLE, (), ("Company",), ("Acme",), ("Initech",)]),
    "rows with many blanks": (1, [HEADER, *[(n, "Firm", None, None) for n in range(5)]]),
    "numbers as text": (2, [TITLE, HEADER, *[("1", "Firm", "2.6.2025", "1,5")] * 3]),
    "a table that ends, and a sum": (1, [HEADER, *ROWS, (), (None, None, None, 99)]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_headers_are_found_in_whatever_layout(layout: str) -> None:
    """The first row about as wide as the rows below and all text, with a row right under it."""
    row, lines = LAYOUTS[layout]
    heading = find_heading(lines)
    assert heading is not None
    assert (heading.row, heading.is_found) == (row, True)


def test_where_no_row_looks_like_headers_the_first_is_taken_and_it_is_known() -> None:
    """A sheet of numbers alone has a guess all the same, and nobody takes it for more."""
    heading = find_heading([(), *ROWS])
    assert heading is not None
    assert (heading.row, heading.is_found) == (2, False)


@pytest.mark.parametrize("lines", [[], [()], [("Title",)], [(None, ""), ("Title",), ()]])
def test_a_sheet_without_rows_holds_no_table(lines: list[tuple[CellValue, ...]]) -> None:
    """A cover sheet is not taken for the data."""
    assert find_heading(lines) is None


def test_a_wide_table_outweighs_a_long_list() -> None:
    """The sheet that is meant is the one with the data, not the one with the postcodes."""
    data = find_heading([HEADER, *ROWS * 10])
    postcodes = find_heading([("Zip", "Town"), *[(10000 + n, "Town") for n in range(59)]])
    assert data is not None
    assert postcodes is not None
    assert data.weight > postcodes.weight


CELLS = st.none() | st.text(max_size=4) | st.integers() | st.booleans() | st.floats()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=8))
def test_whatever_the_lines_the_row_is_one_of_them(lines: list[list[CellValue]]) -> None:
    """No layout makes it fail, and the row that it gives holds something and has rows below."""
    heading = find_heading(lines)
    if heading is not None:
        assert any(cell not in (None, "") for cell in lines[heading.row - 1])
        assert heading.row < len(lines)
