"""What `init` takes for granted where nobody says otherwise. Owns the guesses at a file's table.

Must not know how a person is asked, nor what a config looks like.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.model import Sheet
from pipeline.core.rows.cells import is_blank, shown
from pipeline.core.rows.heading import Heading, find_heading
from pipeline.sheets import Top

NAMING: Final = re.compile(
    r"\b(id|ids|uid|uuid|guid|key|sku|ean|gtin|no|nr|number|nummer)\b|^#$", re.IGNORECASE
)
"""Headers of columns that people number or name their rows by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table of a file seems to stand."""

    sheet: str
    header_row: int
    is_found: bool
    """False: no row looks like headers, and the first one that holds anything is taken."""


def guess_place(tops: Sequence[Top]) -> Place:
    """The sheet with the heaviest table, the first of several; the first sheet where none has."""
    headings = [(top.sheet, find_heading(top.lines)) for top in tops]
    found = [(sheet, heading) for sheet, heading in headings if heading is not None]
    if not found:
        return Place(tops[0].sheet, 1, is_found=False)
    sheet, heading = max(found, key=_weight)
    return Place(sheet, heading.row, heading.is_found)


def _weight(found: tuple[str, Heading]) -> int:
    return found[1].weight


def guess_sent(sheet: Sheet) -> tuple[str, ...]:
    """The columns that hold anything; all of them where none does."""
    filled = tuple(
        column
        for place, column in enumerate(sheet.columns)
        if not all(is_blank(row.values[place]) for row in sheet.rows)
    )
    return filled or sheet.columns


def guess_key(sheet: Sheet) -> tuple[str, ...]:
    """The first column that is called a number or a key, and names each row; else none."""
    called = (column for column in sheet.columns if NAMING.search(column))
    return next(((column,) for column in called if names_each_row(sheet, (column,))), ())


def names_each_row(sheet: Sheet, columns: Sequence[str]) -> bool:
    """Whether no two rows are alike in these columns, and none is blank in all of them."""
    places = [sheet.columns.index(column) for column in columns]
    seen = set()
    for row in sheet.rows:
        name = tuple(shown(row.values[place]).strip() for place in places)
        if name in seen or not any(name):
            return False
        seen.add(name)
    return True
