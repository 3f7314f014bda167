"""From a grid of values to a Sheet, and where new columns go. Must not know files or formats."""

from collections.abc import Collection, Iterable, Sequence

from pipeline.core.model import CellValue, Row, Sheet
from pipeline.core.rows.cells import column_letter, column_names
from pipeline.errors import InputFault, OutputFault


def sheet_of(
    name: str,
    place: str,
    grid: Sequence[Sequence[CellValue]],
    header_row: int | None,
    hidden: Collection[int] = (),
) -> Sheet:
    """The sheet in a grid whose first line is the file's row 1.

    It is as wide as the widest of its header and its rows; `hidden` are the numbers of rows that
    the file hides. Raises `InputFault` at `place` where
    the grid is empty, the header is blank or beyond its end, or no row stands under it.
    """
    # A line's width tells as well whether it is blank, so that each line is looked at once.
    widths = list(map(_width, grid))
    if not any(widths):
        raise InputFault(place=place, wrong="it is empty", remedy="fill it in, or name another")
    first = header_row or 0
    header = () if header_row is None else _header(place, grid, header_row)
    width = max(widths[first:], default=0)
    if not width:
        raise InputFault(
            place=place,
            wrong=f"there is no row under the header in row {header_row}",
            remedy="fill in rows, or mend header_row",
        )
    width = max(width, _width(header))
    columns = (
        tuple(map(column_letter, range(width)))
        if header_row is None
        else column_names(_padded(header, width))
    )
    rows = (
        Row(number, _padded(line, width), number in hidden)
        for number, line in enumerate(grid[first:], first + 1)
        if widths[number - 1]
    )
    return Sheet(name, columns, tuple(rows))


def places_of(
    sheet: Sheet, header_row: int | None, columns: Sequence[str], end: int
) -> tuple[int, ...]:
    """Where each new column goes, as an index from 0.

    In place where the sheet has a header of that name, else at `end` and on. Letters are no
    headers: without a header row, every column is a new one.
    """
    standing = {} if header_row is None else {name: n for n, name in enumerate(sheet.columns)}
    places = []
    for name in columns:
        place = standing.get(" ".join(name.split()))
        if place is None:
            place, end = end, end + 1
        places.append(place)
    return tuple(places)


def check_numbers(place: str, standing: Collection[int], wanted: Iterable[int]) -> None:
    """That the rows of these numbers still stand in the sheet. Raises `OutputFault`."""
    gone = set(wanted).difference(standing)
    if gone:
        raise row_gone(place, min(gone))


def row_gone(place: str, number: int) -> OutputFault:
    """What is wrong where a row that gets cells does not stand in the sheet any more."""
    return OutputFault(
        place=place,
        wrong=f"row {number} is blank or gone: the file changed since it was read",
        remedy="run the same command again",
    )


def _header(
    place: str, grid: Sequence[Sequence[CellValue]], header_row: int
) -> Sequence[CellValue]:
    if header_row > len(grid):
        raise InputFault(
            place=place,
            wrong=f"header_row {header_row} is beyond its last row, {len(grid)}",
            remedy="mend header_row",
        )
    if _is_blank_line(grid[header_row - 1]):
        raise InputFault(
            place=place,
            wrong=f"the header in row {header_row} is blank",
            remedy="mend header_row, or write `none` for a sheet without headers",
        )
    return grid[header_row - 1]


def _is_blank(value: CellValue) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_blank_line(line: Iterable[CellValue]) -> bool:
    return all(map(_is_blank, line))


def _width(line: Sequence[CellValue]) -> int:
    """The number of cells up to the last that is not blank; none for a blank line."""
    for width in range(len(line), 0, -1):
        if not _is_blank(line[width - 1]):
            return width
    return 0


def _padded(line: Sequence[CellValue], width: int) -> tuple[CellValue, ...]:
    missing = width - len(line)
    if missing == 0:
        return tuple(line)  # The rule in a large sheet, whose lines are all as long as the widest.
    return (*line, *(None,) * missing) if missing > 0 else tuple(line[:width])
