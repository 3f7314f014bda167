"""One look over a sheet's part: where its rows stand, and what must be known before it is added to.

Owns the places. Streams the part through expat, so that memory holds four numbers a row and never
the cells. By ECMA-376, part 1, 18.3.1. Must not know what will be written, nor where.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pipeline.sheets.package.parts import (
    PartError,
    a_parser,
    check_spelling,
    local,
    parsed,
)
from pipeline.sheets.package.references import (
    DIGITS,
    Area,
    area_of,
    column_number,
    row_number,
)

SHEET_DEPTH: Final = 1
UTF8: Final = "utf-8"

Numbers: TypeAlias = "array[int]"
"""Spelled as text: the class itself takes no parameter."""


@dataclass(slots=True)
class Rows:
    """The row elements in the order of the part, a number each in every array."""

    numbers: Numbers = field(default_factory=lambda: array("L"))
    starts: Numbers = field(default_factory=lambda: array("Q"))
    """Where a row's start tag begins."""
    ends: Numbers = field(default_factory=lambda: array("Q"))
    """Where its end tag begins; behind it where the row is an empty element."""
    last_columns: Numbers = field(default_factory=lambda: array("H"))
    """The last column that has a cell, with content or without; 0 where there is none."""
    last_contents: Numbers = field(default_factory=lambda: array("H"))
    """The last column that has a cell with content; 0 where the row is blank."""

    def with_content(self) -> Iterator[int]:
        """The numbers of the rows that are not blank."""
        return (n for n, last in zip(self.numbers, self.last_contents, strict=True) if last)


@dataclass(frozen=True, slots=True)
class Piece:
    """An element before the rows that may have to change: where it stands, up to its end tag."""

    start: int
    end: int


@dataclass(slots=True)
class Layout:
    """What a look over a sheet's part found. Grows during the look, and not after."""

    rows: Rows = field(default_factory=Rows)
    prefix: str = ""
    """What stands before the name of a row, as ``x:``."""
    merges: list[Area] = field(default_factory=list)
    arrays: list[Area] = field(default_factory=list)
    """The areas of formulas that fill several cells at once."""
    shared: list[tuple[Area, int, int]] = field(default_factory=list)
    """The areas of shared formulas, each with the row and column of the cell that spells it."""
    formula_columns: set[int] = field(default_factory=set)
    dimension: Piece | None = None
    columns: Piece | None = None

    def content_end(self, first_row: int) -> int:
        """The last column that holds anything, or is merged beside the rows from this one on."""
        merged = [area.last_column for area in self.merges if area.last_row >= first_row]
        arrays = [area.last_column for area in self.arrays]
        return max(*merged, *arrays, max(self.rows.last_contents, default=0), 0)


def survey(chunks: Iterable[bytes], part: str) -> Layout:
    """Look over a worksheet's part. Raises `PartError`."""
    surveyor = _Surveyor(part)
    return parsed(lambda: surveyor.look_over(chunks), part)


