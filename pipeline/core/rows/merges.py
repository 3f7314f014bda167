"""Which cells a sheet shows as one with another. Must not know files."""

from bisect import bisect_right
from collections.abc import Sequence

from pipeline.core.model import Merge
from pipeline.core.rows.cells import column_letter


class Merges:
    """A sheet's merged cells, asked for by those that hold no value of their own."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self._merges = merges
        self._in_columns: dict[int, list[Merge]] = {}

    def first_of(self, number: int, place: int) -> str | None:
        """The cell that alone holds this one's value, such as ``F7``; ``None``: it is its own."""
        merges = self._in_column(place)
        # They don't overlap: of those that begin above, only the last can reach down to the row.
        at = bisect_right(merges, number, key=lambda merge: merge.first_row) - 1
        if at < 0 or merges[at].last_row < number:
            return None
        row, column = merges[at].first_row, merges[at].first_place
        return None if (row, column) == (number, place) else f"{column_letter(column)}{row}"

    def _in_column(self, place: int) -> list[Merge]:
        """The merges that a column has a part in, from above."""
        if place not in self._in_columns:
            here = (m for m in self._merges if m.first_place <= place <= m.last_place)
            self._in_columns[place] = sorted(here)
        return self._in_columns[place]
