"""Rows that would be new though their own values did not change. Owns the telling of them.

A row is known by what it becomes for the remote. So an edit of the config, another number format
or other rules of rendering make a new one of it, and only its raw cells tell that it is the same.
Must not know the ledger, nor what is done about such rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.core.model import Json, Row, RowKey, Sheet
from pipeline.core.rows.cells import RENDERING_VERSION, NoSuchColumnError, find_column, raw_of
from pipeline.core.rows.planning import Decision, Plan
from pipeline.core.rows.variables import Sendable

_Places: TypeAlias = tuple[int, ...]
_Left: TypeAlias = dict[_Places, dict[tuple[Json, ...], list[int]]]


@dataclass(frozen=True, slots=True)
class Paid:
    """A row as it was when a run was started for it, or may have been."""

    key: RowKey
    rows: int
    """How many equal rows of the sheet shared the run."""
    cells: Mapping[str, Json]
    """The raw cells that it was made of, by column."""
    rendering: int
    """The version of the rules by which they became text."""


@dataclass(frozen=True, slots=True)
class Remade:
    """Rows that a plan starts and that were paid for before under another key."""

    rows: int
    runs: int
    """What would be started for them: equal rows may share one."""
    is_rendered_anew: bool
    """Whether some of them were made by older rules of rendering."""


def remade(sheet: Sheet, planned: Plan, paid: Callable[[], Iterable[Paid]]) -> Remade:
    """The new rows whose raw cells are those of a paid row that no row of the sheet is any more.

    Compared are the columns the paid row was made of, as far as the sheet still has them. Where
    it has none of them, they were renamed: the first of its cells is looked for in the whole row.
    `paid` is gone through twice: what is held is what left the sheet.
    """
    left = _unclaimed(sheet, planned, paid())
    if not left:
        return Remade(rows=0, runs=0, is_rendered_anew=False)
    new = _new_keys(planned, paid())
    found = []
    renderings = []
    for row, rendered in zip(sheet.rows, planned.rows, strict=True):
        if not isinstance(rendered, Sendable) or rendered.key not in new:
            continue
        rendering = _take(left, row)
        if rendering is not None:
            found.append(rendered.key)
            renderings.append(rendering)
    return Remade(
        rows=len(found),
        runs=len(set(found)),
        is_rendered_anew=any(version < RENDERING_VERSION for version in renderings),
    )


def _new_keys(planned: Plan, paid: Iterable[Paid]) -> set[RowKey]:
    """The rows to start that no run was ever started for: a round's rows were asked for."""
    to_start = {
        row.key
        for row, decision in zip(planned.rows, planned.decisions, strict=True)
        if isinstance(row, Sendable) and decision in {Decision.START, Decision.SHARE}
    }
    return to_start.difference(one.key for one in paid)


def _unclaimed(sheet: Sheet, planned: Plan, paid: Iterable[Paid]) -> _Left:
    """What no row of the sheet is any more: the renderings, by the columns and their raw cells."""
    claims = Counter(row.key for row in planned.rows if isinstance(row, Sendable))
    left: _Left = defaultdict(lambda: defaultdict(list))
    for one in paid:
        often = one.rows - claims[one.key]
        if often <= 0:
            continue
        places = {column: _place(sheet, column) for column in sorted(one.cells)}
        shared = {column: place for column, place in places.items() if place is not None}
        values = tuple(one.cells[column] for column in shared) or tuple(one.cells.values())[:1]
        left[tuple(shared.values())][values] += [one.rendering] * often
    # More columns tell more surely which row it was.
    return dict(sorted(left.items(), key=lambda item: -len(item[0])))


def _take(left: _Left, row: Row) -> int | None:
    """Take out what the row was before, if it was anything; gives the rendering."""
    for places, by_values in left.items():
        renderings = next(filter(None, map(by_values.get, _values(row, places))), None)
        if renderings:
            return renderings.pop()
    return None


def _values(row: Row, places: _Places) -> Iterator[tuple[Json, ...]]:
    """The cells in these places; without one, each cell by itself, and none."""
    if places:
        yield tuple(raw_of(row.values[place]) for place in places)
        return
    yield ()
    for value in row.values:
        yield (raw_of(value),)


def _place(sheet: Sheet, column: str) -> int | None:
    try:
        return find_column(sheet.columns, column)
    except NoSuchColumnError:
        return None
