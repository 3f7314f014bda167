"""Rows of SQL to dataclasses and back. Owns the names of columns. Must not query anything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from pipeline.core.jsontext import from_json, to_json
from pipeline.core.model import (
    CAME_TO_NOTHING,
    OUTCOMES,
    Attempt,
    Entry,
    FailureClass,
    Json,
    Observation,
    RowKey,
    Standing,
    State,
    Status,
)
from pipeline.core.money.accounts import Line
from pipeline.core.money.budget import Spending
from pipeline.core.rows.writing import STATUS_OF

Values: TypeAlias = tuple[Any, ...]

ATTEMPT_COLUMNS: Final = (
    *("entry_id", "number", "state", "round_id", "token", "intended_at"),
    *("started_at", "seen_running_at", "ended_at", "run_id", "named"),
    *("credits", "outputs", "error", "failure"),
)
"""Those of an attempt's line, in the order of the table."""

STATES: Final[Mapping[str, State]] = {state.value: state for state in State}


class Connection(Protocol):
    """What takes the ledger's statements: SQLite's own connection, or that to a server."""

    def execute(self, sql: str, values: Any = ..., /) -> Any:  # noqa: ANN401 - as of `sqlite3`
        """One statement; gives its answer as a cursor, whose lines are as `sqlite3.Row`."""
        ...

    def executemany(self, sql: str, lines: Iterable[Any], /) -> Any:  # noqa: ANN401 - as above
        """One statement for many lines of values."""
        ...


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An entry with the row that it is of."""

    entry: Entry
    row_key: RowKey
    row_number: int
    variables: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Owner:
    """The attempt that a run at the service belongs to."""

    entry_id: int
    number: int
    state: State
    """The attempt's."""
    lacks_credits: bool = False
    """Whether nobody has named what it cost."""
    lacks_outputs: bool = False

    @property
    def is_unwatched(self) -> bool:
        """Whether nobody looks for the end of its run any more."""
        return self.state in OUTCOMES

    def is_news(self, seen: Observation) -> bool:
        """Whether an end that was seen tells more than is on record: credits, outputs or both."""
        if not self.is_unwatched:
            return False
        if self.has_seen(seen):
            names_outputs = self.state is State.COMPLETE and seen.outputs is not None
            names_news = self.lacks_outputs and names_outputs
        else:
            names_news = self.state in CAME_TO_NOTHING
        return names_news or (self.lacks_credits and seen.credits is not None)

    def has_seen(self, seen: Observation) -> bool:
        """Whether it is on record that the run ended so."""
        return self.state.value == seen.status.value


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows of the newest reading by how they stand, and what all their attempts cost."""

    rows: int = 0
    skipped: int = 0
    faulty: int = 0
    states: Mapping[State, int] | None = None
    credits: float = 0
    credits_unknown: int = 0
    """Completed runs for which the service named no credits."""
    entries: Mapping[State, int] | None = None
    """The entries by how they stand: equal rows may share one."""
    saved_credits: float = 0
    """What the runs that rows share would have cost once more for each further row."""

    def count(self, *states: State) -> int:
        """How many rows are in one of these states."""
        return sum((self.states or {}).get(state, 0) for state in states)

    def count_entries(self, *states: State) -> int:
        """How many entries are in one of these states."""
        return sum((self.entries or {}).get(state, 0) for state in states)

    def by_status(self) -> dict[Status, int]:
        """The sheet's rows by the word in their status column, each word once."""
        counts = dict.fromkeys(Status, 0)
        for state, rows in (self.states or {}).items():
            counts[STATUS_OF[state]] += rows
        counts[Status.FAILED] += self.faulty
        counts[Status.SKIPPED] += self.skipped
        return counts

    @property
    def shared(self) -> int:
        """How many rows have no entry of their own, but that of an equal row above."""
        return self.count(*State) - self.count_entries(*State)


@dataclass(frozen=True, slots=True)
class SeenEnd:
    """How old a run was when a look last saw it running (0: none did), and first saw it ended."""

    since_seconds: float
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Opening:
    """What the ledger tells a call as it begins."""

    tally: Tally
    token: str
    """What the tokens of this call's attempts begin with."""
    spending: Spending | None
    """What all attempts cost so far, those of rows that left the sheet too; ``None``: others spend
    as well, and the ledger itself says at each intent whether there is room."""
    ends: Sequence[SeenEnd]
    """How the newest runs that ended were seen to, the oldest first."""


def attempt_of(values: Sequence[Any]) -> Attempt | None:
    """An attempt, from the columns `queries.ATTEMPT`; ``None`` before the first.

    A sheet has as many as rows, and values go by their places twice as fast as by names.
    """
    number, state, round_id, token, intended_at, started_at, seen_running_at, *told = values
    if number is None:
        return None
    ended_at, run_id, is_named, cost, outputs, error, failure = told
    return Attempt(
        number,
        STATES[state],
        round_id,
        token,
        intended_at,
        started_at,
        seen_running_at,
        ended_at,
        run_id,
        bool(is_named),
        cost,
        None if outputs is None else from_json(outputs),
        error,
        None if failure is None else FailureClass(failure),
    )


def entry_of(values: Sequence[Any]) -> Entry:
    """An entry with an attempt of it, from the columns `queries.ENTRY`."""
    id_, state, attempts, retries, round_id, owes_retry, *attempt = values
    return Entry(
        id_, STATES[state], attempts, attempt_of(attempt), retries, round_id, bool(owes_retry)
    )


def enrolled_of(values: Sequence[Any]) -> Enrolled:
    """An entry with its row, from the columns `queries.ENROLLED_ENTRY`."""
    row_key, row_number, variables, *entry = values
    return Enrolled(entry_of(entry), row_key, row_number, from_json(variables))


def standing_of(values: Sequence[Any]) -> Standing:
    """How a row stands, from its state, its total of credits and the columns of its attempt."""
    state, total, *attempt = values
    return Standing(STATES[state], attempt_of(attempt), total)


def line_of(values: Sequence[Any]) -> Line:
    """A line of the statement, from the columns that it names before those of the attempt."""
    row_number, is_in_sheet, rows, service, workflow, *told = values
    attempt = attempt_of(told)
    assert attempt is not None, "the statement is of attempts alone"
    return Line(row_number, bool(is_in_sheet), attempt, rows, service, workflow)


def entry_values(entry: Entry) -> Values:
    """The values that a change of an entry writes, its id last."""
    return (
        entry.state,
        entry.attempts,
        entry.retries,
        entry.round_id,
        entry.owes_retry,
        entry.id,
    )


def attempt_values(entry_id: int, attempt: Attempt) -> Values:
    """The values of an attempt's line, in the order of `ATTEMPT_COLUMNS`."""
    return (
        entry_id,
        attempt.number,
        attempt.state,
        attempt.round_id,
        attempt.token,
        attempt.intended_at,
        attempt.started_at,
        attempt.seen_running_at,
        attempt.ended_at,
        attempt.run_id,
        attempt.is_named,
        attempt.credits,
        None if attempt.outputs is None else to_json(attempt.outputs),
        attempt.error,
        attempt.failure,
    )
