"""Which of a sheet's cells need more than their values, and whether any does. Must not know files.

A part of a sheet is costly to parse, so that it is only where the values leave something open: a
number in a column that is sent may have a format, a blank cell there may be a formula that was
never calculated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import NoneType
from typing import Final

from pipeline.core.model import CellValue, Look
from pipeline.core.rows.cells import NoSuchColumnError, column_letter, column_names, find_column
from pipeline.sheets.source import Source

MOMENTS: Final = frozenset({date, datetime, time, timedelta})

NUMBERS: Final = frozenset({int, float})
"""The types of a number's value; true and false are none."""

EXACT_DIGITS: Final = 1e15
"""From here on a number may have more digits in the file than a double keeps."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a part tells without being parsed."""

    has_errors: bool
    """Whether a cell may hold an error."""
    has_hidden: bool
    """Whether a row may be hidden."""
    last_row: int | None
    """The number of what looks like the last row; ``None`` where nothing does."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a sheet's part."""

    columns: frozenset[int]
    """The places of the columns that are sent."""
    exact: frozenset[int]
    """Those among them whose numbers are to be taken from the part, digit by digit."""
    looks: Mapping[str, Look]
    """By the number of a style, as it is written: those that show a number in its own way."""
    seeks_errors: bool
    """Whether any cell of the sheet may hold an error, in whatever column."""
    has_numbers: bool
    """Whether these columns hold any number."""
    has_blanks: bool
    """Whether these columns may hold a blank cell, in whatever row."""

    @property
    def has_formats(self) -> bool:
        """Whether a number in these columns may have a format."""
        return bool(self.exact) or (self.has_numbers and bool(self.looks))


def wanted_of(
    source: Source,
    grid: Sequence[Sequence[CellValue]],
    looks: Mapping[str, Look],
    seen: Glance,
) -> Wanted:
    """What is wanted, by the values in the columns that are sent."""
    places = _places(source, grid)
    rows = grid[source.header_row or 0 :]
    kinds: set[type] = set()
    exact = set()
    for place in places:
        column = [line[place] for line in rows]
        found = set(map(type, column))
        kinds |= found
        # A moment has lost its number, a long number some of its digits, and `nan` is none at all.
        if found & MOMENTS or any(
            isinstance(value, float) and not abs(value) < EXACT_DIGITS for value in column
        ):
            exact.add(place)
    # Rows that hold nothing but formulas without a value are not among the values at all.
    is_whole = not places or seen.last_row == len(grid)
    return Wanted(
        columns=places,
        exact=frozenset(exact),
        looks=looks,
        seeks_errors=seen.has_errors,
        has_numbers=float in kinds,
        has_blanks=NoneType in kinds or not is_whole,
    )


def sends_numbers(source: Source, grid: Sequence[Sequence[CellValue]]) -> bool:
    """Whether the columns that are sent hold any number."""
    rows = grid[source.header_row or 0 :]
    return any(type(line[place]) in NUMBERS for place in _places(source, grid) for line in rows)


def _places(source: Source, grid: Sequence[Sequence[CellValue]]) -> frozenset[int]:
    if not grid or (source.header_row or 0) > len(grid):
        return frozenset()
    names = (
        tuple(map(column_letter, range(len(grid[0]))))
        if source.header_row is None
        else column_names(grid[source.header_row - 1])
    )
    found = set()
    for column in source.mapped:
        try:
            found.add(find_column(names, column))
        except NoSuchColumnError:
            continue  # It is told with the config's other faults, where its key is known.
    return frozenset(found)
