"""The ledger in SQLite. Owns all SQL and the durability of what is saved.

Must not know what a state means or what is to be done next: that is the lifecycle's. One
connection, used by one thread at a time; whoever calls it decides which.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.cells import RENDERING_VERSION
from pipeline.core.model import Entry, RoundKind, RowKey, Standing, State
from pipeline.core.planning import Plan
from pipeline.core.variables import Faulty, Sendable, Skipped
from pipeline.errors import LedgerLost
from pipeline.ledger.records import (
    Startable,
    Tally,
    attempt_values,
    entry_of,
    entry_values,
    standing_of,
    startable_of,
)

STATES = "SELECT row_key, state FROM entry"
BEGIN_READING = (
    "INSERT INTO reading (read_at, source, rows, skipped, faulty) VALUES (?, ?, ?, ?, ?)"
)
ENROL = (
    "INSERT INTO entry (row_key, state, reading_id, row_number, variables, cells, rendering) "
    "VALUES (?, 'planned', ?, ?, ?, ?, ?) ON CONFLICT (row_key) DO UPDATE "
    "SET reading_id = excluded.reading_id, row_number = excluded.row_number"
)
SAVE_ENTRY = (
    "UPDATE entry SET state = ?, attempts = ?, retries = ?, round_id = ?, owes_retry = ? "
    "WHERE id = ?"
)
SAVE_ATTEMPT = (
    "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (entry_id, number) DO UPDATE SET state = excluded.state, "
    "started_at = excluded.started_at, ended_at = excluded.ended_at, run_id = excluded.run_id, "
    "credits = excluded.credits, outputs = excluded.outputs, error = excluded.error, "
    "failure = excluded.failure"
)
TAKE_BACK_ATTEMPT = "DELETE FROM attempt WHERE entry_id = ? AND number > ?"
ENTRIES = "SELECT * FROM entry_now WHERE state IN (SELECT value FROM json_each(?)) ORDER BY id"
ENTRIES_OF_SHEET = (
    "SELECT * FROM entry_now WHERE in_sheet "
    "AND state IN (SELECT value FROM json_each(?)) ORDER BY row_number"
)
NEXT_PLANNED = (
    "SELECT * FROM entry_now WHERE in_sheet AND state = 'planned' AND row_number > ? "
    "ORDER BY row_number LIMIT ?"
)
PLANNED_BY_ID = (  # the + keeps SQLite from going through all planned rows for a few ids
    "SELECT * FROM entry_now WHERE +in_sheet AND +state = 'planned' "
    "AND id IN (SELECT value FROM json_each(?)) ORDER BY row_number"
)
STANDINGS = "SELECT * FROM row_now"
EVERY_ATTEMPT = (
    "SELECT state, number, state AS attempt_state, round_id AS attempt_round_id, intended_at, "
    "started_at, ended_at, run_id, credits, outputs, error, failure, credits AS total_credits "
    "FROM attempt"
)
MEAN_CREDITS = "SELECT avg(credits) FROM attempt"
NEWEST_ATTEMPT = "SELECT coalesce(max(rowid), 0) FROM attempt"
NOT_COMPLETE_SINCE = (
    "SELECT count(*) FROM entry WHERE state <> 'complete' "
    "AND id IN (SELECT entry_id FROM attempt WHERE rowid > ?)"
)
SHEET_COUNTS = "SELECT rows, skipped, faulty FROM newest_reading"
COUNT_STATES = "SELECT state, count(*) FROM entry_now WHERE in_sheet GROUP BY state"
SUM_CREDITS = (
    "SELECT coalesce(sum(attempt.credits), 0), "
    "count(*) FILTER (WHERE attempt.state = 'complete' AND attempt.credits IS NULL) "
    "FROM attempt JOIN entry ON entry.id = entry_id "
    "WHERE reading_id = (SELECT id FROM newest_reading)"
)
OPEN_ROUND = "SELECT id, kind FROM round WHERE ended_at IS NULL"
BEGIN_ROUND = "INSERT INTO round (kind, opened_at) VALUES (?, ?)"
OWED_IN_ROUND = (
    "SELECT 1 FROM entry_now WHERE round_id = ? AND in_sheet "
    "AND (state IN ('planned', 'starting', 'running') OR owes_retry) LIMIT 1"
)
LEAVE_UNSENT_AS_THEY_WERE = (
    "UPDATE entry SET owes_retry = 0, state = coalesce((SELECT attempt.state FROM attempt "
    "WHERE entry_id = entry.id AND number = entry.attempts), 'planned') "
    "WHERE round_id = ? AND (state = 'planned' OR owes_retry)"
)
END_ROUND = "UPDATE round SET ended_at = ? WHERE id = ?"
SAY_FACT = "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
FORGET_FACT = "DELETE FROM fact WHERE name = ?"
TELL_FACT = "SELECT value FROM fact WHERE name = ?"
SAY_WRITTEN = (
    "INSERT INTO written VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE "
    "SET digest = excluded.digest, written_at = excluded.written_at"
)
IS_WRITTEN = "SELECT 1 FROM written WHERE digest = ?"
REMEMBER_TEXT = "INSERT OR IGNORE INTO written_text VALUES (?, ?)"
WRITTEN_TEXTS = "SELECT text FROM written_text WHERE header = ?"
TELL_WRITTEN = "SELECT digest FROM written WHERE path = ?"


class RunTakenError(Exception):
    """The service named one run for two attempts."""


class Ledger:
    """One batch's ledger. All it saves is durable when the call returns."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._connection.row_factory = sqlite3.Row

    def states(self) -> dict[RowKey, State]:
        """What is known of every row that was ever planned."""
        return {RowKey(key): State(state) for key, state in self._connection.execute(STATES)}

    def enrol(self, plan: Plan, source: Path, read_at: float) -> None:
        """Begin a reading: every sendable row of the plan has an entry, and its number of today."""
        skipped = sum(isinstance(row, Skipped) for row in plan.rows)
        faulty = sum(isinstance(row, Faulty) for row in plan.rows)
        with self._transaction():
            values = (read_at, _name(source), len(plan.rows), skipped, faulty)
            reading_id = self._connection.execute(BEGIN_READING, values).lastrowid
            self._connection.executemany(
                ENROL,
                (
                    (
                        row.key,
                        reading_id,
                        row.number,
                        _json(row.variables),
                        _json(row.cells),
                        RENDERING_VERSION,
                    )
                    for row in plan.rows
                    if isinstance(row, Sendable)
                ),
            )

    def entries(self, *states: State) -> list[Entry]:
        """All entries in these states, also of rows that left the sheet: they are paid for."""
        return [entry_of(row) for row in self._connection.execute(ENTRIES, (_json(states),))]

    def entries_of_sheet(self, *states: State) -> list[Entry]:
        """The entries in these states whose rows are in the sheet, as it was last read."""
        rows = self._connection.execute(ENTRIES_OF_SHEET, (_json(states),))
        return [entry_of(row) for row in rows]

    def next_planned(self, after_row: int, limit: int) -> list[Startable]:
        """The next planned rows of the sheet below a row number, in the sheet's order."""
        rows = self._connection.execute(NEXT_PLANNED, (after_row, limit))
        return [startable_of(row) for row in rows]

    def planned(self, entry_ids: Sequence[int]) -> list[Startable]:
        """Those of these entries that are planned and in the sheet."""
        rows = self._connection.execute(PLANNED_BY_ID, (_json(entry_ids),))
        return [startable_of(row) for row in rows]

    def save(self, entries: Sequence[Entry]) -> None:
        """Make these entries and their newest attempts durable, all or none.

        Raises `RunTakenError` where a run already belongs to another attempt.
        """
        attempts = [attempt_values(e.id, e.attempt) for e in entries if e.attempt is not None]
        taken_back = [(e.id, e.attempts) for e in entries if e.attempt is None]
        try:
            with self._transaction():
                self._connection.executemany(SAVE_ENTRY, map(entry_values, entries))
                self._connection.executemany(SAVE_ATTEMPT, attempts)
                self._connection.executemany(TAKE_BACK_ATTEMPT, taken_back)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            raise RunTakenError from error

    def standings(self) -> Iterator[tuple[RowKey, Standing]]:
        """How every row stands that was ever planned."""
        for row in self._connection.execute(STANDINGS):
            yield RowKey(row["row_key"]), standing_of(row)

    def every_attempt(self) -> Iterator[Standing]:
        """Each attempt ever made, as a row would stand if it were the only one."""
        return map(standing_of, self._connection.execute(EVERY_ATTEMPT))

    def mark(self) -> int:
        """A number that tells attempts made from now on from those made before."""
        (newest,) = self._connection.execute(NEWEST_ATTEMPT).fetchone()
        return int(newest)

    def incomplete_since(self, mark: int) -> int:
        """How many rows with an attempt made since a mark are not complete."""
        (count,) = self._connection.execute(NOT_COMPLETE_SINCE, (mark,)).fetchone()
        return int(count)

    def mean_credits(self) -> float | None:
        """What an attempt cost on average; ``None`` where no cost is known yet."""
        (mean,) = self._connection.execute(MEAN_CREDITS).fetchone()
        return None if mean is None else float(mean)

    def is_written_digest(self, digest: str) -> bool:
        """Whether this ledger wrote a file of this SHA-256."""
        return self._connection.execute(IS_WRITTEN, (digest,)).fetchone() is not None

    def tally(self) -> Tally:
        """The rows of the sheet, as it was last read, in numbers."""
        counts = self._connection.execute(SHEET_COUNTS).fetchone()
        if counts is None:
            return Tally()
        rows, skipped, faulty = counts
        states = {State(state): n for state, n in self._connection.execute(COUNT_STATES)}
        cost, unknown = self._connection.execute(SUM_CREDITS).fetchone()
        return Tally(rows, skipped, faulty, states, cost, unknown)

    def open_round(self) -> tuple[int, RoundKind] | None:
        """The round that has not ended, if there is one."""
        row = self._connection.execute(OPEN_ROUND).fetchone()
        return None if row is None else (row[0], RoundKind(row[1]))

    def begin_round(
        self, kind: RoundKind, opened_at: float, asked: Callable[[int], Sequence[Entry]]
    ) -> int:
        """Open a round, durable at once with the entries that it asks for again.

        `asked` gets the round's number and gives the entries as they now are; tells how many.
        """
        with self._transaction():
            number = self._connection.execute(BEGIN_ROUND, (kind, opened_at)).lastrowid
            assert number is not None
            entries = asked(number)
            self._connection.executemany(SAVE_ENTRY, map(entry_values, entries))
        return len(entries)

    def end_round(self, ended_at: float) -> bool:
        """End the open round if nothing of it is owed any more; tells whether one ended.

        Rows of it that left the sheet before they were sent stand again as before the round.
        """
        current = self.open_round()
        if current is None:
            return False
        round_id = current[0]
        if self._connection.execute(OWED_IN_ROUND, (round_id,)).fetchone():
            return False
        with self._transaction():
            self._connection.execute(LEAVE_UNSENT_AS_THEY_WERE, (round_id,))
            self._connection.execute(END_ROUND, (ended_at, round_id))
        return True

    def remember_texts(self, texts: Iterable[tuple[str, str]]) -> None:
        """Remember texts that are put into an output's cells, each with its column's header."""
        with self._transaction():
            self._connection.executemany(REMEMBER_TEXT, texts)

    def written_texts(self, header: str) -> set[str]:
        """The texts remembered for a column."""
        return {text for (text,) in self._connection.execute(WRITTEN_TEXTS, (header,))}

    def record_written(self, path: Path, digest: str, written_at: float) -> None:
        """Remember the output sheet as we wrote it."""
        with self._transaction():
            self._connection.execute(SAY_WRITTEN, (_name(path), digest, written_at))

    def written_digest(self, path: Path) -> str | None:
        """The SHA-256 of the output as we last wrote it there; ``None``: never."""
        row = self._connection.execute(TELL_WRITTEN, (_name(path),)).fetchone()
        return None if row is None else str(row[0])

    def holder(self) -> str | None:
        """The process id that holds the ledger, or held it when it was killed."""
        row = self._connection.execute(TELL_FACT, ("holder",)).fetchone()
        return None if row is None else str(row[0])

    def say_holder(self) -> None:
        """Write this process's id into the ledger, for whoever comes second."""
        with self._transaction():
            self._connection.execute(SAY_FACT, ("holder", str(os.getpid())))

    def forget_holder(self) -> None:
        """Say that no process holds the ledger any more."""
        with self._transaction():
            self._connection.execute(FORGET_FACT, ("holder",))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise LedgerLost(
                place=str(self.path),
                wrong=f"the ledger could not be written ({error})",
                remedy="make room or mend the folder's rights, then give the same command again",
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _name(path: Path) -> str:
    """A path as text that SQLite takes: a name may hold bytes that are no UTF-8."""
    return str(path).encode(errors="backslashreplace").decode()


def _json(value: Mapping[str, object] | Sequence[object]) -> str:
    return json.dumps(value)
