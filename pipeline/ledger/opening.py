"""Opening and closing the ledger's file. Owns its place, its settings, its version and its lock.

Must not know what is asked of the ledger once it is open.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

import psutil

from pipeline.errors import LedgerFault
from pipeline.ledger.holding import held, mounts, refuse_network_file_system
from pipeline.ledger.onlooker import Onlooker
from pipeline.ledger.store import Ledger
from pipeline.ledger.transactions import damage_told
from pipeline.system import make_for_owner, try_to_write

SCHEMA_VERSION: Final = 6
APPLICATION_ID: Final = 0x50495045
"""'PIPE' in the file's header (sqlite.org/pragma.html#pragma_application_id)."""

SETTINGS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    # On macOS a plain fsync leaves the data in the drive's cache.
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    # 64 MiB, taken as they are needed: the keys of a million rows come in no order, and the index
    # of them is gone through here and there.
    "PRAGMA cache_size = -65536",
)


def check_place(path: Path) -> None:
    """That a ledger is there, or could be made; leaves nothing behind.

    Raises `LedgerFault` where a folder is in its place, where its folder can't be made or written
    to, or where it would lie on a network file system.
    """
    refuse_network_file_system(path, mounts())
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir():
        raise _no_ledger_at(path, "the ledger can't be opened: this is a folder")
    try:
        try_to_write(folder)
    except OSError as error:
        why = f"nothing can be written to {folder} ({error.strerror})"
        if _is_there(path):
            raise _shut(path, f"the ledger can't be opened: {why}") from None
        raise _no_ledger_at(path, f"the ledger can't be made: {why}") from None


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """The ledger, made where it is missing, held by this process alone until the block ends.

    Raises `LedgerFault` where it can't be opened, is no ledger, is a newer program's, lies on a
    network file system, or is held by another process.
    """
    refuse_network_file_system(path, mounts())
    _make_file(path)
    with held(path) as is_ours:
        if not is_ours:
            raise _held_elsewhere(path)
        with closing(_connected(path)) as connection, damage_told(path):
            ledger = Ledger(path, connection)
            ledger.say_holder()
            try:
                yield ledger
            finally:
                ledger.forget_holder()


@contextmanager
def join_ledger(path: Path) -> Iterator[Ledger | None]:
    """The ledger beside the process that may hold it; ``None`` where there is none.

    For reading, and for remembering what was written: entries are changed by the holder alone.
    """
    if not path.exists():
        yield None
        return
    with closing(_connected(path)) as connection, damage_told(path):
        yield Ledger(path, connection)


@contextmanager
def watch_ledger(path: Path) -> Iterator[Onlooker | None]:
    """The ledger for somebody who changes nothing; ``None`` where there is none yet."""
    if not path.exists():
        yield None
        return
    with closing(_connected(path)) as connection, damage_told(path):
        connection.execute("PRAGMA query_only = ON")
        yield Onlooker(path, connection)


def is_held(path: Path) -> bool:
    """Whether another process holds the ledger at this moment."""
    if not path.exists():
        return False
    with held(path) as is_ours:
        return not is_ours


def is_running(path: Path, holder: str | None) -> bool:
    """Whether the process that wrote itself into the ledger as its holder is at work on it.

    Unlike `is_held` it may be asked again and again: it tries the lock only where somebody has it,
    and so never stands in the way of a batch that begins.
    """
    if holder is None or not holder.isdecimal():
        return False
    if int(holder) == os.getpid():
        return True
    return psutil.pid_exists(int(holder)) and is_held(path)


def _make_file(path: Path) -> None:
    # SQLite would make the file by the umask; the ledger holds what the user's cells hold.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A copied ledger may have come with wider rights.
        make_for_owner(path)
    except OSError as error:
        raise _not_opened(path, error) from error


def _connected(path: Path) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        _check_and_create(path, connection)
    except (sqlite3.DatabaseError, LedgerFault) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, LedgerFault):
            raise
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_CORRUPT"):
            raise LedgerFault(
                place=str(path),
                wrong=f"the ledger is damaged ({error})",
                remedy="keep the file, and put back a copy of it before you go on",
            ) from error
        if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            raise LedgerFault(
                place=str(path),
                wrong="this file is no ledger, or a damaged one",
                remedy=(
                    "put back a copy of the ledger; where there was none, name another file in "
                    "the config's `ledger`"
                ),
            ) from error
        raise _not_opened(path, error) from error
    return connection


def _check_and_create(path: Path, connection: sqlite3.Connection) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if tables and application != APPLICATION_ID:
        raise LedgerFault(
            place=str(path),
            wrong="this file is not a ledger",
            remedy="name another file in the config's `ledger`",
        )
    if tables and version < SCHEMA_VERSION:
        raise LedgerFault(
            place=str(path),
            wrong=f"the ledger is older than any version that was released (schema {version})",
            remedy="end it with the program that made it, or name another in the config's `ledger`",
        )
    if version > SCHEMA_VERSION:
        raise LedgerFault(
            place=str(path),
            wrong=f"the ledger was written by a newer program (schema {version})",
            remedy=f"update this program, which knows schema {SCHEMA_VERSION}",
        )
    for setting in SETTINGS:
        connection.execute(setting)
    if not tables:
        schema = resources.files("pipeline.ledger").joinpath("schema.sql").read_text()
        connection.executescript(
            f"BEGIN IMMEDIATE; {schema}; PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


def _not_opened(path: Path, error: Exception) -> LedgerFault:
    wrong = f"the ledger can't be opened ({error})"
    return _shut(path, wrong) if _is_there(path) else _no_ledger_at(path, wrong)


def _is_there(path: Path) -> bool:
    """Whether a file is there, as far as can be told: one that can't be looked for may be."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def _shut(path: Path, wrong: str) -> LedgerFault:
    """Never "name another": with a new ledger, every row would be paid for again."""
    return LedgerFault(
        place=str(path),
        wrong=wrong,
        remedy="make room or mend the rights of this file and its folder, then give the same "
        "command again",
    )


def _no_ledger_at(path: Path, wrong: str) -> LedgerFault:
    return LedgerFault(
        place=str(path),
        wrong=wrong,
        remedy="name a file in a folder that you may write to in the config's `ledger`",
    )


def _held_elsewhere(path: Path) -> LedgerFault:
    with join_ledger(path) as ledger:
        holder = ledger and ledger.holder()
    return LedgerFault(
        place=str(path),
        wrong=f"this batch is running elsewhere, in process {holder or 'unknown'}",
        remedy="wait for it to end or stop it, then give the command again",
    )
