"""How fast a batch ends its rows, and how long it will take yet. Owns the estimate.

Pure arithmetic over what is seen now and then. Must not know the batch, clocks or how it is shown.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 120.0
"""The pace is that of so long a time: a change of it shows soon, a short lull does not."""

SIGHT_SECONDS: Final = 1.0
"""Sights closer than this tell nothing new of a pace."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How far a batch is at one moment, by counts that only grow."""

    at_seconds: float
    started: int
    """Starts accepted since the call began."""
    ended: int
    """Rows that ended since the call began."""


class TimeLeft:
    """Follows a batch, and tells its pace and the time that is left."""

    def __init__(self, at_seconds: float) -> None:
        first = Sight(at_seconds, 0, 0)
        self._sights = deque([first])
        self._now = first
        self._last_start_at = at_seconds
        self._run_seconds = 0.0
        """What all runs together have run, counted while this call watched."""

    def see(self, now: Sight, running: int) -> None:
        """Take in how far the batch is now, and how many of its runs go on."""
        self._run_seconds += running * (now.at_seconds - self._now.at_seconds)
        if now.started > self._now.started:
            self._last_start_at = now.at_seconds
        self._now = now
        if now.at_seconds - self._sights[-1].at_seconds >= SIGHT_SECONDS:
            self._sights.append(now)
        while len(self._sights) > 1 and now.at_seconds - self._sights[1].at_seconds >= (
            WINDOW_SECONDS
        ):
            self._sights.popleft()

    @property
    def ends_a_second(self) -> float | None:
        """How many rows end in a second; ``None`` where none did of late."""
        return self._a_second(self._now.ended - self._sights[0].ended)

    def left_seconds(self, to_start: int, running: int) -> float | None:
        """How long it takes until the last run has ended; ``None`` where that is not known yet.

        The starts that are left take as long as starts took of late, and the last run of them as
        long as runs took so far: the run time seen, over the runs that ended and half of those that
        go on, which are half-way on average.
        """
        if not to_start and not running:
            return 0.0
        if not self._now.ended:
            return None
        a_run_seconds = self._run_seconds / (self._now.ended + running / 2)
        if not to_start:
            return max(0.0, a_run_seconds - (self._now.at_seconds - self._last_start_at))
        starts_a_second = self._a_second(self._now.started - self._sights[0].started)
        return None if starts_a_second is None else to_start / starts_a_second + a_run_seconds

    def _a_second(self, count: int) -> float | None:
        seconds = self._now.at_seconds - self._sights[0].at_seconds
        return count / seconds if count and seconds else None
