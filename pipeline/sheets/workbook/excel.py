"""Workbooks: read by calamine, with what it leaves out taken from the sheet's own part.

Must not know what the cells mean. No exception of a library leaves this module.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Final, cast

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from pipeline.core.model import CellValue, Merge, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import content_of
from pipeline.sheets.grid import sheet_of
from pipeline.sheets.signatures import HEAD_BYTES, kind_of, misnamed, zipped_kind
from pipeline.sheets.source import Source, Top
from pipeline.sheets.workbook.bookparts import book_of, opening
from pipeline.sheets.workbook.calamine import old_workbook, told_of
from pipeline.sheets.workbook.cellstyles import looks_of
from pipeline.sheets.workbook.container import Container, damaged
from pipeline.sheets.workbook.glancing import FORMULA_MARKS, glance, marks_in
from pipeline.sheets.workbook.sheetpart import amend, amend_lines
from pipeline.sheets.workbook.wanted import sends_numbers, wanted_of

SPREADSHEET_ML: Final = frozenset({".xlsx", ".xlsm"})
"""The kinds whose parts are read; of the others there are only the values."""


def read(source: Source) -> Sheet:
    """The sheet as it stands. Raises `InputFault`.

    Numbers in the header, and cells of the columns that the source says are mapped, come as
    `Formatted` where a number format shows them in its own way; in those columns a formula without
    a value comes as `Uncalculated`. An error is its text, in every column. Of merged cells only the
    first holds a value. Kinds other than .xlsx and .xlsm have their values alone: dates are known
    as such there, other formats are not.
    """
    with _without_collecting():
        return _read(source, content_of(source.path))


def tops(source: Source, lines: int) -> list[Top]:
    """So many first lines of each sheet that a person sees. Raises `InputFault`."""
    content = content_of(source.path)
    _check_start(source, content)
    with _without_collecting(), told_of(source.path):
        workbook = _opened(source, content)
        found = {
            name: _grid(source, workbook.get_sheet_by_name(name), lines)
            for name in _names_seen(source, workbook)
        }
    if source.suffix in SPREADSHEET_ML:
        _show_numbers(source.path, content, found)
    return [Top(name, grid) for name, grid in found.items()]


def _show_numbers(path: Path, content: bytes, tops: Mapping[str, list[list[CellValue]]]) -> None:
    """Put into the tops of sheets, by the sheets' names, how their numbers are shown."""
    container = Container(path, content)
    book = book_of(path, container)
    looks = looks_of(path, container, book)
    for name, grid in tops.items():
        part = book.sheets.get(name)
        if part is not None:
            amend_lines(path, container.chunks(part), dict(enumerate(grid, 1)), looks)


def _read(source: Source, content: bytes) -> Sheet:
    _check_start(source, content)
    if source.suffix in SPREADSHEET_ML:
        return _read_whole(source, content)
    with told_of(source.path):
        workbook = old_workbook(source, content)
        name = _sheet_name(source, workbook)
        grid, merges = _values_and_merges(source, workbook, name)
    sheet = sheet_of(name, _place(source, name), grid, source.header_row)
    remarks = _remarks(source) if sends_numbers(source, grid) else ()
    return replace(sheet, remarks=remarks, merges=merges)


def _remarks(source: Source) -> tuple[str, ...]:
    what = f"{source.path.name}: numbers are sent as they are stored, not as the sheet shows them"
    return (f"{what}; where that matters, save it as .xlsx.",)


def _opened(source: Source, content: bytes) -> CalamineWorkbook:
    """The workbook, looked over as far as all its sheets ask for. Raises `InputFault`."""
    if source.suffix not in SPREADSHEET_ML:
        return old_workbook(source, content)
    container = Container(source.path, content)
    container.check_lengths()
    _check_texts(source.path, container, book_of(source.path, container).strings)
    return CalamineWorkbook.from_filelike(BytesIO(content))


def _read_whole(source: Source, content: bytes) -> Sheet:
    """The values, and from the sheet's own part what calamine leaves out."""
    path = source.path
    container = Container(path, content)
    book = book_of(path, container)
    _check_texts(path, container, book.strings)
    with told_of(source.path):
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        name = _sheet_name(source, workbook)
        part = book.sheets.get(name)
        if part is None:
            raise damaged(path)
        seen = glance(path, part, container.chunks(part))
        grid, merges = _values_and_merges(source, workbook, name)
    looks = looks_of(path, container, book)
    # A column goes by what its header shows, so that this comes before the columns are looked for.
    amend_lines(path, container.chunks(part), _header_line(source, grid), looks)
    wanted = wanted_of(source, grid, looks, seen)
    hidden: frozenset[int] = frozenset()
    if (
        seen.has_hidden
        or wanted.seeks_errors
        or wanted.has_formats
        or (wanted.has_blanks and marks_in(container.chunks(part), FORMULA_MARKS))
    ):
        hidden = amend(path, container.chunks(part), grid, wanted)
    sheet = sheet_of(name, _place(source, name), grid, source.header_row, hidden)
    return replace(sheet, merges=merges)


