"""The way to the ledger's file. Owns what is all or nothing, and that it is durable.

Must not know what is said to the ledger or asked of it. One connection, used by one thread at a
time; whoever calls it decides which.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import LedgerLost
from pipeline.ledger.records import Connection


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
            raise LedgerLost(
                place=str(self.path),
                wrong=f"the ledger could not be written ({error})",
                remedy="make room or mend the folder's rights, then give the same command again",
            ) from error
        finally:
            if self._file_connection.in_transaction:
                self._execute("ROLLBACK")

    def _check_in_place(self) -> None:
        """Raise `LedgerLost` where another file, or none, stands where ours was opened.

        SQLite goes on writing to a file that was deleted: nobody would ever read it again.
        """
        if _identity(self.path) == self._file:
            return
        rescued = self.path.with_name(f"{self.path.name}.rescued")
        rescued.unlink(missing_ok=True)
        self._execute("VACUUM INTO ?", (path_text(rescued),))
        rescued.chmod(0o600)
        raise LedgerLost(
            place=str(self.path),
            wrong="the ledger was deleted, moved or replaced while the batch ran",
            remedy=f"all that it held is in {rescued.name}: put that in its place, then give the "
            "same command again",
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
