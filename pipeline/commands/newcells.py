"""The new cells of each row, made as they are asked for. Owns what is remembered of them.

Holds a few rows at a time: a sheet may be larger than memory. Must not know how it is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec.structs import replace

from pipeline.commands.preparing import Prepared
from pipeline.core.model import NewCell, RowKey, Standing
from pipeline.core.rows.cells import shown
from pipeline.core.rows.given import GivenOutputs
from pipeline.core.rows.variables import RenderedRow, Sendable
from pipeline.core.rows.writing import PASSES, Columns, cells_of
from pipeline.ledger.store import Ledger

ROWS_AT_ONCE: Final = 1000
"""For so many rows the ledger is asked at once."""


class NewCells:
    """The new cells of a sheet's rows, in the sheet's order, by the rows' numbers."""

    def __init__(self, prepared: Prepared, ledger: Ledger, columns: Columns) -> None:
        self._prepared = prepared
        self._ledger = ledger
        self._columns = columns
        self.given = GivenOutputs(columns.outputs)
        """What the runs gave of the outputs, once the cells were gone through."""

    def __len__(self) -> int:
        return len(self._prepared.rows)

    def items(self) -> Iterator[tuple[int, tuple[NewCell, ...]]]:
        """Number and cells of each row, anew each time.

        What no attempt tells of later is remembered on the way, and so before anybody can read it:
        else a process that dies in between would disown it.
        """
        self.given = GivenOutputs(self._columns.outputs)
        shown_before: set[RowKey] = set()
        remembered: set[tuple[str, str]] = set()
        rows = iter(self._prepared.rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            standings = self._ledger.standings([r.key for r in some if isinstance(r, Sendable)])
            made = [
                (row.number, cells_of(row, standing, self._columns))
                for row, standing in self._beside(some, standings, shown_before)
            ]
            passing = _passing_texts(self._columns, (cells for _, cells in made)) - remembered
            if passing:
                self._ledger.remember_texts(passing)
                remembered |= passing
            yield from made

    def _beside(
        self,
        rows: Iterable[RenderedRow],
        standings: dict[RowKey, Standing],
        shown_before: set[RowKey],
    ) -> Iterator[tuple[RenderedRow, Standing | None]]:
        """The rows, each with how it stands."""
        is_shared = self._prepared.config.input.duplicates == "once"
        for row in rows:
            standing = standings.get(row.key) if isinstance(row, Sendable) else None
            if standing is not None and isinstance(row, Sendable):
                if is_shared and row.key in shown_before:
                    # Equal rows below show the run that they share, and not its credits again.
                    standing = replace(standing, credits=None)
                else:
                    self.given.see(standing)
                if is_shared:
                    shown_before.add(row.key)
            yield row, standing


def _passing_texts(columns: Columns, cells: Iterable[Sequence[NewCell]]) -> set[tuple[str, str]]:
    """Header and text of the cells that no attempt tells of later."""
    headers = {header for name, header in columns.about.items() if PASSES[name]}
    places = [(place, h) for place, h in enumerate(columns.headers) if h in headers]
    return {
        (h, shown(row[place])) for row in cells for place, h in places if row[place] is not None
    }
