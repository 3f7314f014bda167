"""Workbooks of the kinds .xls, .xlsb and .ods: their copy is a new .xlsx of all sheets' values.

What is not a value (formats, formulas, charts, macros) is not taken over. The values are written
by openpyxl to a file of their own, and that is filled as any .xlsx. Must not know how new columns
are placed or spelled.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from math import isfinite
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.workbook.child import INVALID_TITLE_REGEX
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.core.model import CellValue
from pipeline.core.rows.cells import text_of
from pipeline.errors import InputFault, OutputFault
from pipeline.sheets.exceltext import FORBIDDEN, escaped
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.source import NewRows, Source
from pipeline.sheets.workbook.calamine import told_of
from pipeline.sheets.writeback.filling import copied

SHEET_NAME_LIMIT: Final = 31
"""The longest name of a sheet, by Excel's "specifications and limits"."""

FIRST_YEAR: Final = 1900
"""Excel shows no earlier day: it counts from 1 January 1900."""


def rehearse(source: Source, _: Sequence[str], __: Iterable[int]) -> tuple[str, ...]:
    """What a person should know before: what the output will not be."""
    name, kind = source.path.name, source.suffix
    return (
        f"{name} is {kind}: the output is a new .xlsx of values, without formats and formulas.",
    )


def filled(
    source: Source,
    columns: Sequence[str],
    cells: NewRows,
    overflow: Overflow,
) -> Iterator[bytes]:
    """The new workbook in pieces. Raises `InputFault` and `OutputFault`."""
    with TemporaryFile() as file:
        with _read(source) as old:
            _write_values(old, file)
        yield from copied(file, source, columns, dict(cells.items()), overflow)


@contextmanager
def _read(source: Source) -> Iterator[CalamineWorkbook]:
    try:
        with (
            told_of(source.path),
            CalamineWorkbook.from_path(str(source.path)) as workbook,
        ):
            _check_names(source, workbook)
            yield workbook
    except InputFault:
        raise _not_convertible(source, "it has a sheet that can't be read") from None


def _check_names(source: Source, workbook: CalamineWorkbook) -> None:
    for name in workbook.sheet_names:
        if len(name) > SHEET_NAME_LIMIT or INVALID_TITLE_REGEX.search(name):
            raise _not_convertible(source, f"Excel takes no sheet of the name {name!r}")


def _not_convertible(source: Source, wrong: str) -> OutputFault:
    return OutputFault(
        place=str(source.path), wrong=wrong, remedy="save it as .xlsx and name that file"
    )


def _write_values(old: CalamineWorkbook, file: BinaryIO) -> None:
    new = Workbook(write_only=True)
    for kind in old.sheets_metadata:
        if kind.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = new.create_sheet(kind.name)
        assert isinstance(sheet, WriteOnlyWorksheet), "the workbook is for writing only"
        if kind.visible != SheetVisibleEnum.Visible:
            sheet.sheet_state = "hidden"  # type: ignore[attr-defined]  # its stub lacks it
        for line in old.get_sheet_by_name(kind.name).to_python(skip_empty_area=False):
            # Blank ones are passed over, so that a far cell does not cost a sheet full of them.
            sheet.append([None if value == "" else _cell(sheet, value) for value in line])
    new.save(file)


def _cell(sheet: WriteOnlyWorksheet, value: CellValue) -> Cell:
    match value:
        case str():
            return _spelled(sheet, _text(value), "s")
        case float():
            # openpyxl would round to 16 digits; what is no number Excel takes for damage.
            return _spelled(sheet, repr(value), "n" if isfinite(value) else "s")
        case date() if value.year < FIRST_YEAR:
            return _spelled(sheet, text_of(value, "iso"), "s")
        case _:
            return WriteOnlyCell(sheet, value)  # type: ignore[arg-type]  # its stub knows fewer types


def _text(value: str) -> str:
    text = escaped(FORBIDDEN.sub("\ufffd", value))
    # openpyxl marks the white space around a text as the text's own, but not that of a blank one.
    return text if text.strip() else "".join(f"_x{ord(sign):04X}_" for sign in value)


def _spelled(sheet: WriteOnlyWorksheet, text: str, kind: str) -> Cell:
    """A cell of this kind with its text as it is written."""
    cell = WriteOnlyCell(sheet)
    # Bound as openpyxl's own reader does it: the setter would make a formula of `=…`.
    cell._value = text  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    cell.data_type = kind
    return cell
