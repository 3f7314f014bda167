"""What the copy of a workbook will change, found out before anything is written.

Owns where each new column goes, and every reason why a workbook can be read and yet not be added
to. Must not know what the cells will hold, nor how they are spelled.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.cells import column_letter, column_names
from pipeline.core.model import Sheet
from pipeline.errors import OutputFault
from pipeline.sheets.calcchain import without_cells
from pipeline.sheets.columns import ColumnFormats
from pipeline.sheets.elements import Element, tree_of_piece
from pipeline.sheets.headers import columns_of, header_values, shared_places, strings_at
from pipeline.sheets.package import Package
from pipeline.sheets.parts import PartError
from pipeline.sheets.references import COLUMNS_LIMIT, Area, area_of, cell_of
from pipeline.sheets.source import Source
from pipeline.sheets.splice import pieces_of
from pipeline.sheets.styles import Styles
from pipeline.sheets.survey import Layout, survey
from pipeline.sheets.table import check_numbers, places_of

CLEAR_OR_RENAME: Final = "clear it in the input, or name another column"


@dataclass(frozen=True, slots=True)
class Target:
    """A column that will be written."""

    name: str
    column: int
    """From 1."""
    letters: str
    style: int
    """The style of its new cells; 0 is the plain one."""
    is_standing: bool
    """Whether the sheet has it already: then its cells keep their styles."""


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """All that is known of the sheet and its new columns before the first of them is written."""

    place: str
    """The file and the sheet, as an error names them."""
    part: str
    layout: Layout
    targets: tuple[Target, ...]
    header_row: int | None
    header_style: int
    """The style of the new headers' left neighbour."""
    columns: ColumnFormats | None
    styles: Styles | None
    styles_part: str | None
    rewritten: Mapping[str, bytes]
    """Other parts that change, by their names."""
    dropped: frozenset[str]
    """Parts that go."""

    @property
    def new_targets(self) -> tuple[Target, ...]:
        """The columns that the sheet does not have yet."""
        return tuple(target for target in self.targets if not target.is_standing)


def sheet_plan(
    source: Source, package: Package, columns: Sequence[str], rows: Collection[int]
) -> SheetPlan:
    """Plan to write these columns in these rows. Raises `PartError` and `OutputFault`."""
    name, identity, part = _sheet(source, package)
    place = f"{source.path}, sheet {name}"
    layout = survey(package.stream(part), part)
    _check_rows(place, layout, rows, source.header_row)
    header, formats = _header_and_formats(package, part, layout, source.header_row)
    end = max(
        layout.content_end(source.header_row or 1),
        _tables_end(package, part, source.header_row or 1),
    )
    names = _names(package, header, end)
    targets = _targets(Sheet(name, names, ()), source.header_row, columns, end, formats)
    _check_width(place, targets)
    standing = {target.column for target in targets if target.is_standing}
    _check_standing(name, layout, standing, rows)
    styles_part = package.first_related(package.workbook_part, "styles")
    rewritten, dropped = _chain(package, identity, standing & layout.formula_columns, rows)
    return SheetPlan(
        place=place,
        part=part,
        layout=layout,
        targets=targets,
        header_row=source.header_row,
        header_style=_style_at(header, end),
        columns=formats,
        styles=Styles(package.content(styles_part), styles_part) if styles_part else None,
        styles_part=styles_part,
        rewritten=rewritten,
        dropped=dropped,
    )


def _sheet(source: Source, package: Package) -> tuple[str, int, str]:
    for name, identity, part in package.sheets():
        if source.sheet in (None, name):
            return name, identity, part
    raise PartError(
        f"the sheet {source.sheet!r} can't be written to"
        if source.sheet
        else "it has no sheet with cells",
        "name a sheet with rows",
    )


def _check_rows(place: str, layout: Layout, rows: Collection[int], header_row: int | None) -> None:
    numbers = layout.rows.numbers
    filled = {n for n, last in zip(numbers, layout.rows.last_contents, strict=True) if last}
    check_numbers(place, filled, [*rows, *([] if header_row is None else [header_row])])
    if len(set(numbers)) < len(numbers):
        twice = next(n for n in numbers if numbers.count(n) > 1)
        raise PartError(f"row {twice} stands twice in its part")


def _header_and_formats(
    package: Package, part: str, layout: Layout, header_row: int | None
) -> tuple[Element | None, ColumnFormats | None]:
    """The header's row and the columns' formats, where the sheet has them."""
    places = []
    if layout.columns is not None:
        places.append((layout.columns.start, layout.columns.end))
    if header_row is not None:
        row = layout.rows.numbers.index(header_row)
        places.append((layout.rows.starts[row], layout.rows.ends[row]))
    pieces = list(pieces_of(package.stream(part), places))
    header = None if header_row is None else tree_of_piece(pieces[-1], part)
    if layout.columns is None:
        return header, None
    return header, ColumnFormats.of(pieces[0], part)


def _names(package: Package, header: Element | None, width: int) -> tuple[str, ...]:
    if header is None:
        return tuple(map(column_letter, range(width)))
    shared: Mapping[int, str] = {}
    strings = package.first_related(package.workbook_part, "sharedStrings")
    if strings is not None and (places := shared_places(header)):
        shared = strings_at(package.stream(strings), places, strings)
    return column_names(header_values(header, shared, width))


def _targets(
    sheet: Sheet,
    header_row: int | None,
    columns: Sequence[str],
    end: int,
    formats: ColumnFormats | None,
) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=name,
            column=place + 1,
            letters=column_letter(place),
            style=formats.style(place + 1) if formats else 0,
            is_standing=place < end,
        )
        for name, place in zip(columns, places_of(sheet, header_row, columns, end), strict=True)
    )


def _tables_end(package: Package, part: str, first_row: int) -> int:
    """The last column of the tables beside the rows: blank columns of theirs are theirs."""
    areas = [
        area_of(package.tree(table.part).attribute("ref"))
        for table in package.related(part, "table")
    ]
    return max((a.last_column for a in areas if a.last_row >= first_row), default=0)


def _check_width(place: str, targets: Sequence[Target]) -> None:
    if any(target.column > COLUMNS_LIMIT for target in targets):
        raise OutputFault(
            place=place,
            wrong=f"with the new columns it would be wider than Excel's {COLUMNS_LIMIT:,} columns",
            remedy="delete columns that are not needed, or write fewer outputs",
        )


def _check_standing(
    name: str, layout: Layout, columns: Collection[int], rows: Collection[int]
) -> None:
    """That each cell to fill in place can be replaced alone."""
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
        for column in sorted(columns):
            if area.first_column <= column <= area.last_column:
                for row in range(area.first_row, area.last_row + 1):
                    if row in rows:
                        yield row, column, area


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


def _chain(
    package: Package, sheet: int, columns: Collection[int], rows: Collection[int]
) -> tuple[Mapping[str, bytes], frozenset[str]]:
    """What becomes of the order of calculation where formulas in these columns are replaced."""
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


def _style_at(header: Element | None, column: int) -> int:
    if header is None:
        return 0
    styles = (cell.attribute("s") for place, cell in columns_of(header) if place == column)
    return int(next(styles, "") or 0)
