"""How far a batch is, in numbers. Owns how a change of an entry counts.

Must not know what brought the change about, nor how the numbers are shown.
"""

from dataclasses import dataclass

from pipeline.core.model import Attempt, Entry, State
from pipeline.ledger.records import Tally


@dataclass(slots=True)
class Counts:
    """Rows by how they stand, and what this call has done."""

    total: int
    """Rows of the sheet that are to be sent, neither skipped nor faulty; of rows that share a run,
    the first."""
    complete: int
    failed: int
    expired: int
    running: int
    credits: float
    started: int = 0
    """Starts accepted in this call."""

    @classmethod
    def of(cls, tally: Tally) -> "Counts":
        """The counts as a call begins."""
        return cls(
            total=tally.count_entries(*State),
            complete=tally.count_entries(State.COMPLETE),
            failed=tally.count_entries(State.FAILED),
            expired=tally.count_entries(State.EXPIRED),
            running=tally.count_entries(State.RUNNING),
            credits=tally.credits,
        )

    @property
    def done(self) -> int:
        """Rows to which nothing is owed any more."""
        return self.complete + self.failed + self.expired

    def follow(self, before: Entry, after: Entry) -> None:
        """Take in that an entry, or an older attempt of it, is not as it was."""
        was, now = before.state, after.state
        self.running += (now is State.RUNNING) - (was is State.RUNNING)
        self.complete += (now is State.COMPLETE) - (was is State.COMPLETE)
        self.failed += (now is State.FAILED) - (was is State.FAILED)
        self.expired += (now is State.EXPIRED) - (was is State.EXPIRED)
        self.started += was is State.STARTING and now is State.RUNNING
        self.credits += _credits(after.attempt) - _credits(attempt_before(before, after))


def attempt_before(before: Entry, after: Entry) -> Attempt | None:
    """The attempt that an entry has now, as it was before; ``None``: it is a new one."""
    if before.attempt and after.attempt and before.attempt.number < after.attempt.number:
        return None
    return before.attempt


def _credits(attempt: Attempt | None) -> float:
    return 0.0 if attempt is None else attempt.credits or 0.0
