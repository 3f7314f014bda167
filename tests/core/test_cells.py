"""From cells to text and from outputs to cells."""

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import CellValue, Json, NewCell, Uncalculated
from pipeline.core.rows.cells import NoSuchOutputError, find_output, is_blank, new_cell, shown

LIMIT: Final = 2**53


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("  padded ", "  padded "),
        ("00123", "00123"),
        (True, "TRUE"),
        (False, "FALSE"),
        (0, "0"),
        (-7, "-7"),
        (10**20, "100000000000000000000"),
        (1.0, "1"),
        (-0.0, "0"),
        (-3.0, "-3"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e20, "1e+20"),
        (1.5e-7, "1.5e-07"),
        (float(LIMIT - 1), "9007199254740991"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02"),
        (datetime(2024, 1, 2), "2024-01-02"),  # noqa: DTZ001 - a spreadsheet knows no zones
        (datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"),  # noqa: DTZ001 - likewise
        (datetime(2024, 1, 2, 0, 0, 1), "2024-01-02T00:00:01"),  # noqa: DTZ001 - likewise
        (time(3, 4), "03:04:00"),
        (time(0), "00:00:00"),
        (time(23, 59, 59, 500_000), "23:59:59.500000"),
        (timedelta(), "0:00:00"),
        (timedelta(minutes=5), "0:05:00"),
        (timedelta(hours=26), "26:00:00"),
        (timedelta(days=100, seconds=1), "2400:00:01"),
        (timedelta(hours=-26, minutes=-1), "-26:01:00"),
        (timedelta(seconds=59, milliseconds=999), "0:01:00"),
    ],
)
def test_a_cell_shows_as_text(value: CellValue, text: str) -> None:
    """Every type of cell is one text, the same on every machine."""
    assert shown(value) == text


@settings(deadline=None, max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_loses_a_digit(value: float) -> None:
    """A number's text is the number again: two numbers that differ never make one row."""
    assert float(shown(value)) == value


@settings(deadline=None, max_examples=100)
@given(st.timedeltas(timedelta(days=-40), timedelta(days=40)))
def test_a_duration_is_right_to_the_second(value: timedelta) -> None:
    """Hours may pass 24, minutes and seconds have two digits, and the sign counts for all."""
    hours, minutes, seconds = (int(part) for part in shown(value).lstrip("-").split(":"))
    total = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    sign = -1 if shown(value).startswith("-") else 1
    assert abs(sign * total - value) <= timedelta(seconds=0.5)
    assert 0 <= minutes < 60
    assert 0 <= seconds < 60


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        ("", None),
        (" ", " "),
        ("=1+1", "=1+1"),
        (True, "TRUE"),
        (False, "FALSE"),
        (0, 0),
        (LIMIT, LIMIT),
        (LIMIT + 1, str(LIMIT + 1)),
        (-LIMIT, -LIMIT),
        (-LIMIT - 1, str(-LIMIT - 1)),
        (0.5, 0.5),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        ([], "[]"),
        (["Zürich", 1, None], '["Zürich", 1, null]'),
        ({"a": {"b": [True]}}, '{"a": {"b": [true]}}'),
    ],
)
def test_an_output_becomes_text_or_a_number(value: Json, cell: NewCell) -> None:
    """What a spreadsheet can't hold as it is, it holds as text, every digit kept."""
    written = new_cell(value)
    assert (written, type(written)) == (cell, type(cell))


@pytest.mark.parametrize(
    ("outputs", "path", "value"),
    [
        ({"Email": "Dear Ada"}, "Email", "Dear Ada"),
        ({"Email": None}, "Email", None),
        ({"a": {"b": {"c": 1}}}, "a.b.c", 1),
        ({"a": [10, {"b": 20}]}, "a.1.b", 20),
        ({"a": [10]}, "a.0", 10),
        ({"a": {"0": "named"}}, "a.0", "named"),
        ({"a.b": "whole", "a": {"b": "step"}}, "a.b", "whole"),
        ({"a": '{"b": [1, 2]}'}, "a.b.1", 2),
        ({"a": '{"b": "{\\"c\\": 3}"}'}, "a.b.c", 3),
        ({"a": '{"b": 1}'}, "a", '{"b": 1}'),
        ({"": "nameless"}, "", "nameless"),
    ],
)
def test_an_output_is_found_by_its_path(outputs: dict[str, Json], path: str, value: Json) -> None:
    """Names, dotted names, list positions, and JSON that stands inside text."""
    assert find_output(outputs, path) == value


@pytest.mark.parametrize(
    ("outputs", "path"),
    [
        ({}, "Email"),
        ({"Email": "x"}, "email"),
        ({"a": {"b": 1}}, "a.c"),
        ({"a": {"b": 1}}, "a.b.c"),
        ({"a": [1]}, "a.1"),
        ({"a": [1]}, "a.-1"),
        ({"a": [1]}, "a.x"),
        ({"a": [1]}, "a."),
        ({"a": "no JSON {"}, "a.b"),
        ({"a": "17"}, "a.b"),
        ({"a": None}, "a.b"),
    ],
)
def test_an_output_that_is_not_there_is_told(outputs: dict[str, Json], path: str) -> None:
    """A path that leads nowhere is never a blank that looks like an answer."""
    with pytest.raises(NoSuchOutputError):
        find_output(outputs, path)


@pytest.mark.parametrize(
    ("value", "blank"),
    [(None, True), (" \u00a0", True), ("0", False), (0, False), (Uncalculated(), False)],
)
def test_a_cell_is_blank_where_nothing_stands_in_it(value: CellValue, *, blank: bool) -> None:
    """A formula shows nothing before it is calculated, and is no nothing."""
    assert is_blank(value) is blank
