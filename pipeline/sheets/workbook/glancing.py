"""What a sheet's part tells without being parsed: by marks in its bytes, and by its cells' names.

Owns the refusal of a sheet that is too large to be read. Must not know rows or what a cell holds:
a mark may stand in a text as well, and only tells that the part is worth parsing.
"""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

from pipeline.core.rows.cells import column_letter
from pipeline.errors import InputFault
from pipeline.sheets.workbook.bookparts import opening
from pipeline.sheets.workbook.wanted import Glance

ERROR_MARK: Final = b'"e"'
HIDDEN_MARK: Final = b"hidden"
FORMULA_MARKS: Final = frozenset({b"</f>", b":f>"})
LAST_ROW_MARK: Final = b'row r="'
"""What a part holds where it has an error, a hidden row, a formula, a row that tells its number."""

LONGEST_MARK: Final = 8

MOST_CELLS: Final = 100_000_000
"""More take several gigabytes; what reaches so far is a stray cell rather than data."""

REFERENCE: Final = re.compile("([A-Z]{1,3})([1-9][0-9]*)")
"""A cell's name: the letters of its column and the number of its row."""

CELL_MARK: Final = re.compile(rb'r="([A-Z]{1,3})([1-9][0-9]{0,9})"[^<>]*+(?<!/)>')
"""What names a cell with content in a part: one that has only a format takes no place. It may stand
in a text too, and then only measures more. The reader of the values takes rows of 32 bits."""

LONGEST_CELL_MARK: Final = 256

SHORT: Final = (1, 6)
"""A cell's name of so many letters and digits is not far: those up to it are 26 million at most."""


def glance(path: Path, part: str, chunks: Iterable[bytes]) -> Glance:
    """Look at a part's beginning, and for marks in all of it.

    Raises `InputFault` where it could not be read: as `opening` does, or where it is too large.
    """
    pieces = iter(chunks)
    first = next(pieces, b"")
    elements = opening(path, part, first)
    told = [attributes.get("ref", "") for name, attributes in elements if name == "dimension"]
    ends: deque[bytes] = deque(maxlen=3)
    checked = _checked(path, chain([first], pieces), _longer_than("".join(told)))
    marks = marks_in(_remembered(checked, ends), {ERROR_MARK, HIDDEN_MARK})
    return Glance(ERROR_MARK in marks, HIDDEN_MARK in marks, _last_row(b"".join(ends)))


def marks_in(chunks: Iterable[bytes], marks: Collection[bytes]) -> frozenset[bytes]:
    """Which of the marks stand in a part; it is taken to its last byte."""
    missing = set(marks)
    end = b""
    for chunk in chunks:
        if missing:
            window = end + chunk
            # Searched from its end, which takes half the time: a mark's first byte is seldom met.
            missing -= {mark for mark in missing if window.rfind(mark) >= 0}
            end = chunk[-LONGEST_MARK:]
    return frozenset(marks) - missing


def _remembered(chunks: Iterable[bytes], ends: deque[bytes]) -> Iterator[bytes]:
    """The chunks, of which the last ones are kept."""
    for chunk in chunks:
        ends.append(chunk)
        yield chunk


def _last_row(end: bytes) -> int | None:
    """The number of the last row in a part's last bytes; ``None`` where it can't be told."""
    number = end.rpartition(LAST_ROW_MARK)[2].partition(b'"')[0]
    return int(number) if LAST_ROW_MARK in end and number.isdigit() else None


def _longer_than(told: str) -> re.Pattern[bytes]:
    """What names a cell far beyond an area such as ``A1:F17``, which a sheet tells as its own.

    That is told in good faith at most: beyond it may be cells, and in it be none. Cells whose names
    are no longer than its last one's need not be measured, unless they could be too many even so.
    """
    last = REFERENCE.fullmatch(told.rpartition(":")[2])
    letters, digits = (len(last[1]), len(last[2])) if last else SHORT
    if letters == 1 or 26**letters * 10**digits > MOST_CELLS:
        letters, digits = SHORT
    # This passes over each cell of a large sheet: with its first letter told once it is faster.
    more = rb"[A-Z]{0,%d}" % (letters - 1) if letters > 1 else b""
    return re.compile(rb'r="[A-Z](?:[A-Z]{%d}|%b[0-9]{%d})' % (letters, more, digits + 1))


def _checked(path: Path, chunks: Iterable[bytes], far: re.Pattern[bytes]) -> Iterator[bytes]:
    """The chunks of a part; where one names a far cell, what looks like cells is measured."""
    row = column = 1
    end = b""
    for chunk in chunks:
        window = end + chunk
        if far.search(window):
            for letters, number in CELL_MARK.findall(window):
                row = max(row, int(number))
                column = max(column, column_number(letters.decode()))
            _check_extent(path, row, column)
        end = chunk[-LONGEST_CELL_MARK:]
        yield chunk


def _check_extent(path: Path, row: int, column: int) -> None:
    """That all cells up to this one fit into memory, where each takes a place."""
    if row * column > MOST_CELLS:
        last = f"{column_letter(column - 1)}{row}"
        raise InputFault(
            place=str(path),
            wrong=f"its cells reach to {last}, which is too far to be read",
            remedy="delete the rows and columns beyond the data (Ctrl+End leads there), save again",
        )


@cache
def column_number(letters: str) -> int:
    """A column's number, from 1, by its letters: kept, since a sheet asks for few, and often."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
