"""Opening a ledger that several machines share. Owns its version and what must be there before use.

Must not know what is asked of the ledger once it is open.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from typing import Final

from pipeline.errors import LedgerFault
from pipeline.ledger.opening import SCHEMA_VERSION
from pipeline.ledger.shared.connection import PostgresConnection, lost_connections_told
from pipeline.ledger.shared.dialect import schema
from pipeline.ledger.shared.postgres import PostgresLedger

ONE_AT_A_TIME: Final = 0x50495045
"""The advisory lock under which the tables are made: 'PIPE'."""
IS_MADE: Final = "SELECT to_regclass('fact') IS NOT NULL"
VERSION_FACT: Final = "schema"


@contextmanager
def share_ledger(url: str) -> Iterator[PostgresLedger]:
    """The ledger, made where it is missing; others may use it meanwhile.

    Raises `LedgerFault` where the server can't be reached or holds a newer program's ledger, and
    `LedgerLost` where it goes away.
    """
    with closing(PostgresConnection(url)) as connection, lost_connections_told(url):
        ledger = PostgresLedger(url, connection)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(?)", (ONE_AT_A_TIME,))
            (is_made,) = connection.execute(IS_MADE).fetchone()  # type: ignore[misc]  # one line
            if not is_made:
                _make(connection)
        _check_version(ledger)
        yield ledger


@contextmanager
def join_shared_ledger(url: str) -> Iterator[PostgresLedger | None]:
    """The ledger as it is; ``None`` where it was never made."""
    with closing(PostgresConnection(url)) as connection, lost_connections_told(url):
        (is_made,) = connection.execute(IS_MADE).fetchone()  # type: ignore[misc]  # one line
        ledger = PostgresLedger(url, connection) if is_made else None
        if ledger is not None:
            _check_version(ledger)
        yield ledger


def _make(connection: PostgresConnection) -> None:
    folder = resources.files("pipeline.ledger")
    connection.script(schema(folder.joinpath("schema.sql").read_text(encoding="utf-8")))
    connection.script(folder.joinpath("shared/chunks.sql").read_text(encoding="utf-8"))
    connection.execute("INSERT INTO fact VALUES (?, ?)", (VERSION_FACT, str(SCHEMA_VERSION)))


def _check_version(ledger: PostgresLedger) -> None:
    version = ledger.fact(VERSION_FACT)
    if version != str(SCHEMA_VERSION):
        raise LedgerFault(
            place=ledger.place,
            wrong=f"the ledger was written by another version of this program (schema {version})",
            remedy=f"use one version everywhere; this one knows schema {SCHEMA_VERSION}",
        )
