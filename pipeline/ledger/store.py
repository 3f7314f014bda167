"""The ledger in SQLite. Owns what is changed of it, and the durability of that.

Must not know what a state means or what is to be done next: that is the lifecycle's. The words of
SQL stand in `queries.py`. One connection, used by one thread at a time; whoever calls it decides
which.
"""

import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline.config.values.readers import SIMULATOR
from pipeline.core.jsontext import from_json, to_json
from pipeline.core.model import Entry, Json, RoundKind, RowKey, RunId, Standing, State, Token
from pipeline.core.money.accounts import Line
from pipeline.core.money.budget import Spending
from pipeline.core.money.quoting import PastRun
from pipeline.core.rows.cells import RENDERING_VERSION
from pipeline.core.rows.remade import Paid
from pipeline.core.rows.variables import Faulty, RenderedRow, Sendable, Skipped
from pipeline.core.timing.durations import DATED_WITHIN_SECONDS, ENDS_REMEMBERED
from pipeline.errors import LedgerLost
from pipeline.ledger import queries
from pipeline.ledger.history import History
from pipeline.ledger.known import KnownStates
from pipeline.ledger.records import (
    Connection,
    Enrolled,
    Opening,
    Owner,
    SeenEnd,
    Tally,
    Values,
    attempt_values,
    enrolled_of,
    entry_of,
    entry_values,
    line_of,
    standing_of,
)

PAST_RUNS_TOLD: Final = 1000
"""So many of the newest runs are evidence of what the next will be like: a workflow changes."""


CAME_TO_NOTHING: Final = frozenset({State.FAILED, State.EXPIRED})


class RunTakenError(Exception):
    """The service named one run for two attempts."""


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


