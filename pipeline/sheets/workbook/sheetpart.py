"""What a sheet's part holds beyond its values: formats, errors, formulas without a value, hiding.

Owns the XML of rows and cells (ECMA-376, part 1, 18.3.1). Must not know how a format shows a
number. The part is parsed in one stream, in which a large sheet's reading spends most of its time:
the parser builds the rows by itself, and of a row only the cells that are asked for are looked at.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from pipeline.core.model import CellValue, Formatted, Look, Uncalculated
from pipeline.core.rows.cells import column_letter
from pipeline.sheets.package.references import ROWS_LIMIT
from pipeline.sheets.workbook.bookparts import TRUE
from pipeline.sheets.workbook.container import damaged
from pipeline.sheets.workbook.glancing import column_number
from pipeline.sheets.workbook.wanted import MOMENTS, NUMBERS, Wanted

LONG_DIGITS: Final = 16
LONG_NUMBER: Final = re.compile(rf"-?[0-9]{{{LONG_DIGITS},300}}")
"""A whole number with more digits than Excel counts: another program wrote it, and meant them."""

LETTERS: Final = re.compile("[A-Z]{1,3}")


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


def amend_lines(
    path: Path,
    chunks: Iterable[bytes],
    lines: Mapping[int, list[CellValue]],
    looks: Mapping[str, Look],
) -> None:
    """Put into a few lines, by their rows' numbers, how each number in them is shown.

    The part is parsed until they are found, for which its first piece mostly does. Raises
    `InputFault`.
    """
    missing = {n: line for n, line in lines.items() if any(map(_is_number, line))}
    if not missing:
        return
    number = 0
    for row in _rows(path, chunks):
        number = _row_number(path, row, number)
        line = missing.pop(number, [])
        for place, cell in _placed(path, row) if line else ():
            if place < len(line) and _is_number(line[place]):
                line[place] = _amended(cell, line[place], looks)
        if not missing:
            return


def _is_number(value: CellValue) -> bool:
    """Whether a cell holds a number, which a moment is in a file."""
    return type(value) in NUMBERS or type(value) in MOMENTS


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
    if not number.isdecimal() or not 1 <= int(number) <= ROWS_LIMIT:
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
    number = number_of(text) if text and kind in {None, "n"} else None
    if number is None:
        # What is no number to us is sent as the text that it is.
        return text if isinstance(old, float) else old
    return number if look is None else Formatted(number, look)


def _child_text(cell: Element, name: str) -> str | None:
    """The text of a cell's value or formula; ``None`` where it has none, not even an empty one."""
    child = cell.find(cell.tag[:-1] + name)
    return None if child is None else (child.text or "").strip()


def number_of(text: str) -> int | float | None:
    """The number that a cell's text spells, with all its digits; ``None`` where it spells none."""
    if len(text) >= LONG_DIGITS and LONG_NUMBER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
