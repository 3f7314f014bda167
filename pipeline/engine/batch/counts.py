"""How far a batch is, in numbers. Owns how a change of an entry counts.

Must not know what brought the change about, nor how the numbers are shown.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.core.model import ENDED, OUTCOMES, Attempt, Entry, State
from pipeline.core.timing.durations import ENDS_REMEMBERED
from pipeline.ledger.records import SeenEnd, Tally


@dataclass(slots=True)
class Counts:
    """Rows by how they stand, and what this call has done."""

    rows: Counter[State]
    """Rows of the sheet that are to be sent, neither skipped nor faulty; of rows that share a run,
    the first."""
    elsewhere: set[int] = field(default_factory=set)
    """Entries of rows that left the sheet: their runs are watched, and they are in no count."""
    started: int = 0
    """Starts accepted in this call."""
    run_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=ENDS_REMEMBERED))
    """How long the newest runs took that ended."""

    @classmethod
    def of(cls, tally: Tally, ends: Iterable[SeenEnd]) -> "Counts":
        """The counts as a call begins."""
        return cls(
            rows=Counter(tally.entries or {}),
            run_seconds=deque((end.age_seconds for end in ends), ENDS_REMEMBERED),
        )

    @property
    def waiting(self) -> int:
        """Rows whose turn is to come, or whose start is on its way."""
        return self.rows[State.PLANNED] + self.rows[State.STARTING]

    @property
    def done(self) -> int:
        """Rows to which nothing is owed any more."""
        return sum(self.rows[state] for state in OUTCOMES)

    def follow(self, before: Entry, after: Entry) -> None:
        """Take in that an entry, or an older attempt of it, is not as it was."""
        was, now = before.state, after.state
        if was is not now and after.id not in self.elsewhere:
            self.rows[was] -= 1
            self.rows[now] += 1
            self.started += was is State.STARTING and now is State.RUNNING
        if was is State.RUNNING and (seconds := _run_seconds(after.attempt)) is not None:
            self.run_seconds.append(seconds)


def attempt_before(before: Entry, after: Entry) -> Attempt | None:
    """The attempt that an entry has now, as it was before; ``None``: it is a new one."""
    if before.attempt and after.attempt and before.attempt.number < after.attempt.number:
        return None
    return before.attempt


def _run_seconds(attempt: Attempt | None) -> float | None:
    """How long an attempt's run took; ``None`` where it was not seen to end."""
    if attempt is None or attempt.state not in ENDED:
        return None
    if attempt.started_at is None or attempt.ended_at is None:
        return None
    return max(0.0, attempt.ended_at - attempt.started_at)
