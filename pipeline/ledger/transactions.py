"""The way to the ledger's file. Owns what is all or nothing, and that it is durable.

Must not know what is said to the ledger or asked of it. One connection, used by one thread at a
time; whoever calls it decides which.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pipeline.errors import LedgerLost
from pipeline.ledger.records import Connection
from pipeline.system import make_for_owner, sync_folder

KEPT_BESIDE: Final = ("-wal", "-shm")
"""How SQLite names what it keeps beside an open file: newest commits, and where they stand."""


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Tell a ledger that can't be read any more as such, and not as a fault of this program.

    Raises `LedgerLost`.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise LedgerLost(
            place=str(path),
            wrong=f"the ledger can't be read ({error})",
            remedy="keep the file, and put back a copy of it before you go on",
        ) from error


class Transactions:
    """A ledger's file, and the one way in which anything is written to it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.path = path
        self._file = _identity(path)
        self._lost: LedgerLost | None = None
        # SQLite names what it keeps beside the file by where the file really lies.
        self._lies_at = path.resolve()
        names = (f"{self._lies_at.name}{ending}" for ending in KEPT_BESIDE)
        beside = [self._lies_at.with_name(name) for name in names]
        self._beside = {path: _identity(path) for path in beside}
        self._file_connection = connection
        self._use(connection)

    def _use(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    @contextmanager
    def transaction(self) -> Iterator[Callable[..., Any]]:
        """Say statements to the ledger, all of them or none: durable once the block has ended.

        Raises `LedgerLost` where they could not be written.
        """
        try:
            self._check_in_place()
            self._execute("BEGIN IMMEDIATE")
            yield self._execute
            self._execute("COMMIT")
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise _not_written(self.path, error) from error
        finally:
            if self._file_connection.in_transaction:
                self._execute("ROLLBACK")

    def _check_in_place(self) -> None:
        """Raise `LedgerLost` where another file, or none, stands where ours was opened.

        SQLite goes on writing to a file that was deleted: nobody would ever read it again.
        """
        if self._lost is None and _identity(self.path) != self._file:
            self._lost = self._rescued()
        if self._lost is not None:
            raise self._lost

    def _rescued(self) -> LedgerLost:
        """Save all that the lost file held beside its place, which is left free for it.

        Raises `LedgerLost` where it can't be saved.
        """
        rescued = self._lies_at.with_name(f"{self._lies_at.name}.rescued")
        try:
            self._save_whole(rescued)
        except (OSError, sqlite3.DatabaseError) as error:
            wal = next(iter(self._beside)).name
            raise LedgerLost(
                place=str(self._lies_at),
                wrong="the ledger was deleted, moved or replaced while the batch ran, and what it "
                f"held can't be saved ({error})",
                remedy=f"if it was moved, move it back; else take {wal} away and put a copy of it "
                "back",
            ) from error
        left = self._clear_beside()
        and_clear = f" and take {' and '.join(left)} away from there" if left else ""
        return LedgerLost(
            place=str(self._lies_at),
            wrong="the ledger was deleted, moved or replaced while the batch ran",
            remedy=f"all that it held is in {rescued.name}: put that in its place{and_clear}, then "
            "give the same command again",
        )

    def _save_whole(self, rescued: Path) -> None:
        part = rescued.with_name(f"{rescued.name}.tmp")
        try:
            part.unlink(missing_ok=True)
            make_for_owner(part)
            self._execute("VACUUM INTO ?", (path_text(part),))
            # SQLite leaves that to the system's own time.
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(rescued)
            sync_folder(rescued.parent)
        finally:
            part.unlink(missing_ok=True)

    def _clear_beside(self) -> list[str]:
        """Take away what SQLite kept beside the lost file, and name what is not ours to take.

        It would be read into whatever is put in the ledger's place, and leave nothing whole.
        """
        for path, identity in self._beside.items():
            if identity is not None and _identity(path) == identity:
                with suppress(OSError):
                    path.unlink()
        return [path.name for path in self._beside if path.exists()]


def _not_written(path: Path, error: sqlite3.DatabaseError) -> LedgerLost:
    if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
        return LedgerLost(
            place=str(path),
            wrong="the ledger could not be written: another program keeps it locked",
            remedy="close what else has it open, then give the same command again",
        )
    return LedgerLost(
        place=str(path),
        wrong=f"the ledger could not be written ({error})",
        remedy="make room or mend the folder's rights, then give the same command again",
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file that a path names now; ``None``: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def path_text(path: Path) -> str:
    """A path as text that SQLite takes: a name may hold bytes that are no UTF-8."""
    return str(path).encode(errors="backslashreplace").decode()
