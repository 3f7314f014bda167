"""The workbook that is written. Owns openpyxl, and every way in which it must be held.

Must not know which cells are new, nor how a sheet is read. None of its exceptions leaves it.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from io import BytesIO
from itertools import chain
from typing import Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.core.cells import column_letter
from pipeline.core.model import NewCell
from pipeline.errors import OutputFault
from pipeline.sheets.exceltext import escaped
from pipeline.sheets.source import Source

HEADER_STYLE: Final = ("font", "fill", "border", "alignment", "number_format", "protection")
"""What a new header takes over from its left neighbour."""

LOOKS_LIVE: Final = re.compile(r"\s*[=+\-@]")
"""Text that Excel would take for a formula, were the cell edited."""

OPENPYXL_ERRORS: Final = (
    AttributeError,
    BadZipFile,
    InvalidFileException,
    LookupError,
    OSError,
    ParseError,
    TypeError,
    ValueError,
)
"""What openpyxl raises, by its source and by trial, on a workbook with parts it does not expect."""


def loaded(source: Source, content: bytes, name: str) -> Worksheet:
    """The sheet of this name, to be written to. Raises `OutputFault`."""
    with _openpyxl(source):
        workbook = load_workbook(BytesIO(content), keep_vba=source.suffix == ".xlsm")
        # By name among the worksheets: a workbook's own look-up also gives charts.
        return {sheet.title: sheet for sheet in workbook.worksheets}[name]


def saved(source: Source, worksheet: Worksheet) -> bytes:
    """The sheet's workbook as a file's bytes. Raises `OutputFault`."""
    buffer = BytesIO()
    with _openpyxl(source):
        workbook = worksheet.parent
        assert workbook is not None, "the sheet was loaded with its workbook"
        workbook.save(buffer)
    return buffer.getvalue()


@contextmanager
def _openpyxl(source: Source) -> Iterator[None]:
    """What openpyxl raises as an `OutputFault`; its warnings of parts that it drops unsaid."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except OPENPYXL_ERRORS as error:
        raise OutputFault(
            place=str(source.path),
            wrong=f"the workbook has a part that can't be copied ({type(error).__name__})",
            remedy="save it once more in Excel as .xlsx, or the sheet alone as .csv",
        ) from None


def content_end(worksheet: Worksheet, first_row: int) -> int:
    """The number of the last column that holds anything, or is merged beside the rows."""
    # The public ways to all cells make one for each gap: a sheet with one far cell fills memory.
    cells = worksheet._cells.values()  # noqa: SLF001 - see above
    content = (cell.column for cell in cells if cell.value is not None)
    merged = (m.max_col for m in worksheet.merged_cells.ranges if m.max_row >= first_row)
    return max(chain(content, merged), default=0)


def write_header(worksheet: Worksheet, row: int, index: int, name: str) -> None:
    """Write a new column's header, in the look of its left neighbour."""
    cell = cell_at(worksheet, row, index)
    fill(cell, name)
    left = worksheet.cell(row, index)
    for part in HEADER_STYLE:
        setattr(cell, part, copy(getattr(left, part)))


def cell_at(worksheet: Worksheet, row: int, index: int) -> Cell:
    """The cell in a row (from 1) and a column (from 0). Raises `OutputFault` where it is merged."""
    cell = worksheet.cell(row, index + 1)
    if isinstance(cell, MergedCell):
        raise OutputFault(
            place=f"{worksheet.title}!{column_letter(index)}{row}",
            wrong="the cell is merged with others, and can't be filled",
            remedy="unmerge it in the input, or name another column",
        )
    return cell


def make_plain(cell: Cell) -> None:
    """Take a blank cell's look away: in a date's format, our number would show as a date."""
    if cell.has_style:
        cell.style = "Normal"


def fill(cell: Cell, value: NewCell) -> None:
    """Text stays text and is never a live formula; a number is one."""
    if not isinstance(value, str):
        cell.value = value
        cell.quotePrefix = False
        return
    # Bound as openpyxl's own reader does it: the setter would make a formula of `=…`, an error of
    # `#N/A`, and would cut the escaped text, which may be longer than the text that it stands for.
    cell._value = escaped(value)  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    cell.data_type = "s"
    cell.quotePrefix = LOOKS_LIVE.match(value) is not None
