"""What a sheet's part holds beyond its values: formats, errors, formulas without a value, hiding.

Owns the XML of rows and cells (ECMA-376, part 1, 18.3.1). Must not know how a format shows a
number. The part is parsed in one stream, in which a large sheet's reading spends most of its time:
the parser builds the rows by itself, and of a row only the cells that are asked for are looked at.
"""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from pipeline.core.model import CellValue, Formatted, Look, Uncalculated
from pipeline.core.rows.cells import column_letter
from pipeline.errors import InputFault
from pipeline.sheets.workbook.bookparts import TRUE, opening
from pipeline.sheets.workbook.container import damaged
from pipeline.sheets.workbook.wanted import Glance, Wanted

ERROR_MARK: Final = b'"e"'
HIDDEN_MARK: Final = b"hidden"
FORMULA_MARKS: Final = frozenset({b"</f>", b":f>"})
LAST_ROW_MARK: Final = b'row r="'
"""What a part holds where it has an error, a hidden row, a formula, a row that tells its number.

A mark may stand in a text as well: it only tells that the part is worth parsing.
"""

LONGEST_MARK: Final = 8

MOST_ROWS: Final = 1_048_576
"""The rows of a sheet, by Excel's "specifications and limits"."""

MOST_CELLS: Final = 100_000_000
"""More take several gigabytes; what reaches so far is a stray cell rather than data."""

LONG_DIGITS: Final = 16
LONG_NUMBER: Final = re.compile(rf"-?[0-9]{{{LONG_DIGITS},300}}")
"""A whole number with more digits than Excel counts: another program wrote it, and meant them."""

REFERENCE: Final = re.compile("([A-Z]{1,3})([1-9][0-9]*)")
"""A cell's name: the letters of its column and the number of its row."""

CELL_MARK: Final = re.compile(rb'r="([A-Z]{1,3})([1-9][0-9]{0,9})"[^<>]*+(?<!/)>')
"""What names a cell with content in a part: one that has only a format takes no place. It may stand
in a text too, and then only measures more. The reader of the values takes rows of 32 bits."""

LONGEST_CELL_MARK: Final = 256

SHORT: Final = (1, 6)
"""A cell's name of so many letters and digits is not far: those up to it are 26 million at most."""

LETTERS: Final = re.compile("[A-Z]{1,3}")


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


def amend(
    path: Path, chunks: Iterable[bytes], grid: list[list[CellValue]], wanted: Wanted
) -> frozenset[int]:
    """Put into the grid what a sheet's part tells of its cells; gives the numbers of hidden rows.

    The grid's first line is the sheet's row 1, each line's first cell is in column A. Raises
    `InputFault`.
    """
    letters = {place: column_letter(place) for place in sorted(wanted.columns)}
    hidden = set()
    number = 0
    for row in _rows(path, chunks):
        number = _row_number(path, row, number)
        if row.get("hidden") in TRUE:
            hidden.add(number)
        line = grid[number - 1] if number <= len(grid) else []
        if not _amend_full(row, line, letters, wanted):
            _amend_sparse(path, row, number, grid, wanted)
    return frozenset(hidden)


def _rows(path: Path, chunks: Iterable[bytes]) -> Iterator[Element]:
    """The part's rows in order, of which only a chunk's are held at once."""
    builder = TreeBuilder()
    parser = XMLParser(target=builder)  # noqa: S314 - a document type was refused before
    sheet_data: Element | None = None
    try:
        for chunk in chunks:
            parser.feed(chunk)
            if sheet_data is None:
                # The builder gives its root while that is still open. Events would tell of the
                # rows too, but of every other element as well, in twice the time.
                root = builder.close()
                sheet_data = root.find(root.tag.replace("worksheet", "sheetData"))
            if sheet_data is not None:
                # The last row may have cells to come.
                yield from sheet_data[:-1]
                del sheet_data[:-1]
    except ParseError:
        raise damaged(path) from None
    if sheet_data is not None:
        yield from sheet_data


