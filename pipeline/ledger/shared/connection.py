"""The way to a ledger's server: a connection that takes the statements written for SQLite.

Owns what is told of a server that is gone. Must not know what is said to it. The password is never
here: libpq finds it by PGPASSWORD or pgpass.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from pipeline.config.sections.sharedledger import place_of
from pipeline.errors import LedgerFault, LedgerLost
from pipeline.ledger.shared.dialect import statement

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
STILL_SECONDS = 10.0
"""Who stands still for so long within a transaction loses it: others may wait for its locks."""
NEVER_STILL: Final = "SELECT set_config('idle_in_transaction_session_timeout', ?, false)"


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
        self.execute(NEVER_STILL, (f"{STILL_SECONDS * 1000:.0f}ms",))

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
    """Tell a server that went away as a ledger that is lost. Raises `LedgerLost`."""
    try:
        yield
    except psycopg.IntegrityError:
        raise
    except psycopg.errors.IdleInTransactionSessionTimeout:
        raise LedgerLost(
            place=place_of(url),
            wrong=f"this machine stood still for {STILL_SECONDS:g} s while it wrote",
            remedy="nothing is lost: give the same command again",
        ) from None
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
