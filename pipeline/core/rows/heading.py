"""Where a table begins in a sheet that a person laid out. Owns the guess at its header row.

Must not know files. It is a guess: whoever takes it says so, and lets a person say otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pipeline.core.model import CellValue

ENOUGH: Final = 0.75
"""How much of the width of the rows below a header has: now and then a column has no name."""

ROWS_COUNTED: Final = 20
"""So many rows speak for a table: a long list of postcodes is no better table than a short one."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Where the headers of a sheet's table seem to stand."""

    row: int
    """The row's number, from 1."""
    is_found: bool
    """False: no row looks like headers, and this is the first one that holds anything."""
    weight: int
    """The cells of the table under it, as far as they count: of several sheets the heaviest is
    the one that is meant."""


def find_heading(lines: Sequence[Sequence[CellValue]]) -> Heading | None:
    """The headers among a sheet's first lines; ``None`` where there is no table at all.

    They are the first row that is about as wide as the rows below and all text, with a row right
    under it: so neither a title, nor a line such as "Exported on | 12 June", nor the groups above
    the headers are taken for them.
    """
    widths = [sum(map(_is_filled, line)) for line in lines]
    for place, line in enumerate(lines):
        below = [width for width in widths[place + 1 :][:ROWS_COUNTED] if width]
        if not below or not widths[place + 1]:
            continue
        if widths[place] >= ENOUGH * median(below) and all(map(_is_no_value, line)):
            return Heading(place + 1, is_found=True, weight=len(below) * widths[place])
    first = next((place for place, width in enumerate(widths) if width), None)
    if first is None or not any(widths[first + 1 :]):
        return None
    below = [width for width in widths[first + 1 :][:ROWS_COUNTED] if width]
    return Heading(first + 1, is_found=False, weight=len(below) * widths[first] // 2)


def _is_filled(value: CellValue) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _is_no_value(value: CellValue) -> bool:
    """Whether it can stand in a header: text that is no number or date, or nothing."""
    if not _is_filled(value):
        return True
    return isinstance(value, str) and (
        any(map(str.isalpha, value)) or not any(map(str.isdigit, value))
    )
