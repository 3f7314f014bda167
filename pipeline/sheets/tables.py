"""Tables of our own, such as the statement, as CSV or as a workbook. Owns the frame, by pandas.

Must not know what a table tells. Text is never a live formula, whatever it begins with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

import pandas as pd
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.errors import OutputFault
from pipeline.sheets.exceltext import FORBIDDEN, escaped
from pipeline.sheets.files import write_whole
from pipeline.sheets.package.references import ROWS_LIMIT
from pipeline.sheets.text.newfields import LOOKS_LIVE

Value: TypeAlias = str | int | float | datetime | None
"""A cell: a moment is without a zone, and ``None`` is blank."""

WIDEST: Final = 48
NARROWEST: Final = 8
"""Of a column, in characters."""


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and the rows below them."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]


def write_csv(target: Path, table: Table) -> Path:
    """Write a table as UTF-8 CSV, whole or not at all; gives where it is. Raises `OutputFault`.

    Text that a spreadsheet would run is defused by a leading ``'``.
    """
    text = _frame(table, defused).to_csv(index=False, lineterminator="\r\n")
    # Excel takes a CSV for UTF-8 only where it begins with this mark.
    path, _ = write_whole(target, [text.encode("utf-8-sig", "replace")])
    return path


def write_workbook(target: Path, tables: Sequence[Table]) -> Path:
    """Write tables as the sheets of an .xlsx, whole or not at all; gives where it is.

    Raises `OutputFault`, also where a table has more rows than a sheet.
    """
    if any(len(table.rows) >= ROWS_LIMIT for table in tables):
        raise OutputFault(
            place=str(target),
            wrong=f"a sheet holds {ROWS_LIMIT:,} rows, and there are more",
            remedy="name a .csv",
        )
    content = BytesIO()
    with pd.ExcelWriter(content, engine="openpyxl") as writer:
        for table in tables:
            _frame(table, holdable).to_excel(
                writer, sheet_name=table.name, index=False, freeze_panes=(1, 0)
            )
            _finish(writer.sheets[table.name], table)
    path, _ = write_whole(target, [content.getvalue()])
    return path


def defused(text: str) -> str:
    """Text for a CSV that no spreadsheet runs, by OWASP's "CSV Injection"."""
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if LOOKS_LIVE.match(text) else text


def holdable(text: str) -> str:
    """Text in the spelling in which a workbook can hold it."""
    return escaped(FORBIDDEN.sub("\ufffd", text))


def _frame(table: Table, spelled: Callable[[str], str]) -> pd.DataFrame:
    # As objects: else a column of whole numbers with a blank among them would become fractions.
    return pd.DataFrame(
        [[spelled(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows],
        columns=list(table.columns),
        dtype=object,
    )


def _finish(sheet: Worksheet, table: Table) -> None:
    """Make every text a text, and each column as wide as what it holds."""
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            # openpyxl takes `=…` for a formula and `#N/A` for an error.
            if cell.data_type in {"f", "e"}:
                cell.data_type = "s"
    for place, column in enumerate(table.columns):
        widest = max((len(str(row[place])) for row in table.rows), default=0)
        width = min(max(widest, len(column), NARROWEST), WIDEST)
        sheet.column_dimensions[get_column_letter(place + 1)].width = width + 2
