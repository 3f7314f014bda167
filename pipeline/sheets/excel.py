"""Excel workbooks: read by calamine through pandas. Owns the reading.

Must not know what the cells mean. No exception of a library leaves this module.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from io import BytesIO
from typing import Final

import pandas as pd
from python_calamine import CalamineError

from pipeline.core.cells import EXACT_INTEGER
from pipeline.core.model import CellValue, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import content_of
from pipeline.sheets.source import Source
from pipeline.sheets.table import sheet_of

OLE_MAGIC: Final = bytes.fromhex("D0CF11E0A1B11AE1")
"""The first bytes of a compound file: what Excel makes of a workbook with a password, and .xls."""

ZIP_MAGIC: Final = b"PK"


def read(source: Source) -> Sheet:
    """The sheet as it stands. Raises `InputFault`."""
    return _read(source, content_of(source.path))


def _read(source: Source, content: bytes) -> Sheet:
    _check_container(source, content)
    try:
        with pd.ExcelFile(BytesIO(content), engine="calamine") as workbook:
            name = _sheet_name(source, [str(name) for name in workbook.sheet_names])
            frame = pd.read_excel(
                workbook,
                sheet_name=name,
                header=None,
                dtype=object,
                keep_default_na=False,
                na_filter=False,
            )
    except CalamineError:
        raise _damaged(source) from None
    grid = [tuple(map(_value, line)) for line in frame.itertuples(index=False, name=None)]
    return sheet_of(name, _place(source, name), grid, source.header_row)


def _check_container(source: Source, content: bytes) -> None:
    if content.startswith(OLE_MAGIC):
        raise InputFault(
            place=str(source.path),
            wrong="it is protected by a password, or an old .xls under another name",
            remedy="open it in Excel and save it as .xlsx without a password",
        )
    if not content.startswith(ZIP_MAGIC):
        raise InputFault(
            place=str(source.path),
            wrong="it is no Excel workbook" if content else "the file is empty",
            remedy="open it where it was made and save it as .xlsx",
        )


def _damaged(source: Source) -> InputFault:
    return InputFault(
        place=str(source.path),
        wrong="the workbook is damaged, or no Excel workbook",
        remedy="open it in Excel, let it be repaired and save it as .xlsx",
    )


def _sheet_name(source: Source, names: Sequence[str]) -> str:
    if not names:
        raise _damaged(source)
    if source.sheet is None:
        return names[0]
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


def _value(value: CellValue) -> CellValue:
    """A cell as calamine gives it; a blank one and an error such as #N/A come as empty text."""
    if value == "":
        return None
    # Excel knows only doubles: what is beyond their digits is no whole number to anyone.
    if isinstance(value, int) and abs(value) > EXACT_INTEGER:
        return float(value)
    return value


def _place(source: Source, sheet: str) -> str:
    return f"{source.path}, sheet {sheet}"
