"""What the ledger knows of rows, one at a time. Must not know why anybody asks.

A ledger may know more rows than memory holds: each is looked up as it is asked for.
"""

from collections.abc import Iterator, Mapping

from pipeline.core.model import RowKey, State
from pipeline.ledger import queries
from pipeline.ledger.records import Connection


class KnownStates(Mapping[RowKey, State]):
    """The state of every row that was ever planned, as the ledger stands when it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._execute = connection.execute

    def __getitem__(self, key: RowKey) -> State:
        found = self._execute(queries.STATE_OF, (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        return State(found[0])

    def __iter__(self) -> Iterator[RowKey]:
        return (RowKey(key) for (key,) in self._execute(queries.ROW_KEYS))

    def __len__(self) -> int:
        (count,) = self._execute(queries.COUNT_ENTRIES).fetchone()
        return int(count)
