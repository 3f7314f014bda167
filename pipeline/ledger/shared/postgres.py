"""The ledger in Postgres: the same statements as in SQLite. Owns the way to the server.

Must not know what is asked of the ledger. The password is never here: libpq finds it by PGPASSWORD
or pgpass.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from pipeline.config.model import Limits
from pipeline.config.sections.server import place_of
from pipeline.core.model import Entry, RowKey, State
from pipeline.errors import LedgerFault, LedgerLost
from pipeline.ledger.records import Owner, Values, entry_values
from pipeline.ledger.shared.chunks import Chunk, Claim
from pipeline.ledger.shared.dialect import statement
from pipeline.ledger.store import Ledger, RunTakenError

REMEDY: Final = "see that the server is up and reached, then give the same command again"
# What it tells of connections that broke is told by ourselves.
logging.getLogger("psycopg").addHandler(logging.NullHandler())
logging.getLogger("psycopg").propagate = False

ONE_CALLER: Final = 0x50495046
"""The advisory lock of the one `pipeline run`."""
SETTINGS: Final = {
    "application_name": "pipeline",
    "connect_timeout": 10,
    # A server that is cut off is noticed within half a minute, also while nothing is asked of it.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
DURABLE: Final = (  # a server may be set up to forget its last commits in a crash
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
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


class Line(tuple[Any, ...]):
    """A line of an answer, by place or by name, as `sqlite3.Row` is."""

    __slots__ = ()
    places: dict[str, int] = {}  # noqa: RUF012 - each answer has a class of its own

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - as of any line
        return super().__getitem__(self.places[key] if isinstance(key, str) else key)


def line_factory(cursor: "psycopg.Cursor[Any]") -> Callable[[Sequence[Any]], Line]:
    """Makes the lines of one answer (psycopg's protocol of row factories)."""
    places = {column.name: place for place, column in enumerate(cursor.description or ())}
    return type("Line", (Line,), {"__slots__": (), "places": places})


class PostgresConnection:
    """A connection to Postgres that takes the statements that are written for SQLite."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._driver = connected(url)
        self.execute(DURABLE)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> "psycopg.Cursor[Line]":
        """One statement."""
        with lost_connections_told(self._url):
            return self._driver.execute(statement(sql).encode(), values)

    def executemany(self, sql: str, lines: Iterable[Sequence[Any]]) -> "psycopg.Cursor[Line]":
        """One statement for many lines of values, sent without waiting for each answer."""
        with lost_connections_told(self._url):
            cursor = self._driver.cursor()
            cursor.executemany(statement(sql).encode(), map(_without_nul, lines))
            return cursor

    def copy(self, sql: str, lines: Iterable[Sequence[Any]]) -> None:
        """Load many lines by COPY."""
        with self._driver.cursor().copy(sql.encode()) as copy:
            for line in lines:
                copy.write_row(_without_nul(line))

    def script(self, sql: str) -> None:
        """Statements in Postgres's own words, without values."""
        self._driver.execute(sql.encode())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. Raises `LedgerLost` where it is not known to be durable."""
        with lost_connections_told(self._url), self._driver.transaction():
            yield

    def close(self) -> None:
        """End the connection; what was not committed is undone."""
        self._driver.close()


def _without_nul(values: Sequence[Any]) -> Sequence[Any]:
    """The values with a picture in the place of each NUL, which Postgres takes in no text."""
    return [value.replace("\0", "␀") if isinstance(value, str) else value for value in values]


def connected(url: str) -> "psycopg.Connection[Line]":
    """A connection of our own settings. Raises `LedgerFault` where the server can't be reached."""
    try:
        # The row factory's own type hangs on the answer.
        return psycopg.connect(url, autocommit=True, row_factory=line_factory, **SETTINGS)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise LedgerFault(
            place=place_of(url),
            wrong=f"the ledger's server can't be reached ({words_of(error)})",
            remedy="see that it is up and takes you in; a password comes by PGPASSWORD or pgpass",
        ) from error


@contextmanager
def lost_connections_told(url: str) -> Iterator[None]:
    """Tell a server that went away as a ledger that is lost."""
    try:
        yield
    except psycopg.IntegrityError:
        raise
    except psycopg.Error as error:
        raise LedgerLost(
            place=place_of(url),
            wrong=f"the ledger could not be read or written ({words_of(error)})",
            remedy=REMEDY,
        ) from error


def words_of(error: psycopg.Error) -> str:
    """A complaint about the connection, its first line; of another, which may show values, none."""
    is_of_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    lines = str(error).splitlines() if is_of_connection else []
    return lines[0] if lines else type(error).__name__


class CallerLock:
    """Held by the one `pipeline run` of a batch, for as long as its connection is."""

    def __init__(self, url: str) -> None:
        self._connection = PostgresConnection(url)
        line = self._connection.execute("SELECT pg_try_advisory_lock(?)", (ONE_CALLER,)).fetchone()
        self.is_ours = bool(line and line[0])
        """Whether no other process has it."""

    def close(self) -> None:
        """Let another have it."""
        self._connection.close()


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

    def _enrol_rows(self, rows: Iterable[Values]) -> None:
        # Whoever makes the rows may ask the ledger meanwhile, and while it copies it can't answer.
        lines = [(place, "planned", 1, *row) for place, row in enumerate(rows)]
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