class _Surveyor:
    """Expat's handlers. A sheet has millions of cells, so those within the rows are spare."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._layout = Layout()
        self._depth = 0
        self._opened_at = 0
        self._data_name = self._row_name = self._cell_name = self._formula_name = ""
        # The row that is open.
        self._number = self._row_start = self._column = self._last_column = self._content = 0
        self._is_unnumbered = False
        # As other readers count: a row whose cells alone have numbers does not move the next one.
        self._counted = 0
        self._parser = a_parser()
        self._parser.XmlDeclHandler = self._declaration
        self._handle_outside()

    def look_over(self, chunks: Iterable[bytes]) -> Layout:
        is_first = True
        for chunk in chunks:
            if is_first:
                check_spelling(chunk, self._part)
                is_first = not chunk
            self._parser.Parse(chunk, False)  # noqa: FBT003 - C's own way
        self._parser.Parse(b"", True)  # noqa: FBT003 - C's own way
        return self._layout

    def _declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding is not None and encoding.lower() != UTF8:
            raise PartError(f"its part {self._part} is spelled in {encoding.lower()}")

    def _handle_outside(self) -> None:
        self._parser.StartElementHandler = self._start_outside
        self._parser.EndElementHandler = self._end_outside

    def _start_outside(self, name: str, attributes: Sequence[str]) -> None:
        kind = local(name)
        if self._depth == 0 and kind != "worksheet":
            raise PartError(f"its part {self._part} is no worksheet")
        if self._depth == SHEET_DEPTH:
            self._opened_at = self._parser.CurrentByteIndex
            if kind == "sheetData":
                self._enter_data(name)
        elif kind == "mergeCell" and (reference := _value(attributes, "ref")):
            self._layout.merges.append(area_of(reference))
        self._depth += 1

    def _end_outside(self, name: str) -> None:
        self._depth -= 1
        if self._depth != SHEET_DEPTH:
            return
        piece = Piece(self._opened_at, self._parser.CurrentByteIndex)
        match local(name):
            case "dimension":
                self._layout.dimension = piece
            case "cols":
                self._layout.columns = piece
            case _:
                pass

    def _enter_data(self, name: str) -> None:
        prefix = name.removesuffix("sheetData")
        self._layout.prefix = prefix
        self._data_name = name
        self._row_name, self._cell_name = f"{prefix}row", f"{prefix}c"
        self._formula_name = f"{prefix}f"
        self._parser.StartElementHandler = self._start_inside
        self._parser.EndElementHandler = self._end_inside

    def _start_inside(self, name: str, attributes: list[str]) -> None:
        if name == self._cell_name:
            if attributes and attributes[0] == "r":
                self._place_cell(attributes[1])
            elif (reference := _value(attributes, "r")) is not None:
                self._place_cell(reference)
            else:
                self._column += 1
            if self._column > self._last_column:  # noqa: PLR1730 - a call takes longer
                self._last_column = self._column
        elif name == self._row_name:
            self._start_row(attributes)
        else:
            # Anything within a cell is content: a value, a formula, a text.
            if self._column > self._content:  # noqa: PLR1730 - as above
                self._content = self._column
            if name == self._formula_name:
                self._note_formula(attributes)

    def _end_inside(self, name: str) -> None:
        if name == self._row_name:
            rows = self._layout.rows
            rows.numbers.append(self._number)
            rows.starts.append(self._row_start)
            rows.ends.append(self._parser.CurrentByteIndex)
            rows.last_columns.append(self._last_column)
            rows.last_contents.append(self._content)
        elif name == self._data_name:
            self._handle_outside()
            self._end_outside(name)

    def _start_row(self, attributes: Sequence[str]) -> None:
        self._row_start = self._parser.CurrentByteIndex
        number = _value(attributes, "r")
        self._is_unnumbered = number is None
        self._counted = self._counted + 1 if number is None else row_number(number)
        self._number = self._counted
        self._column = self._last_column = self._content = 0

    def _place_cell(self, reference: str) -> None:
        letters = reference.rstrip(DIGITS)
        self._column = column_number(letters)
        if self._is_unnumbered:
            self._number = row_number(reference[len(letters) :])

    def _note_formula(self, attributes: Sequence[str]) -> None:
        self._layout.formula_columns.add(self._column)
        reference = _value(attributes, "ref")
        if reference is None:
            return
        area = area_of(reference)
        if area.is_one_cell:
            return
        if _value(attributes, "t") == "shared":
            self._layout.shared.append((area, self._number, self._column))
        else:
            self._layout.arrays.append(area)


def _value(attributes: Sequence[str], name: str) -> str | None:
    """An attribute's value in expat's list of names and values."""
    for place in range(0, len(attributes), 2):
        if attributes[place] == name:
            return attributes[place + 1]
    return None
