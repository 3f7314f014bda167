"""The sheet in the ledger, as it was read. Owns how its rows come in, and how they are counted.

Must not know how a run came to be or how it ended: attempts are the store's.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline.core.jsontext import from_json, to_json
from pipeline.core.model import RowKey, Rows, State
from pipeline.core.rows.cells import RENDERING_VERSION
from pipeline.core.rows.remade import Paid
from pipeline.core.rows.variables import Faulty, RenderedRow, Sendable, Skipped
from pipeline.ledger import queries
from pipeline.ledger.facts import Facts
from pipeline.ledger.records import Connection, Tally, Values
from pipeline.ledger.transactions import path_text


class KnownStates(Mapping[RowKey, State]):
    """The state of every row that was ever planned, looked up as it is asked for.

    A ledger may know more rows than memory holds.
    """

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


class Readings(Facts):
    """Every reading of the sheet; of all but the newest, only the rows that it left behind."""

    def enrol(
        self,
        rows: Rows[RenderedRow],
        source: Path,
        service: str,
        workflow: str,
        read_at: float,
    ) -> None:
        """Begin a reading: every row that can be sent has an entry, and its number of today.

        Rows of one key share an entry, which goes by the first one's number. The rows pass by, and
        are not held; what they raise leaves the ledger as it was.
        """
        counts: Counter[type[RenderedRow]] = Counter()
        with self.transaction():
            self._execute(queries.FORGET_FACT, ("reading",))
            values = (read_at, path_text(source), service, workflow)
            (reading_id,) = self._execute(queries.BEGIN_READING, values).fetchone()
            self._enrol_rows(partial(_enrolment, rows, reading_id, counts))
            numbers = (counts.total(), counts[Skipped], counts[Faulty], reading_id)
            self._execute(queries.COUNT_ROWS, numbers)

    def _enrol_rows(self, rows: Callable[[], Iterable[Values]]) -> None:
        """Give each row its entry; `rows` goes through their values from the first on."""
        if self._execute(queries.ANY_ENTRY).fetchone() is None:
            try:
                with self._indexed_at_the_end():
                    self._connection.executemany(queries.ENROL_FIRST, rows())
            except sqlite3.IntegrityError:
                pass  # Some rows share a key: which ones, an index has to tell on the way.
            else:
                return
        self._connection.executemany(queries.ENROL, rows())

    @contextmanager
    def _indexed_at_the_end(self) -> Iterator[None]:
        """Make the entries' indexes once the block has ended: of keys in no order that costs half.

        Raises `sqlite3.IntegrityError` where rows share a key; there are no entries then.
        """
        indexes = self._execute(queries.ENTRY_INDEXES).fetchall()
        self._execute("SAVEPOINT first_reading")
        try:
            for name, _ in indexes:
                self._execute(f"DROP INDEX {name}")
            yield
            for _, statement in indexes:
                self._execute(statement)
        except sqlite3.IntegrityError:
            self._execute("ROLLBACK TO first_reading")
            raise
        finally:
            self._execute("RELEASE first_reading")

    def has_ended(self, reading: str) -> bool:
        """Whether the newest reading is this one, and nothing is owed to any row any more."""
        is_newest = self.fact("reading") == reading
        return is_newest and self._execute(queries.OPEN_ENTRIES).fetchone() is None

    def say_reading(self, reading: str) -> None:
        """Say by what the newest reading is known again: a digest of all that it was made of."""
        self.say_facts({"reading": reading})

    def read_for(self) -> tuple[str, str] | None:
        """Service and workflow that the sheet was last read for; ``None``: it never was."""
        found = self._execute(queries.READ_FOR).fetchone()
        return None if found is None else (found[0], found[1])

    def states(self) -> Mapping[RowKey, State]:
        """What is known of every row that was ever planned, looked up as it is asked for."""
        return KnownStates(self._connection)

    def rows_by_state(self) -> dict[State, int]:
        """How many rows of the sheet, as it was last read, are in each state."""
        return {State(state): rows for state, rows, _ in self._execute(queries.COUNT_STATES)}

    def paid(self, free: str) -> Iterator[Paid]:
        """The rows that a run was or may have been started for, but for those at a free service."""
        for key, rows, cells, rendering in self._execute(queries.PAID, (free,)):
            yield Paid(RowKey(key), rows, from_json(cells), rendering)

    def has_paid(self, free: str) -> bool:
        """Whether there is any such row."""
        return bool(self._execute(queries.HAS_PAID, (free,)).fetchone()[0])

    def tally(self) -> Tally:
        """The rows of the sheet, as it was last read, in numbers."""
        counts = self._execute(queries.SHEET_COUNTS).fetchone()
        if counts is None:
            return Tally()
        rows, skipped, faulty = counts
        counted = self._execute(queries.COUNT_STATES).fetchall()
        cost, unknown = self._execute(queries.SUM_CREDITS).fetchone()
        (saved,) = self._execute(queries.SAVED_CREDITS).fetchone()
        return Tally(
            rows=rows,
            skipped=skipped,
            faulty=faulty,
            states={State(state): n for state, n, _ in counted},
            credits=cost,
            credits_unknown=unknown,
            entries={State(state): n for state, _, n in counted},
            saved_credits=saved,
        )


def _enrolment(
    rows: Iterable[RenderedRow], reading_id: int, counts: Counter[type[RenderedRow]]
) -> Iterator[Values]:
    """The values of each row that can be sent, in the order of the statement; counts all rows."""
    counts.clear()
    for row in rows:
        counts[type(row)] += 1
        if isinstance(row, Sendable):
            variables, cells = to_json(row.variables), to_json(row.cells)
            yield row.key, reading_id, row.number, variables, cells, RENDERING_VERSION
