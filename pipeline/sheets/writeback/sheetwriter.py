"""A sheet's part with its new cells. Owns which cell gets which style.

Must not know where the new columns were put, nor the file that the part goes to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Final

from pipeline.core.model import NewCell
from pipeline.sheets.exceltext import fitted
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.package.parts import PartError
from pipeline.sheets.package.references import Area, area_of
from pipeline.sheets.package.splice import Edit, spliced
from pipeline.sheets.package.tags import attribute_of, with_attribute
from pipeline.sheets.writeback.rowcells import (
    OldCell,
    cell_element,
    cells_in,
    with_cells_among,
    with_cells_behind,
    with_spans,
)
from pipeline.sheets.writeback.sheetplan import SheetPlan, Target

LOOKS_LIVE: Final = re.compile(r"\s*[=+\-@]")
"""Text that Excel would take for a formula, were the cell edited."""


def sheet_content(
    chunks: Iterable[bytes],
    plan: SheetPlan,
    cells: Mapping[int, Sequence[NewCell]],
    overflow: Overflow,
) -> Iterator[bytes]:
    """The part in pieces, with its new cells; the styles that they need are added to the plan's."""
    writer = _SheetWriter(plan, cells, overflow)
    return spliced(chunks, writer.edits())


class _SheetWriter:
    def __init__(
        self, plan: SheetPlan, cells: Mapping[int, Sequence[NewCell]], overflow: Overflow
    ) -> None:
        self._plan = plan
        self._prefix = plan.layout.prefix
        self._cells = cells
        self._overflow = overflow
        self._first_column = min((target.column for target in plan.targets), default=0)
        self._last_column = max((target.column for target in plan.targets), default=0)

    def edits(self) -> Iterator[Edit]:
        """What changes in the part, in the order of the places."""
        if not self._plan.targets:
            return iter(())
        return chain(sorted(self._edits_before_rows(), key=_start), self._row_edits())

    def _edits_before_rows(self) -> Iterator[Edit]:
        layout = self._plan.layout
        if layout.dimension is not None:
            yield Edit(layout.dimension.start, layout.dimension.end, self._widened)
        formats = self._plan.columns
        new = [target.column for target in self._plan.new_targets]
        if layout.columns is not None and formats is not None and formats.hidden(new):
            start, end = layout.columns.start, layout.columns.end
            yield Edit(start, end, lambda _: formats.shown(new))

    def _row_edits(self) -> Iterator[Edit]:
        rows = self._plan.layout.rows
        for number, start, end, last_column in zip(
            rows.numbers, rows.starts, rows.ends, rows.last_columns, strict=True
        ):
            if number == self._plan.header_row:
                yield Edit(start, end, partial(self._with_headers, number))
            elif number in self._cells:
                yield Edit(start, end, partial(self._with_cells, number, last_column))

    def _widened(self, element: bytes) -> bytes:
        """The sheet's dimension, so that it holds the new cells as well."""
        reference = attribute_of(element, b"ref")
        try:
            old = area_of((reference or b"").decode())
        except PartError:
            return element  # It is a hint, and as useless as it was.
        rows = [*self._cells] + ([self._plan.header_row] if self._plan.header_row else [])
        if not rows:
            return element
        new = Area(min(rows), self._first_column, max(rows), self._last_column)
        return with_attribute(element, b"ref", str(old.joined(new)).encode())

    def _with_headers(self, number: int, row: bytes) -> bytes:
        style = self._plan.header_style
        cells = {
            target.column: self._cell(
                target, number, style, fitted(target.name, number, target.name, self._overflow)
            )
            for target in self._plan.new_targets
        }
        if not cells:
            return row
        return self._with_cells_among(row, cells_in(row, self._prefix), cells)

    def _with_cells(self, number: int, last_column: int, row: bytes) -> bytes:
        if last_column < self._first_column:
            return self._with_cells_behind(number, row)
        old = cells_in(row, self._prefix)
        styles = {cell.column: cell.style for cell in old}
        cells = {}
        for target, value in self._values(number):
            style = styles.get(target.column)
            # Where there is nothing to write or to clear, the cell stays as it is.
            if value is None and (style is None or not target.is_standing):
                continue
            if style is None or not target.is_standing:
                style = self._new_style(target, value)
            cells[target.column] = self._cell(target, number, style, value)
        return self._with_cells_among(row, old, cells)

    def _with_cells_behind(self, number: int, row: bytes) -> bytes:
        cells = [
            self._cell(target, number, self._new_style(target, value), value)
            for target, value in self._values(number)
            if value is not None
        ]
        row = with_spans(row, self._last_column) if cells else row
        return with_cells_behind(row, cells)

    def _with_cells_among(
        self, row: bytes, old: Sequence[OldCell], cells: Mapping[int, str]
    ) -> bytes:
        if not cells:
            return row
        row = with_cells_among(row, old, cells)
        return with_spans(row, self._last_column)

    def _values(self, number: int) -> Iterator[tuple[Target, NewCell]]:
        """The row's new values, each as far as a cell can hold it."""
        for target, value in zip(self._plan.targets, self._cells[number], strict=True):
            if isinstance(value, str):
                yield target, fitted(value, number, target.name, self._overflow)
            else:
                yield target, value

    def _cell(self, target: Target, number: int, style: int, value: NewCell) -> str:
        reference = f"{target.letters}{number}"
        return cell_element(self._prefix, reference, self._style_for(value, style), value)

    def _new_style(self, target: Target, value: NewCell) -> int:
        """The column's style; for a number one that does not show it as a date, or as a share."""
        styles = self._plan.styles
        if isinstance(value, str) or styles is None:
            return target.style
        return styles.numeric(target.style)

    def _style_for(self, value: NewCell, style: int) -> int:
        """The style, or its twin in which a formula's sign is only text, or is a sign again."""
        styles = self._plan.styles
        if styles is None:
            return style
        if isinstance(value, str) and LOOKS_LIVE.match(value):
            return styles.quoted(style)
        return styles.unquoted(style)


def _start(edit: Edit) -> int:
    return edit.start
