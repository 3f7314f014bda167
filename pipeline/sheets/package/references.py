"""Cell references and ranges, as A1 and B2:C9, to numbers and back. Columns and rows from 1.

By ECMA-376, part 1, 18.18.62 (ST_Ref). Must not know sheets.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipeline.core.rows.cells import column_letter
from pipeline.sheets.package.parts import PartError

DIGITS: Final = "0123456789"
COLUMNS_LIMIT: Final = 16_384
ROWS_LIMIT: Final = 1_048_576
"""The size of a sheet, by Excel's "specifications and limits"."""

ORD_BEFORE_A: Final = ord("A") - 1


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, its corners included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def __contains__(self, cell: tuple[int, int]) -> bool:
        """Whether a cell, by row and column, lies within."""
        row, column = cell
        return (
            self.first_row <= row <= self.last_row
            and self.first_column <= column <= self.last_column
        )

    @property
    def is_one_cell(self) -> bool:
        """Whether it is no larger than its first cell."""
        return (self.first_row, self.first_column) == (self.last_row, self.last_column)

    def joined(self, other: "Area") -> "Area":
        """The smallest area that holds both."""
        return Area(
            min(self.first_row, other.first_row),
            min(self.first_column, other.first_column),
            max(self.last_row, other.last_row),
            max(self.last_column, other.last_column),
        )

    def __str__(self) -> str:
        first = f"{column_letter(self.first_column - 1)}{self.first_row}"
        last = f"{column_letter(self.last_column - 1)}{self.last_row}"
        return f"{first}:{last}"


@lru_cache(maxsize=COLUMNS_LIMIT)
def column_number(letters: str) -> int:
    """A column's number by its letters: A is 1. Raises `PartError` where they are none."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise _no_place()
        number = 26 * number + ord(letter) - ORD_BEFORE_A
    if not 1 <= number <= COLUMNS_LIMIT:
        raise _no_place()
    return number


def row_number(digits: str) -> int:
    """A row's number by its digits. Raises `PartError` where they are none."""
    if not digits.isdecimal() or not 1 <= int(digits[:9]) <= ROWS_LIMIT:
        raise _no_place()
    return int(digits)


def cell_of(reference: str) -> tuple[int, int]:
    """A cell's row and column. Raises `PartError` where it is no reference."""
    plain = reference.replace("$", "")
    letters = plain.rstrip(DIGITS)
    return row_number(plain[len(letters) :]), column_number(letters)


def area_of(reference: str) -> Area:
    """An area, or a cell as an area of one. Raises `PartError` where it is no reference."""
    first, _, last = reference.partition(":")
    return Area(*cell_of(first), *cell_of(last or first))


def _no_place() -> PartError:
    size = f"{COLUMNS_LIMIT:,} columns and {ROWS_LIMIT:,} rows"
    return PartError(f"one of its parts names a cell that is not in a sheet of Excel's {size}")
