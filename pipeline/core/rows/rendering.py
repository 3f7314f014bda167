"""Each row of a sheet, as what it becomes for the remote. Owns the going through the rows.

Must not know where a row was read from, nor what was started before. Holds no row: a sheet may be
larger than memory.
"""

from collections.abc import Iterator

from pipeline.core.model import Row, Sheet
from pipeline.core.rows.identity import Identities, digest_of
from pipeline.core.rows.kitchen import Kitchen, RowError
from pipeline.core.rows.variables import Faulty, Fixed, Recipe, RenderedRow, Sendable, Skipped


class Rendering:
    """A sheet's rows rendered, in order: made anew each time that they are gone through."""

    def __init__(self, sheet: Sheet, recipe: Recipe) -> None:
        """Raises `NoSuchColumnError` where the sheet lacks a column that the recipe names."""
        self._sheet = sheet
        self._recipe = recipe
        self._kitchen = Kitchen(sheet, recipe)

    def __len__(self) -> int:
        return len(self._sheet.rows)

    def __iter__(self) -> Iterator[RenderedRow]:
        kitchen, identities = self._kitchen, _identities(self._recipe)
        is_once = self._recipe.duplicates == "once"
        for row in self._sheet.rows:
            try:
                if not kitchen.wants(row):
                    yield Skipped(row.number)
                    continue
                variables, names = kitchen.variables(row), kitchen.key(row)
            except RowError as error:
                yield Faulty(row.number, str(error))
                continue
            key = identities.once(variables) if is_once else identities.each(variables, names)
            yield Sendable(row.number, key, variables, kitchen.raw_cells(row))


def _identities(recipe: Recipe) -> Identities:
    rules = recipe.variables
    return Identities(
        recipe.service,
        recipe.workflow_id,
        {name: rule.value for name, rule in rules.items() if isinstance(rule, Fixed)},
        [name for name, rule in rules.items() if not isinstance(rule, Fixed)],
    )


def badly_named_rows(sheet: Sheet, recipe: Recipe) -> Iterator[tuple[str, str]]:
    """The cells of rows that the key does not name, each with what is wrong.

    A key that is blank names no row, and one that stands twice names two; rows that `where` leaves
    out need none.
    """
    if not recipe.key:
        return
    kitchen = Kitchen(sheet, recipe)
    firsts = _first_rows_of_twins(sheet, kitchen)
    for row, name in _named(sheet, kitchen):
        cell = kitchen.cell(row, recipe.key[0])
        if not any(name):
            yield cell, "the key is blank"
        elif firsts.get(name, row.number) != row.number:
            yield cell, f"the key stands twice: it is that of row {firsts[name]}"


def _first_rows_of_twins(sheet: Sheet, kitchen: Kitchen) -> dict[tuple[str, ...], int]:
    """The names that stand more than once, and the row of each where it stands first.

    Names are many, and twins are few: numbers are looked up for these alone, in a second pass.
    """
    seen: set[bytes] = set()
    twins = set()
    for _, name in _named(sheet, kitchen):
        digest = digest_of(name)
        if digest in seen:
            twins.add(digest)
        seen.add(digest)
    firsts: dict[tuple[str, ...], int] = {}
    if twins:
        for row, name in _named(sheet, kitchen):
            if digest_of(name) in twins:
                firsts.setdefault(name, row.number)
    return firsts


def _named(sheet: Sheet, kitchen: Kitchen) -> Iterator[tuple[Row, tuple[str, ...]]]:
    for row in sheet.rows:
        try:
            if kitchen.wants(row):
                yield row, tuple(text.strip() for text in kitchen.key(row))
        except RowError:
            continue  # A formula without a value is the row's own fault, and is told as such.
