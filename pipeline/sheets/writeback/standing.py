"""The cells that stand in a column to be filled: whether they can go, and what follows from it.

Must not know what the cells will hold.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from pipeline.core.rows.cells import column_letter
from pipeline.errors import OutputFault
from pipeline.sheets.package.references import Area, cell_of
from pipeline.sheets.package.relationships import Package
from pipeline.sheets.writeback.calcchain import without_cells
from pipeline.sheets.writeback.survey import Layout

CLEAR_OR_RENAME: Final = "clear it in the input, or name another column"


def check_replaceable(
    name: str, layout: Layout, columns: Collection[int], rows: Collection[int]
) -> None:
    """That each cell of these columns and rows can be replaced alone. Raises `OutputFault`."""
    for row, column, area in _within(layout.merges, columns, rows):
        if (row, column) != (area.first_row, area.first_column):
            raise OutputFault(
                place=f"{name}!{column_letter(column - 1)}{row}",
                wrong="the cell is merged with others, and can't be filled",
                remedy="unmerge it in the input, or name another column",
            )
    for row, column, area in _within(layout.arrays, columns, rows):
        if not _is_replaced(area, columns, rows):
            raise _tied(name, row, column)
    for area, row, column in layout.shared:
        if column in columns and row in rows and not _is_replaced(area, columns, rows):
            raise _tied(name, row, column)


def _within(
    areas: Sequence[Area], columns: Collection[int], rows: Collection[int]
) -> Iterator[tuple[int, int, Area]]:
    """The cells of these columns and rows that lie in one of the areas."""
    for area in areas:
        across = range(area.first_column, area.last_column + 1)
        down = range(area.first_row, area.last_row + 1)
        for column in (column for column in sorted(columns) if column in across):
            yield from ((row, column, area) for row in down if row in rows)


def _is_replaced(area: Area, columns: Collection[int], rows: Collection[int]) -> bool:
    """Whether all of an area's cells will be replaced."""
    return all(c in columns for c in range(area.first_column, area.last_column + 1)) and all(
        r in rows for r in range(area.first_row, area.last_row + 1)
    )


def _tied(name: str, row: int, column: int) -> OutputFault:
    return OutputFault(
        place=f"{name}!{column_letter(column - 1)}{row}",
        wrong="the cell's formula fills other cells too, and can't be replaced alone",
        remedy=CLEAR_OR_RENAME,
    )


def chain_without(
    package: Package, sheet: int, columns: Collection[int], rows: Collection[int]
) -> tuple[Mapping[str, bytes], frozenset[str]]:
    """What becomes of the order of calculation where a sheet's formulas in these cells go.

    Gives the parts that change, and those that go. Raises `PartError`.
    """
    part = package.first_related(package.workbook_part, "calcChain")
    if part is None or not columns:
        return {}, frozenset()

    def is_replaced(identity: int, reference: str) -> bool:
        row, column = cell_of(reference)
        return identity == sheet and column in columns and row in rows

    content, left = without_cells(package.content(part), part, is_replaced)
    if left:
        return {part: content}, frozenset()
    # A chain of no cells is against the schema: the part goes, and with it its mentions.
    return package.without_mentions(part), frozenset({part})