def _header_line(source: Source, grid: list[list[CellValue]]) -> Mapping[int, list[CellValue]]:
    """The header's line by its number; nothing where there is none."""
    row = source.header_row
    return {} if row is None or row > len(grid) else {row: grid[row - 1]}


def _check_texts(path: Path, container: Container, part: str | None) -> None:
    """That the shared texts, which calamine takes first of all, are no attack on its memory."""
    if part is None or not container.holds(part):
        return
    chunks = container.chunks(part)
    opening(path, part, next(chunks, b""))
    for _ in chunks:
        pass


def _check_start(source: Source, content: bytes) -> None:
    kind = kind_of(content[:HEAD_BYTES])
    if kind == ".xlsx" and source.suffix == ".xls":
        kind = zipped_kind(BytesIO(content))
    if kind is None:
        raise InputFault(
            place=str(source.path),
            wrong="it is no Excel workbook" if content else "the file is empty",
            remedy="open it where it was made and save it as .xlsx",
        )
    if kind == ".xls" != source.suffix:
        raise InputFault(
            place=str(source.path),
            wrong="it is protected by a password, or an old .xls under another name",
            remedy="open it in Excel and save it as .xlsx without a password",
        )
    # An .ods may begin like an .xlsx, where its maker did not follow the standard.
    if kind != source.suffix and (kind == ".ods" or source.suffix == ".xls"):
        raise misnamed(source, kind)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the collector from looking at millions of new cells, time and again, none in a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _sheet_name(source: Source, workbook: CalamineWorkbook) -> str:
    """The name of the sheet to read: the first that a person sees, unless one is named."""
    if source.sheet is None:
        return _names_seen(source, workbook)[0]
    names = [sheet.name for sheet in _worksheets(source, workbook)]
    if source.sheet in names:
        return source.sheet
    near = get_close_matches(source.sheet.casefold(), [n.casefold() for n in names], n=1)
    nearest = [n for n in names if near and n.casefold() == near[0]]
    listed = ", ".join(map(repr, names))
    raise InputFault(
        place=str(source.path),
        wrong=f"there is no sheet {source.sheet!r}, only {listed}",
        remedy=f"did you mean {nearest[0]!r}?" if nearest else "name one of these",
    )


def _names_seen(source: Source, workbook: CalamineWorkbook) -> list[str]:
    """The sheets that a person sees; all of them where each is hidden."""
    sheets = _worksheets(source, workbook)
    seen = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    return seen or [sheet.name for sheet in sheets]


def _worksheets(source: Source, workbook: CalamineWorkbook) -> list[SheetMetadata]:
    sheets = [s for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        raise damaged(source.path)
    return sheets


def _values_and_merges(
    source: Source, workbook: CalamineWorkbook, name: str
) -> tuple[list[list[CellValue]], tuple[Merge, ...]]:
    """What is taken from a sheet, which holds all its values once more and is let go here."""
    sheet = workbook.get_sheet_by_name(name)
    return _grid(source, sheet), _merges(sheet)


def _merges(sheet: CalamineSheet) -> tuple[Merge, ...]:
    """The merged cells, as far as the file's kind tells them."""
    return tuple(
        Merge(first[0] + 1, first[1], last[0] + 1, last[1])
        for first, last in sheet.merged_cell_ranges or ()
    )


def _grid(source: Source, sheet: CalamineSheet, most: int | None = None) -> list[list[CellValue]]:
    """The values from row 1 and column A on, of so many rows at most.

    A blank cell and an error come as ``None``. Raises `InputFault`.
    """
    # calamine begins at the first row, but at the first column that holds anything.
    left: list[CellValue] = [None] * (sheet.start[1] if sheet.start else 0)
    # The library makes each line for us alone, so that it need not be copied to be amended.
    lines = cast("Iterator[list[CellValue]]", islice(sheet.iter_rows(), most))
    grid: list[list[CellValue]] = []
    try:
        grid.extend(_line(left, line) for line in lines)
    except OverflowError:
        # An id or a moment under such a format; the library has no other form for it.
        raise InputFault(
            place=f"{_place(source, sheet.name)}, row {len(grid) + 1}",
            wrong="a number there is shown as a duration, and is longer than any that can be read",
            remedy="give its cell the number format General",
        ) from None
    return grid


def _line(left: list[CellValue], line: list[CellValue]) -> list[CellValue]:
    # Asked first, since a large sheet's lines are mostly full, and looking at each cell costs more.
    values = [None if value == "" else value for value in line] if "" in line else line
    return left + values if left else values


def _place(source: Source, sheet: str) -> str:
    return f"{source.path}, sheet {sheet}"
