"""The ledger in Postgres: the same door as in SQLite. Owns the statements that are others here.

Most are the same, and `dialect.py` translates them. Must not know how the server is reached: that
is `connection.py`'s.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from pipeline.config.model import Limits
from pipeline.config.sections.sharedledger import place_of
from pipeline.core.model import Entry, RowKey, State
from pipeline.errors import LedgerFault
from pipeline.ledger.records import Owner, Values, entry_values
from pipeline.ledger.shared.chunks import Chunk, Claim
from pipeline.ledger.shared.connection import PostgresConnection
from pipeline.ledger.store import Ledger, RunTakenError

TAKE_ITS_TIME: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"
STAGE: Final = "CREATE TEMPORARY TABLE staged (LIKE entry INCLUDING DEFAULTS) ON COMMIT DROP"
COPY: Final = (
    "COPY staged (id, state, rows, row_key, reading_id, row_number, variables, cells, rendering) "
    "FROM STDIN"
)
# Of equal rows, which share an entry, the first one's number and cells are the entry's.
FIRST_STAGED: Final = (
    "CREATE TEMPORARY TABLE first_staged ON COMMIT DROP AS SELECT DISTINCT ON (row_key) staged.*, "
    "count(*) OVER (PARTITION BY row_key) AS equals FROM staged ORDER BY row_key, id"
)
RENEW_STAGED: Final = (
    "UPDATE entry SET reading_id = new.reading_id, row_number = new.row_number, "
    "rows = new.equals, cells = new.cells, rendering = new.rendering "
    "FROM first_staged AS new WHERE new.row_key = entry.row_key"
)
ADD_STAGED: Final = (  # without a conflict no numbers are used up: chunks are ranges of them
    "INSERT INTO entry (state, row_key, reading_id, row_number, rows, variables, cells, rendering) "
    "SELECT state, row_key, reading_id, row_number, equals, variables, cells, rendering "
    "FROM first_staged AS new "
    "WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.row_key = new.row_key) ORDER BY new.id"
)
HOLD_ENTRY: Final = "SELECT 1 FROM entry WHERE id = ? FOR UPDATE"
ALL_STATES: Final = "SELECT row_key, state FROM entry"

# For many lines psycopg sends a statement in one go with all others, and waits once.
SAVE_ENTRY: Final = (
    "UPDATE entry SET state = ?, attempts = ?, retries = ?, round_id = ?, owes_retry = ? "
    "WHERE id = ?"
)
SAVE_ATTEMPT: Final = (
    "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (entry_id, number) DO UPDATE SET state = excluded.state, "
    "started_at = excluded.started_at, seen_running_at = excluded.seen_running_at, "
    "ended_at = excluded.ended_at, "
    "run_id = coalesce(excluded.run_id, attempt.run_id), "
    "named = excluded.named OR attempt.named, "
    "credits = excluded.credits, outputs = excluded.outputs, error = excluded.error, "
    "failure = excluded.failure"
)


class PostgresLedger(Ledger):
    """One batch's ledger in Postgres, shared by as many processes as take part."""

    def __init__(self, url: str, connection: PostgresConnection) -> None:
        self.place = place_of(url)
        self.path = Path(self.place)  # where it is told that a file can't be read
        self.url = url
        self._postgres = connection
        self._use(connection)

    def states(self) -> Mapping[RowKey, State]:
        """What is known of every row that was ever planned; one question for all of them."""
        return {RowKey(key): State(state) for key, state in self._execute(ALL_STATES)}

    def see_that_it_is_used(self, remedy: str) -> None:
        """Raise `LedgerFault` where no sheet was ever read into it."""
        if not self.tally().rows:
            raise LedgerFault(place=self.place, wrong="no batch is there yet", remedy=remedy)

    def moment(self) -> float:
        """Unix seconds by the server's clock: the one that all workers go by."""
        return float(self._execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])

    def see(self, claim: Claim, limits: Limits) -> "PostgresChunk":
        """The same ledger, as the picker of a chunk sees it."""
        return PostgresChunk(self.url, self._postgres).claimed(claim, limits)

    def amend(self, owner: Owner, step: Callable[[Entry], Entry]) -> tuple[Entry, Entry]:
        """Let something happen to an older attempt, as in any ledger.

        The entry may be in another worker's chunk: meanwhile nobody else writes to it.
        """
        with self.transaction():
            self._execute(HOLD_ENTRY, (owner.entry_id,))
            return super().amend(owner, step)

    def save(self, entries: Sequence[Entry]) -> None:
        """Make these entries and their newest attempts durable, all or none.

        Raises `RunTakenError` where a run already belongs to another attempt.
        """
        try:
            with self.transaction():
                self._write(entries)
        except psycopg.errors.UniqueViolation as error:
            if "run_id" not in (error.diag.constraint_name or ""):
                raise
            raise RunTakenError from error

    def _save_entries(self, entries: Sequence[Entry]) -> None:
        self._connection.executemany(SAVE_ENTRY, map(entry_values, entries))

    def _save_attempts(self, attempts: Sequence[Values]) -> None:
        self._connection.executemany(SAVE_ATTEMPT, attempts)

    def _enrol_rows(self, rows: Callable[[], Iterable[Values]]) -> None:
        self._postgres.script(TAKE_ITS_TIME)
        # Whoever makes the rows may ask the ledger meanwhile, and while it copies it can't answer.
        lines = [(place, "planned", 1, *row) for place, row in enumerate(rows())]
        self._postgres.script(STAGE)
        self._postgres.copy(COPY, lines)
        self._postgres.script(FIRST_STAGED)
        self._execute(RENEW_STAGED)
        self._execute(ADD_STAGED)
        self._execute("ANALYZE entry")

    @contextmanager
    def transaction(self) -> Iterator[Callable[..., Any]]:
        """Say statements to the ledger, all of them or none: durable once the block has ended."""
        with self._postgres.transaction():
            yield self._execute


class PostgresChunk(Chunk, PostgresLedger):
    """The ledger in Postgres, as the picker of one chunk sees it."""
