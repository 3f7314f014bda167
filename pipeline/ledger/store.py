"""The ledger's one door. Owns the entries and their attempts: what is saved and asked of them.

Must not know what a state means or what is to be done next: that is the lifecycle's. The words of
SQL stand in `queries.py`, those that save in `saving.py`. What a ledger is besides stands in those
that it is made of: the sheet as it was read (`readings.py`), what it says of itself (`facts.py`),
its file (`transactions.py`).
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from pipeline.config.values.readers import SIMULATOR
from pipeline.core.jsontext import from_json, to_json
from pipeline.core.model import (
    CAME_TO_NOTHING,
    Entry,
    Json,
    RoundKind,
    RowKey,
    RunId,
    Standing,
    State,
    Token,
)
from pipeline.core.money.accounts import Line
from pipeline.core.money.budget import Spending
from pipeline.core.money.quoting import PastRun
from pipeline.core.timing.durations import DATED_WITHIN_SECONDS, ENDS_REMEMBERED
from pipeline.ledger import queries
from pipeline.ledger.history import History
from pipeline.ledger.readings import Readings
from pipeline.ledger.records import (
    Enrolled,
    Opening,
    Owner,
    SeenEnd,
    Values,
    attempt_values,
    enrolled_of,
    entry_of,
    entry_values,
    line_of,
    standing_of,
)
from pipeline.ledger.saving import save_attempts, save_entries

PAST_RUNS_TOLD: Final = 1000
"""So many of the newest runs are evidence of what the next will be like: a workflow changes."""


class RunTakenError(Exception):
    """The service named one run for two attempts."""


class Ledger(Readings):
    """One batch's ledger. All it saves is durable when the call returns."""

    @property
    def history(self) -> History:
        """What it tells of the past."""
        return History(self._connection)

    def opening(self) -> Opening:
        """What a call should know as it begins."""
        return Opening(self.tally(), self.call_token(), self.spending(), self.seen_ends())

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

    def past_runs(self, service: str, workflow: str) -> list[PastRun]:
        """The newest runs of a workflow that ended, also of rows that left the sheet."""
        rows = self._execute(queries.PAST_RUNS, (service, workflow, PAST_RUNS_TOLD))
        return [PastRun(cost, seconds, bool(has_failed)) for cost, seconds, has_failed in rows]

    def entries(self, *states: State) -> list[Entry]:
        """All entries of the workflow in these states, also of rows that left the sheet.

        They are paid for. The workflow is that of the newest reading.
        """
        return [row.entry for row in self.enrolled(*states)]

    def enrolled(self, *states: State) -> list[Enrolled]:
        """All entries of the workflow in these states with their rows, in the sheet or not."""
        return self.enrolled_anywhere(*states)

    def enrolled_anywhere(self, *states: State) -> list[Enrolled]:
        """The same, whoever works on them."""
        return [enrolled_of(row) for row in self._execute(queries.ENROLLED, (to_json(states),))]

    def enrolled_in_sheet(self, *states: State) -> list[Enrolled]:
        """The entries in these states whose rows are in the sheet, as it was last read."""
        rows = self._execute(queries.ENROLLED_IN_SHEET, (to_json(states),))
        return [enrolled_of(row) for row in rows]

    def left_the_sheet(self, entry_ids: Sequence[int]) -> set[int]:
        """Those of these entries whose rows are not in the sheet, as it was last read."""
        rows = self._execute(queries.LEFT_THE_SHEET, (to_json(entry_ids),))
        return {entry_id for (entry_id,) in rows}

    def next_planned(self, after_row: int, limit: int) -> list[Enrolled]:
        """The next planned rows of the sheet below a row number, in the sheet's order."""
        rows = self._execute(queries.NEXT_PLANNED, (after_row, limit))
        return [enrolled_of(row) for row in rows]

    def planned(self, entry_ids: Sequence[int]) -> list[Enrolled]:
        """Those of these entries that are planned and in the sheet."""
        rows = self._execute(queries.PLANNED_BY_ID, (to_json(entry_ids),))
        return [enrolled_of(row) for row in rows]

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

    def waited_for(self, entry_ids: Sequence[int] | None = None) -> dict[RunId, Owner]:
        """Expired runs that may still spare their rows of the sheet the new attempt.

        Of these entries; ``None``: of all.
        """
        if entry_ids is None:
            owned = _owners(self._execute(queries.WAITED_FOR))
        else:
            owned = _owners(self._execute(queries.WAITED_FOR_BY_ID, (to_json(entry_ids),)))
        return {RunId(run): owner for run, owner in owned.items()}

    def waiting(self) -> list[Entry]:
        """The entries that wait for a new attempt while such a run of theirs may go on."""
        owners = self.waited_for().values()
        return [row.entry for row in self.planned([owner.entry_id for owner in owners])]

    def bearers(self, tokens: Sequence[Token]) -> dict[Token, Owner]:
        """The attempts that bear these tokens; one that is nobody's is left out."""
        rows = self._execute(queries.BEARERS, (to_json(tokens),))
        return {Token(token): owner for token, owner in _owners(rows).items()}

    def bearers_without_run(self, tokens: Sequence[Token]) -> dict[Token, Owner]:
        """The attempts that bear these tokens and count as never begun."""
        rows = self._execute(queries.BEARERS_WITHOUT_RUN, (to_json(tokens),))
        return {Token(token): owner for token, owner in _owners(rows).items()}

    def save(self, entries: Sequence[Entry]) -> None:
        """Make these entries and their newest attempts durable, all or none.

        An entry whose newer attempt came to nothing, or is yet to be made, is complete where an
        older one completed late.

        Raises `RunTakenError` where a run already belongs to another attempt.
        """
        try:
            with self.transaction():
                self._write(entries)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            raise RunTakenError from error

    def amend(self, owner: Owner, step: Callable[[Entry], Entry]) -> tuple[Entry, Entry]:
        """Let something happen to an attempt that need not be its entry's newest, durable at once.

        `step` gets the entry with that attempt, and gives both as they then are. Gives them before
        and after.
        """
        asked = (owner.entry_id, owner.number)
        before = entry_of(self._execute(queries.ENTRY_WITH_ATTEMPT, asked).fetchone())
        self.save([step(before)])
        return before, entry_of(self._execute(queries.ENTRY_WITH_ATTEMPT, asked).fetchone())

    def _write(self, entries: Sequence[Entry]) -> None:
        attempts = [attempt_values(e.id, e.attempt) for e in entries if e.attempt is not None]
        taken_back = [e.id for e in entries if e.attempt is None]
        self._save_entries(entries)
        self._save_attempts(attempts)
        if taken_back:
            self._execute(queries.TAKE_BACK_ATTEMPTS, (to_json(taken_back),))
        self._use_what_completed_late(entries)

    def _use_what_completed_late(self, entries: Sequence[Entry]) -> None:
        came_to_nothing = [e.id for e in entries if e.state in CAME_TO_NOTHING and e.attempts > 1]
        if came_to_nothing:
            self._execute(queries.USE_EARLIER_OUTPUTS, (to_json(came_to_nothing),))
        waiting = [e.id for e in entries if e.state is State.PLANNED and e.attempts]
        if waiting:
            self._execute(queries.TAKE_LATE_OUTPUTS, (to_json(waiting),))

    def _save_entries(self, entries: Sequence[Entry]) -> None:
        save_entries(map(entry_values, entries), self._execute)

    def _save_attempts(self, attempts: Sequence[Values]) -> None:
        save_attempts(attempts, self._execute)

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

    def open_round(self) -> tuple[int, RoundKind] | None:
        """The round that has not ended, if there is one."""
        row = self._execute(queries.OPEN_ROUND).fetchone()
        return None if row is None else (row[0], RoundKind(row[1]))

    def begin_round(
        self, kind: RoundKind, opened_at: float, asked: Callable[[int], Sequence[Entry]]
    ) -> int:
        """Open a round, durable at once with the entries that it asks for again.

        `asked` gets the round's number and gives the entries as they now are; tells how many. One
        that an older run gave outputs for, which `--fresh` did not leave aside, is complete by it.
        """
        with self.transaction():
            (number,) = self._execute(queries.BEGIN_ROUND, (kind, opened_at)).fetchone()
            entries = asked(number)
            self._save_entries(entries)
            self._use_what_completed_late(entries)
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
        with self.transaction():
            self._execute(queries.LEAVE_UNSENT_AS_THEY_WERE, (round_id,))
            self._execute(queries.END_ROUND, (ended_at, round_id))
        return True


def _owners(rows: Iterable[tuple[str, int, int, str, int, int]]) -> dict[str, Owner]:
    return {
        name: Owner(entry_id, number, State(state), bool(no_credits), bool(no_outputs))
        for name, entry_id, number, state, no_credits, no_outputs in rows
    }