def _row_number(path: Path, row: Element, before: int) -> int:
    """A row's number; one that does not tell its own stands below the one before."""
    number = row.get("r")
    if number is None:
        return before + 1
    if not number.isdecimal() or not 1 <= int(number) <= MOST_ROWS:
        raise damaged(path)
    return int(number)


def _amend_full(
    row: Element, line: list[CellValue], letters: Mapping[int, str], wanted: Wanted
) -> bool:
    """Amend a line of whose cells none is left out; false where this is another, or has an error.

    Then each cell stands at its column's place. This runs for each row of a large sheet: what is
    most often met is met first, and in line.
    """
    # An error comes as a blank value.
    if wanted.seeks_errors and (None in line or len(line) < len(row)):
        return False
    number, width = row.get("r", ""), min(len(row), len(line))
    looks, exact = wanted.looks, wanted.exact
    for place, letter in letters.items():
        old = line[place] if place < width else None
        if isinstance(old, str):
            continue
        cell = row[place] if place < width else None
        if cell is None or cell.get("r") != letter + number:
            return False
        if isinstance(old, float) and place not in exact:
            look = looks.get(cell.get("s", "0"))
            if look is not None:
                line[place] = Formatted(old, look)
        else:
            line[place] = _amended(cell, old, looks)
    return True


def _amend_sparse(
    path: Path, row: Element, number: int, grid: list[list[CellValue]], wanted: Wanted
) -> None:
    """Amend a line cell by cell, each of which is asked where it stands."""
    line = grid[number - 1] if number <= len(grid) else []
    for place, cell in _placed(path, row):
        if place in wanted.columns or cell.get("t") == "e":
            old = line[place] if place < len(line) else None
            new = _amended(cell, old, wanted.looks)
            if new is not old:
                line = _put(grid, number, place, new)


def _placed(path: Path, row: Element) -> Iterator[tuple[int, Element]]:
    """All cells with their places; one that tells none stands right of the one before."""
    place = -1
    for cell in row:
        reference = cell.get("r")
        place = place + 1 if reference is None else _place_of(path, reference)
        yield place, cell


def _place_of(path: Path, reference: str) -> int:
    letters = reference.rstrip("0123456789")
    if not LETTERS.fullmatch(letters):
        raise damaged(path)
    return column_number(letters) - 1


def _put(grid: list[list[CellValue]], number: int, place: int, value: CellValue) -> list[CellValue]:
    """Put a cell into its line, which is given back: it may stand beyond all that have a value."""
    grid.extend([] for _ in range(number - len(grid)))
    line = grid[number - 1]
    line.extend([None] * (place + 1 - len(line)))
    line[place] = value
    return line


def _amended(cell: Element, old: CellValue, looks: Mapping[str, Look]) -> CellValue:
    """What a cell holds, given its value as far as it is known."""
    kind = cell.get("t")
    text = _child_text(cell, "v")
    if kind == "e":
        return text or old
    if isinstance(old, str | bool):
        return old
    look = looks.get(cell.get("s", "0"))
    # Excel writes an empty value for a formula that gave empty text, and none before it has one.
    is_empty_text = kind == "str" and text is not None
    if not text and not is_empty_text and _child_text(cell, "f") is not None:
        return Uncalculated()
    number = _number_of(text) if text and kind in {None, "n"} else None
    if number is None:
        # What is no number to us is sent as the text that it is.
        return text if isinstance(old, float) else old
    return number if look is None else Formatted(number, look)


def _child_text(cell: Element, name: str) -> str | None:
    """The text of a cell's value or formula; ``None`` where it has none, not even an empty one."""
    child = cell.find(cell.tag[:-1] + name)
    return None if child is None else (child.text or "").strip()


@cache
def column_number(letters: str) -> int:
    """A column's number, from 1, by its letters: kept, since a sheet asks for few, and often."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number_of(text: str) -> int | float | None:
    if len(text) >= LONG_DIGITS and LONG_NUMBER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
