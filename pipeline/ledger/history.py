"""What the ledger tells of the past. Owns the reading of moments, costs and rows in trouble.

Reads alone. Must not know how any of it is shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.core.model import FailureClass, RunId, State
from pipeline.ledger import queries
from pipeline.ledger.records import Connection


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of a row of the sheet. Moments are Unix seconds."""

    started_at: float
    ended_at: float | None
    """``None``: it has not been seen to end."""


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
    """The past of the rows that the newest reading of the sheet held."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let all that is read within the block be of one moment, also while a batch runs."""
        # SQLite's snapshot begins with the first read (sqlite.org/isolation.html).
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def runs(self) -> Iterator[PastRun]:
        """Every run that was begun, in no order."""
        for started_at, ended_at in self._connection.execute(queries.SPANS_OF_RUNS):
            yield PastRun(started_at, ended_at)

    def row_credits(self) -> list[float]:
        """What each row cost whose cost is known."""
        return [total for (total,) in self._connection.execute(queries.CREDITS_OF_ROWS)]

    def troubled_rows(self) -> Iterator[TroubledRow]:
        """The rows that failed, expired or are in doubt, in the sheet's order."""
        for row in self._connection.execute(queries.TROUBLED_ROWS):
            yield TroubledRow(
                row_number=row["row_number"],
                state=State(row["state"]),
                failure=None if row["failure"] is None else FailureClass(row["failure"]),
                run_id=None if row["run_id"] is None else RunId(row["run_id"]),
                attempts=row["attempts"],
                credits=row["total_credits"],
                error=row["error"] or "",
            )
