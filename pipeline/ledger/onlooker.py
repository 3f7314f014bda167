"""What the ledger tells whoever looks on. Owns the questions that the live page alone asks of it.

It reads only; of the past it tells what `history.py` does. Must not know what a state means to a
person, nor how anything is shown. The tables and views are described in `schema.sql`.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.core.model import FailureClass, State
from pipeline.ledger.store import Ledger

LAST_CHARACTER: Final = "\U0010ffff"
"""Sorts behind all that goes on with a prefix."""

FAULTY = "SELECT faulty FROM newest_reading"
TROUBLES = (
    "SELECT state, failure, sum(rows) FROM entry_now "
    "WHERE in_sheet AND state IN ('failed', 'expired', 'unconfirmed') GROUP BY state, failure"
)
TROUBLED_ROWS = (
    "SELECT row_number FROM entry_now WHERE in_sheet AND state = ? AND failure IS ? "
    "ORDER BY row_number LIMIT ?"
)
TROUBLE_ERRORS = (
    "SELECT error, sum(rows) AS often FROM entry_now WHERE in_sheet AND state = ? AND failure IS ? "
    "AND error IS NOT NULL GROUP BY error ORDER BY often DESC, error LIMIT ?"
)
FOUND = (
    "row_number, rows, in_sheet, state, attempts, run_id, intended_at, ended_at, total_credits, "
    "error"
)
BY_ROW = (  # all states are named, since the index has them before the row's number
    f"SELECT {FOUND} FROM row_now WHERE in_sheet AND row_number = ? "
    "AND state IN (SELECT value FROM json_each(?))"
)
BY_RUN = (
    f"SELECT {FOUND} FROM row_now WHERE id IN "
    "(SELECT entry_id FROM attempt WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?)"
)
BY_STATE = (
    f"SELECT {FOUND} FROM row_now WHERE in_sheet AND state = ? AND row_number > ? "
    "ORDER BY row_number LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Troubled:
    """Rows of the sheet that are not complete for one cause, as the ledger knows it."""

    state: State
    failure: FailureClass | None
    count: int
    rows: Sequence[int]
    """The numbers of the first of them."""
    errors: Sequence[tuple[str, int]]
    """The commonest errors, each with how many rows have it."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row that was looked for. Moments are Unix seconds."""

    row_number: int
    rows: int
    """How many equal rows share its run, itself included; it is the first of them."""
    is_in_sheet: bool
    """False: it left the sheet, and the number is its former one."""
    state: State
    attempts: int
    run_id: str | None
    sent_at: float | None
    ended_at: float | None
    credits: float | None
    error: str | None


class Onlooker:
    """A batch's ledger, seen by somebody who changes nothing."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.ledger = Ledger(path, connection)
        self._execute = connection.execute

    def version(self) -> int:
        """A number that is another whenever something was committed meanwhile."""
        # sqlite.org/pragma.html#pragma_data_version
        (version,) = self._execute("PRAGMA data_version").fetchone()
        return int(version)

    def troubles(self, rows: int, errors: int) -> list[Troubled]:
        """The rows of the sheet that are not complete, by cause; so many of each are named."""
        return [
            Troubled(
                State(state),
                None if failure is None else FailureClass(failure),
                count,
                [row for (row,) in self._execute(TROUBLED_ROWS, (state, failure, rows))],
                [tuple(row) for row in self._execute(TROUBLE_ERRORS, (state, failure, errors))],
            )
            for state, failure, count in self._execute(TROUBLES).fetchall()
        ]

    def faulty(self) -> int:
        """How many rows of the sheet can't be sent: the ledger has no more of them."""
        row = self._execute(FAULTY).fetchone()
        return 0 if row is None else int(row[0])

    def by_row(self, number: int) -> list[FoundRow]:
        """The row of the sheet that has this number."""
        return _found(self._execute(BY_ROW, (number, json.dumps([*State]))))

    def by_run(self, start: str, limit: int) -> list[FoundRow]:
        """The rows that had a run whose id begins so, also rows that left the sheet."""
        return _found(self._execute(BY_RUN, (start, start + LAST_CHARACTER, limit)))

    def by_state(self, state: State, after_row: int, limit: int) -> list[FoundRow]:
        """The next rows of the sheet in a state, below a row's number, in the sheet's order."""
        return _found(self._execute(BY_STATE, (state, after_row, limit)))


def _found(rows: sqlite3.Cursor) -> list[FoundRow]:
    return [
        FoundRow(
            row_number=row["row_number"],
            rows=row["rows"],
            is_in_sheet=bool(row["in_sheet"]),
            state=State(row["state"]),
            attempts=row["attempts"],
            run_id=row["run_id"],
            sent_at=row["intended_at"],
            ended_at=row["ended_at"],
            credits=row["total_credits"],
            error=row["error"],
        )
        for row in rows
    ]
