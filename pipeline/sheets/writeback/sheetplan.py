"""What the copy of a workbook will change, found out before anything is written.

Owns where each new column goes, and every reason why a workbook can be read and yet not be added
to. Must not know what the cells will hold, nor how they are spelled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.core.model import Look, Sheet
from pipeline.core.rows.cells import column_letter, column_names
from pipeline.errors import OutputFault
from pipeline.sheets.grid import check_numbers, places_of
from pipeline.sheets.package.elements import Element, tree_of_piece
from pipeline.sheets.package.parts import PartError, whole_number
from pipeline.sheets.package.references import COLUMNS_LIMIT, area_of
from pipeline.sheets.package.relationships import Package, Worksheet
from pipeline.sheets.package.splice import pieces_of
from pipeline.sheets.shown.moments import DateSystem
from pipeline.sheets.source import Source
from pipeline.sheets.workbook.bookparts import TRUE
from pipeline.sheets.workbook.cellstyles import looks_among
from pipeline.sheets.writeback.columns import ColumnFormats
from pipeline.sheets.writeback.headers import (
    columns_of,
    has_numbers,
    header_values,
    shared_places,
    strings_at,
)
from pipeline.sheets.writeback.standing import chain_without, check_replaceable
from pipeline.sheets.writeback.styles import Styles
from pipeline.sheets.writeback.survey import Layout, survey


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
    sheet = _sheet(source, package)
    name, part = sheet.name, sheet.part
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
    check_replaceable(name, layout, standing, rows)
    styles_part = package.first_related(package.workbook_part, "styles")
    rewritten, dropped = chain_without(
        package, sheet.identity, standing & layout.formula_columns, rows
    )
    return SheetPlan(
        part=part,
        layout=layout,
        targets=targets,
        header_row=source.header_row,
        header_style=_style_at(header, end),
        columns=formats,
        styles=Styles.of(package.content(styles_part), styles_part) if styles_part else None,
        styles_part=styles_part,
        rewritten=rewritten,
        dropped=dropped,
    )


def _sheet(source: Source, package: Package) -> Worksheet:
    """The sheet of the name; without one the first that a person sees, as it is read."""
    sheets = list(package.sheets())
    if source.sheet is None:
        chosen = [sheet for sheet in sheets if sheet.is_visible] or sheets
    else:
        chosen = [sheet for sheet in sheets if sheet.name == source.sheet]
    if not chosen:
        raise PartError("it has no such sheet with cells", "name a sheet with rows")
    return chosen[0]


def _check_rows(place: str, layout: Layout, rows: Collection[int], header_row: int | None) -> None:
    numbers = layout.rows.numbers
    # Sets of a million numbers are made only where something is wrong.
    if any(one >= next_ for one, next_ in pairwise(numbers)) and len(set(numbers)) < len(numbers):
        twice = next(n for n in numbers if numbers.count(n) > 1)
        raise PartError(f"row {twice} stands twice in its part")
    if header_row is not None:
        check_numbers(place, numbers, [header_row])
    if sum(number in rows for number in layout.rows.with_content()) < len(rows):
        check_numbers(place, set(layout.rows.with_content()), rows)


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
    looks = _looks(package) if has_numbers(header) else {}
    return column_names(header_values(header, shared, looks, width))


def _looks(package: Package) -> Mapping[str, Look]:
    """The formats of numbers by the number of their style, as whoever reads the sheet has them."""
    part = package.first_related(package.workbook_part, "styles")
    if part is None:
        return {}
    properties = package.tree(package.workbook_part).below("workbookPr")
    is_since_1904 = any(element.attribute("date1904") in TRUE for element in properties)
    system = DateSystem.SINCE_1904 if is_since_1904 else DateSystem.SINCE_1900
    styles = ((e.name, e.attributes) for e in package.tree(part).all_below())
    return looks_among(styles, system)


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


def _style_at(header: Element | None, column: int) -> int:
    if header is None:
        return 0
    styles = (cell.attribute("s") for place, cell in columns_of(header) if place == column)
    return whole_number(next(styles, ""))
