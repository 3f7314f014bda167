"""The new cells of one row, in the row's own bytes. Owns how a cell is spelled, and where it goes.

By ECMA-376, part 1, 18.3.1.4 (c) and 18.3.1.73 (row). Must not know the sheet, nor
the styles' part: a style is a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.model import NewCell
from pipeline.sheets.exceltext import escaped
from pipeline.sheets.package.parts import a_parser, whole_number
from pipeline.sheets.package.references import DIGITS, column_number
from pipeline.sheets.package.tags import (
    attribute_of,
    end_of_element,
    end_of_tag,
    with_attribute,
)


def cell_element(prefix: str, reference: str, style: int, value: NewCell) -> str:
    """The cell's element, with its row's prefix: text is inline, with all its white space."""
    p = prefix
    place = f'<{p}c r="{reference}" s="{style}"' if style else f'<{p}c r="{reference}"'
    match value:
        case None:
            return f"{place}/>"
        case str():
            text = escaped(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            return (
                f'{place} t="inlineStr"><{p}is><{p}t xml:space="preserve">{text}'
                f"</{p}t></{p}is></{p}c>"
            )
        case int() | float():
            # As Excel does: a whole number has no fraction.
            number = repr(value).removesuffix(".0")
            return f"{place}><{p}v>{number}</{p}v></{p}c>"


@dataclass(frozen=True, slots=True)
class OldCell:
    """A cell that stands in a row's bytes."""

    column: int
    start: int
    stop: int
    style: int


def cells_in(row: bytes, prefix: str) -> list[OldCell]:
    """The cells of a row, given from its start tag up to its end tag."""
    return _CellFinder(row, prefix).find()


def with_cells_behind(row: bytes, cells: Sequence[str]) -> bytes:
    """The row with these cells behind its last one."""
    return row + "".join(cells).encode()


def with_cells_among(row: bytes, old: Sequence[OldCell], cells: Mapping[int, str]) -> bytes:
    """The row with these cells by their columns, in place of old ones or between them."""
    new = dict(sorted(cells.items()))
    pieces = []
    done = end_of_tag(row)
    for cell in old:
        before = [new.pop(column) for column in list(new) if column < cell.column]
        pieces += [row[done : cell.start], "".join(before).encode()]
        done = cell.start
        if cell.column in new:
            pieces.append(new.pop(cell.column).encode())
            done = cell.stop
    last = "".join(new.values()).encode()
    behind = max((cell.stop for cell in old), default=done)
    tag = row[: end_of_tag(row)]
    return b"".join((tag, *pieces, row[done:behind], last, row[behind:]))


def with_spans(row: bytes, last_column: int) -> bytes:
    """The row with its spans, where it tells any, reaching to this column.

    Spans are pairs of first and last columns (18.18.66, ST_CellSpans).
    """
    stop = end_of_tag(row)
    old = attribute_of(row[:stop], b"spans")
    if old is None:
        return row
    first, _, last = old.rpartition(b":")
    if not last.isdigit() or int(last) >= last_column:
        return row
    return with_attribute(row[:stop], b"spans", b"%b:%d" % (first, last_column)) + row[stop:]


class _CellFinder:
    """Expat's handlers over one row."""

    def __init__(self, row: bytes, prefix: str) -> None:
        self._content = row + f"</{prefix}row>".encode()
        self._name = f"{prefix}c"
        self._cells: list[OldCell] = []
        self._column = self._start = self._style = 0
        self._parser = a_parser()
        self._parser.StartElementHandler = self._start_cell
        self._parser.EndElementHandler = self._end_cell

    def find(self) -> list[OldCell]:
        self._parser.Parse(self._content, True)  # noqa: FBT003 - C's own way
        return self._cells

    def _start_cell(self, name: str, attributes: list[str]) -> None:
        if name != self._name:
            return
        values = dict(zip(attributes[::2], attributes[1::2], strict=True))
        reference = values.get("r")
        self._column = (
            self._column + 1 if reference is None else column_number(reference.rstrip(DIGITS))
        )
        self._style = whole_number(values.get("s", ""))
        self._start = self._parser.CurrentByteIndex

    def _end_cell(self, name: str) -> None:
        if name != self._name:
            return
        stop = end_of_element(self._content, self._start, self._parser.CurrentByteIndex)
        self._cells.append(OldCell(self._column, self._start, stop, self._style))