class Ledger:
    """One batch's ledger. All it saves is durable when the call returns."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.path = path
        self._file = _identity(path)
        self._file_connection = connection
        self._use(connection)

    def _use(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self.history = History(connection)

    def states(self) -> Mapping[RowKey, State]:
        """What is known of every row that was ever planned, looked up as it is asked for."""
        return KnownStates(self._connection)

    def paid(self, free: str) -> Iterator[Paid]:
        """The rows that a run was or may have been started for, but for those at a free service."""
        for key, rows, cells, rendering in self._execute(queries.PAID, (free,)):
            yield Paid(RowKey(key), rows, from_json(cells), rendering)

    def has_paid(self, free: str) -> bool:
        """Whether there is any such row."""
        return bool(self._execute(queries.HAS_PAID, (free,)).fetchone()[0])

    def enrol(
        self,
        rows: Iterable[RenderedRow],
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
        with self._transaction():
            self._execute(queries.FORGET_FACT, ("reading",))
            values = (read_at, _name(source), service, workflow)
            (reading_id,) = self._execute(queries.BEGIN_READING, values).fetchone()
            self._enrol_rows(_enrolment(rows, reading_id, counts))
            numbers = (counts.total(), counts[Skipped], counts[Faulty], reading_id)
            self._execute(queries.COUNT_ROWS, numbers)

    def has_ended(self, reading: str) -> bool:
        """Whether the newest reading is this one, and nothing is owed to any row any more."""
        is_newest = self.fact("reading") == reading
        return is_newest and self._execute(queries.OPEN_ENTRIES).fetchone() is None

    def say_reading(self, reading: str) -> None:
        """Say by what the newest reading is known again: a digest of all that it was made of."""
        self.say_facts({"reading": reading})

    def rows_by_state(self) -> dict[State, int]:
        """How many rows of the sheet, as it was last read, are in each state."""
        return {State(state): rows for state, rows, _ in self._execute(queries.COUNT_STATES)}

    def _enrol_rows(self, rows: Iterable[Values]) -> None:
        self._connection.executemany(queries.ENROL, rows)

    def entries(self, *states: State) -> list[Entry]:
        """All entries of the workflow in these states, also of rows that left the sheet.

        They are paid for. The workflow is that of the newest reading.
        """
        return [row.entry for row in self.enrolled(*states)]

    def enrolled_in_sheet(self, *states: State) -> list[Enrolled]:
        """The entries in these states whose rows are in the sheet, as it was last read."""
        rows = self._execute(queries.ENROLLED_IN_SHEET, (to_json(states),))
        return [enrolled_of(row) for row in rows]

    def next_planned(self, after_row: int, limit: int) -> list[Enrolled]:
        """The next planned rows of the sheet below a row number, in the sheet's order."""
        rows = self._execute(queries.NEXT_PLANNED, (after_row, limit))
        return [enrolled_of(row) for row in rows]

    def planned(self, entry_ids: Sequence[int]) -> list[Enrolled]:
        """Those of these entries that are planned and in the sheet."""
        rows = self._execute(queries.PLANNED_BY_ID, (to_json(entry_ids),))
        return [enrolled_of(row) for row in rows]

    def enrolled(self, *states: State) -> list[Enrolled]:
        """All entries of the workflow in these states with their rows, in the sheet or not."""
        return self.enrolled_anywhere(*states)

    def enrolled_anywhere(self, *states: State) -> list[Enrolled]:
        """The same, whoever works on them."""
        return [enrolled_of(row) for row in self._execute(queries.ENROLLED, (to_json(states),))]

    def confirmed(self, limit: int) -> list[tuple[RunId, Token, dict[str, Json]]]:
        """Run, token and start variables of the workflow's newest attempts whose run is known."""
        rows = self._execute(queries.CONFIRMED, (limit,))
        return [(RunId(run), Token(token), from_json(text)) for run, token, text in rows]

    def owners(self, runs: Sequence[RunId]) -> dict[RunId, Owner]:
        """The attempts that these runs belong to; a run that is nobody's is left out."""
        owned = _owners(self._execute(queries.OWNERS, (to_json(runs),)))
        return {RunId(run): owner for run, owner in owned.items()}

    def superseded(self, since: float) -> dict[RunId, Owner]:
        """Runs of the workflow that expired since then and were given up for a newer attempt."""
        owned = _owners(self._execute(queries.SUPERSEDED, (since,)))
        return {RunId(run): owner for run, owner in owned.items()}

    def bearers(self, tokens: Sequence[Token]) -> dict[Token, Owner]:
        """The attempts that bear these tokens; one that is nobody's is left out."""
        rows = self._execute(queries.BEARERS, (to_json(tokens),))
        return {Token(token): owner for token, owner in _owners(rows).items()}

    def bearers_without_run(self, tokens: Sequence[Token]) -> dict[Token, Owner]:
        """The attempts that bear these tokens and count as never begun."""
        rows = self._execute(queries.BEARERS_WITHOUT_RUN, (to_json(tokens),))
        return {Token(token): owner for token, owner in _owners(rows).items()}

    def amend(self, owner: Owner, step: Callable[[Entry], Entry]) -> tuple[Entry, Entry]:
        """Let something happen to an attempt that need not be its entry's newest, durable at once.

        `step` gets the entry with that attempt, and gives both as they then are. Gives them before
        and after.
        """
        asked = (owner.entry_id, owner.number)
        before = entry_of(self._execute(queries.ENTRY_WITH_ATTEMPT, asked).fetchone())
        self.save([step(before)])
        return before, entry_of(self._execute(queries.ENTRY_WITH_ATTEMPT, asked).fetchone())

    def save(self, entries: Sequence[Entry]) -> None:
        """Make these entries and their newest attempts durable, all or none.

        An entry whose newer attempt came to nothing, or is yet to be made, is complete where an
        older one completed late.

        Raises `RunTakenError` where a run already belongs to another attempt.
        """
        try:
            with self._transaction():
                self._write(entries)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            raise RunTakenError from error

    def _write(self, entries: Sequence[Entry]) -> None:
        attempts = [attempt_values(e.id, e.attempt) for e in entries if e.attempt is not None]
        came_to_nothing = [e.id for e in entries if e.state in CAME_TO_NOTHING and e.attempts > 1]
        taken_back = [e.id for e in entries if e.attempt is None]
        self._save_entries(entries)
        self._save_attempts(attempts)
        if taken_back:
            self._execute(queries.TAKE_BACK_ATTEMPTS, (to_json(taken_back),))
        if came_to_nothing:
            self._execute(queries.USE_EARLIER_OUTPUTS, (to_json(came_to_nothing),))
        waiting = [e.id for e in entries if e.state is State.PLANNED and e.attempts]
        if waiting:
            self._execute(queries.TAKE_LATE_OUTPUTS, (to_json(waiting),))

    def _save_entries(self, entries: Sequence[Entry]) -> None:
        self._execute(queries.SAVE_ENTRIES, (to_json([entry_values(e) for e in entries]),))

    def _save_attempts(self, attempts: Sequence[Values]) -> None:
        self._execute(queries.SAVE_ATTEMPTS, (to_json(attempts),))

    def standings(self, keys: Iterable[RowKey]) -> dict[RowKey, Standing]:
        """How the rows of these keys stand; one that was never planned is left out."""
        rows = self._execute(queries.STANDINGS, (to_json(list(keys)),))
        return {RowKey(key): standing_of(values) for key, *values in rows}

    def every_attempt(self) -> Iterator[Standing]:
        """Each attempt ever made, as a row would stand if it were the only one."""
        return map(standing_of, self._execute(queries.EVERY_ATTEMPT))

    def statement(self) -> list[Line]:
        """Each attempt ever made, without its outputs and its error: the sheet's rows first."""
        return [line_of(row) for row in self._execute(queries.STATEMENT)]

    def mark(self) -> int:
        """A number that tells attempts made from now on from those made before."""
        (newest,) = self._execute(queries.NEWEST_ATTEMPT).fetchone()
        return int(newest)

    def incomplete_since(self, mark: int) -> int:
        """How many rows with an attempt made since a mark are not complete."""
        (count,) = self._execute(queries.NOT_COMPLETE_SINCE, (mark,)).fetchone()
        return int(count)

    def past_runs(self, service: str, workflow: str) -> list[PastRun]:
        """The newest runs of a workflow that ended, also of rows that left the sheet."""
        rows = self._execute(queries.PAST_RUNS, (service, workflow, PAST_RUNS_TOLD))
        return [PastRun(cost, seconds, bool(has_failed)) for cost, seconds, has_failed in rows]

    def is_written_digest(self, digest: str) -> bool:
        """Whether this ledger wrote a file of this SHA-256."""
        return self._execute(queries.IS_WRITTEN, (digest,)).fetchone() is not None

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

    def opening(self) -> Opening:
        """What a call should know as it begins."""
        return Opening(self.tally(), self.call_token(), self.spending(), self.seen_ends())

    def call_token(self) -> str:
        """What the tokens of one call's attempts begin with.

        A ledger that was put back from a backup gives the same numbers once more: what a call adds
        keeps its tokens apart from those of the ledger that was lost.
        """
        return f"{self.token}-{secrets.token_hex(4)}"

    def spending(self, service: str | None = None) -> Spending:
        """What all attempts cost so far, and how many may cost yet, for a batch at this service.

        It is that of the newest reading, unless one is named. Attempts at the bundled simulator
        count at the simulator alone: they were never paid for.
        """
        named = (SIMULATOR, service, SIMULATOR)
        return Spending(*self._execute(queries.SPENDING, named).fetchone())

    def seen_ends(self) -> Sequence[SeenEnd]:
        """How the newest runs that ended were seen to, of those whose start is known."""
        rows = self._execute(queries.SEEN_ENDS, (DATED_WITHIN_SECONDS, ENDS_REMEMBERED))
        return [SeenEnd(since, age) for since, age in rows][::-1]

    def open_round(self) -> tuple[int, RoundKind] | None:
        """The round that has not ended, if there is one."""
        row = self._execute(queries.OPEN_ROUND).fetchone()
        return None if row is None else (row[0], RoundKind(row[1]))

    def begin_round(
        self, kind: RoundKind, opened_at: float, asked: Callable[[int], Sequence[Entry]]
    ) -> int:
        """Open a round, durable at once with the entries that it asks for again.

        `asked` gets the round's number and gives the entries as they now are; tells how many.
        """
        with self._transaction():
            (number,) = self._execute(queries.BEGIN_ROUND, (kind, opened_at)).fetchone()
            entries = asked(number)
            self._save_entries(entries)
        return len(entries)

    def end_round(self, ended_at: float) -> bool:
        """End the open round if nothing of it is owed any more; tells whether one ended.

        Rows of it that left the sheet before they were sent stand again as before the round.
        """
        current = self.open_round()
        if current is None:
            return False
        round_id = current[0]
        if self._execute(queries.OWED_IN_ROUND, (round_id,)).fetchone():
            return False
        with self._transaction():
            self._execute(queries.LEAVE_UNSENT_AS_THEY_WERE, (round_id,))
            self._execute(queries.END_ROUND, (ended_at, round_id))
        return True

    def remember_texts(self, texts: Iterable[tuple[str, str]]) -> None:
        """Remember texts that are put into an output's cells, each with its column's header."""
        with self._transaction():
            self._connection.executemany(queries.REMEMBER_TEXT, texts)

    def written_texts(self, header: str) -> set[str]:
        """The texts remembered for a column."""
        return {text for (text,) in self._execute(queries.WRITTEN_TEXTS, (header,))}

    def record_written(self, path: Path, digest: str, written_at: float) -> None:
        """Remember the output sheet as we wrote it."""
        with self._transaction():
            self._execute(queries.SAY_WRITTEN, (_name(path), digest, written_at))

    def written_digest(self, path: Path) -> str | None:
        """The SHA-256 of the output as we last wrote it there; ``None``: never."""
        row = self._execute(queries.TELL_WRITTEN, (_name(path),)).fetchone()
        return None if row is None else str(row[0])

    @property
    def token(self) -> str:
        """What the tokens of attempts made from now on begin with; no other ledger has it."""
        return self.fact("token") or self.renew_token()

    def renew_token(self) -> str:
        """Take a new random token. Attempts that were made keep theirs."""
        token = secrets.token_hex(8)
        self.say_facts({"token": token})
        return token

    def fact(self, name: str) -> str | None:
        """A single fact about the ledger itself, by its name."""
        row = self._execute(queries.TELL_FACT, (name,)).fetchone()
        return None if row is None else str(row[0])

    def say_facts(self, facts: Mapping[str, str | None]) -> None:
        """Write single facts down; ``None`` takes one out."""
        with self._transaction():
            for name, value in facts.items():
                if value is None:
                    self._execute(queries.FORGET_FACT, (name,))
                else:
                    self._execute(queries.SAY_FACT, (name, value))

    def webhook_tokens(self) -> frozenset[str]:
        """What the addresses end in that may stand at the service as webhooks of this ledger."""
        return frozenset(from_json(self.fact("webhooks") or "[]"))

    def say_webhook_tokens(self, tokens: Collection[str]) -> None:
        """Write down which of them may stand: before one is registered, and once it is removed."""
        self.say_facts({"webhooks": to_json(sorted(tokens)) if tokens else None})

    def holder(self) -> str | None:
        """The process id that holds the ledger, or held it when it was killed."""
        return self.fact("holder")

    def say_holder(self) -> None:
        """Write this process's id into the ledger, for whoever comes second."""
        self.say_facts({"holder": str(os.getpid()), "adjusted": None})

    def forget_holder(self) -> None:
        """Say that no process holds the ledger any more."""
        self.say_facts({"holder": None, "adjusted": None})

    def take_adjustments(self) -> None:
        """Say that a batch runs whose limits may be changed, until its holder is forgotten."""
        self.say_facts({"adjusted": "{}"})

    def end_adjustments(self) -> None:
        """Say that the batch takes no changes any more, and forget those that it took."""
        self.say_facts({"adjusted": None})

    def adjust(self, changes: Mapping[str, str]) -> bool:
        """Leave changes for the batch that runs; tells whether one takes them."""
        with self._transaction():
            if self.fact("adjusted") is None:
                return False
            text = to_json({**self.adjustments(), **changes})
            self._execute(queries.SAY_FACT, ("adjusted", text))
        return True

    def adjustments(self) -> dict[str, str]:
        """What was changed of the batch that runs, by key, as it was written."""
        changes: dict[str, str] = from_json(self.fact("adjusted") or "{}")
        return changes

    def _check_in_place(self) -> None:
        """Raise `LedgerLost` where another file, or none, stands where ours was opened.

        SQLite goes on writing to a file that was deleted: nobody would ever read it again.
        """
        if _identity(self.path) == self._file:
            return
        rescued = self.path.with_name(f"{self.path.name}.rescued")
        rescued.unlink(missing_ok=True)
        self._execute("VACUUM INTO ?", (_name(rescued),))
        rescued.chmod(0o600)
        raise LedgerLost(
            place=str(self.path),
            wrong="the ledger was deleted, moved or replaced while the batch ran",
            remedy=f"all that it held is in {rescued.name}: put that in its place, then give the "
            "same command again",
        )

    @contextmanager
    def transaction(self) -> Iterator[Callable[..., Any]]:
        """Say statements to the ledger that are no affair of this file, all of them or none."""
        with self._transaction():
            yield self._execute

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._check_in_place()
            self._execute("BEGIN IMMEDIATE")
            yield
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


def _enrolment(
    rows: Iterable[RenderedRow], reading_id: int, counts: Counter[type[RenderedRow]]
) -> Iterator[Values]:
    """The values of each row that can be sent, in the order of the statement; counts all rows."""
    for row in rows:
        counts[type(row)] += 1
        if isinstance(row, Sendable):
            variables, cells = to_json(row.variables), to_json(row.cells)
            yield row.key, reading_id, row.number, variables, cells, RENDERING_VERSION


def _owners(rows: Iterable[tuple[str, int, int, str]]) -> dict[str, Owner]:
    return {name: Owner(entry_id, number, State(s)) for name, entry_id, number, s in rows}


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file that a path names now; ``None``: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _name(path: Path) -> str:
    """A path as text that SQLite takes: a name may hold bytes that are no UTF-8."""
    return str(path).encode(errors="backslashreplace").decode()
