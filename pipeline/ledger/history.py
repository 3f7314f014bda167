"""What the ledger tells of the past. Owns the reading of moments, costs and rows in trouble.

Reads alone. Must not know how any of it is shown: a report goes through runs one by one, a live
page asks for sums of them, for it asks again and again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.core.model import FailureClass, RunId, State
from pipeline.ledger import queries
from pipeline.ledger.records import Connection


@dataclass(frozen=True, slots=True)
class BegunRun:
    """One run of a row of the sheet. Moments are Unix seconds."""

    started_at: float
    ended_at: float | None
    """``None``: it has not been seen to end."""


@dataclass(frozen=True, slots=True)
class Span:
    """From the first start to whatever happened last, in Unix seconds."""

    begins_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many runs started and ended in each step of time since a moment."""

    starts: Sequence[int]
    complete: Sequence[int]
    others: Sequence[int]
    """Ends that are not complete."""


@dataclass(frozen=True, slots=True)
class TroubledRow:
    """A row of the sheet that a person may have to mend or to decide on."""

    row_number: int
    state: State
    """One of failed, expired and unconfirmed."""
    failure: FailureClass | None
    run_id: RunId | None
    attempts: int
    credits: float | None
    """The total of all its attempts; ``None`` where no attempt's cost is known."""
    error: str
    """Why it is not complete, in words for the sheet's owner."""


class History:
    """The past of the rows that the newest reading of the sheet held, or of all attempts."""

    def __init__(self, connection: Connection) -> None:
        self._execute = connection.execute

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let all that is read within the block be of one moment, also while a batch runs."""
        # SQLite's snapshot begins with the first read (sqlite.org/isolation.html).
        self._execute("BEGIN")
        try:
            yield
        finally:
            self._execute("ROLLBACK")

    def runs(self) -> Iterator[BegunRun]:
        """Every run of these rows that was begun, in no order."""
        for started_at, ended_at in self._execute(queries.SPANS_OF_RUNS):
            yield BegunRun(started_at, ended_at)

    def row_credits(self) -> list[float]:
        """What each of these rows cost whose cost is known."""
        return [total for (total,) in self._execute(queries.CREDITS_OF_ROWS)]

    def troubled_rows(self) -> Iterator[TroubledRow]:
        """The rows that failed, expired or are in doubt, in the sheet's order."""
        for row in self._execute(queries.TROUBLED_ROWS):
            yield TroubledRow(
                row_number=row["row_number"],
                state=State(row["state"]),
                failure=None if row["failure"] is None else FailureClass(row["failure"]),
                run_id=None if row["run_id"] is None else RunId(row["run_id"]),
                attempts=row["attempts"],
                credits=row["total_credits"],
                error=row["error"] or "",
            )

    def failed_rows(self) -> dict[FailureClass | None, int]:
        """How many of these rows have failed, by who could mend it; without those never sent."""
        found = self._execute(queries.FAILED_ROWS)
        return {None if f is None else FailureClass(f): count for f, count in found}

    def span(self) -> Span | None:
        """When any runs were started and ended; ``None``: none was started yet."""
        first, last_start, last_end = self._execute(queries.SPAN_OF_ALL).fetchone()
        return None if first is None else Span(first, max(last_start, last_end or last_start))

    def timeline(self, since: float, step_seconds: float, steps: int) -> Timeline:
        """The starts and ends of all attempts in so many steps; what comes later is left out."""
        starts, complete, others = ([0] * steps for _ in range(3))
        asked = (since, step_seconds, since)
        for place, count in self._execute(queries.STARTS_BY_STEP, asked):
            if place < steps:
                starts[place] = count
        for place, is_complete, count in self._execute(queries.ENDS_BY_STEP, asked):
            if place < steps:
                (complete if is_complete else others)[place] = count
        return Timeline(starts, complete, others)

    def durations(self, limit: int) -> list[float]:
        """How long the newest runs of all took that ended, in seconds, the newest first."""
        return [seconds for (seconds,) in self._execute(queries.NEWEST_DURATIONS, (limit,))]
