"""What `where` finds in a sheet: whether any row, and what the cells hold instead.

Must not know how it is told.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from pipeline.core.model import Row, Sheet
from pipeline.core.rows.cells import find_column, shown
from pipeline.core.rows.kitchen import Kitchen, RowError
from pipeline.core.rows.variables import Recipe

MOST_TEXTS: Final = 1000
"""So many different texts of a column are counted: more are no words that a condition names."""


def is_met(sheet: Sheet, where: Mapping[str, str]) -> bool:
    """Whether any row meets all these conditions, or can't be told to meet none.

    Raises `NoSuchColumnError`.
    """
    kitchen = Kitchen(sheet, Recipe(service="", workflow_id="", variables={}, where=where))
    return any(_is_wanted(kitchen, row) for row in sheet.rows)


def _is_wanted(kitchen: Kitchen, row: Row) -> bool:
    try:
        return kitchen.wants(row)
    except RowError:
        return True  # It is told as the row's own fault.


def texts_in(sheet: Sheet, column: str) -> Counter[str]:
    """What the cells of a column hold, as `where` compares it, and how often."""
    place = find_column(sheet.columns, column)
    often: Counter[str] = Counter()
    for row in sheet.rows:
        text = shown(row.values[place]).strip()
        if text in often or len(often) < MOST_TEXTS:
            often[text] += 1
    return often
