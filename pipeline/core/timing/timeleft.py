"""How long a batch still takes. Owns the one estimate, and how fast a count grows of late.

The rows to start leave one by one, at the rate that is allowed, and no faster than runs end where
as many are in flight as may be; then the last run goes on to its end. The short end takes the rate
and quick runs for granted; the long end what was seen lately and slow runs. The likely time lies
between them: the pace seen lately, and a usual run. Must not know clocks: moments are passed in.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

QUICK, USUAL, SLOW = 24, 49, 94
"""Places among the 99 percentiles: the first quarter, the half, and 95 of 100."""

FEW: Final = 2

WINDOW_SECONDS: Final = 120.0
"""A pace is that of so long a time: a change of it shows soon, a short lull does not."""

SIGHT_SECONDS: Final = 1.0
"""Sights closer than this tell nothing new of a pace."""


class Lately:
    """Follows a count, and tells how fast it grows."""

    def __init__(self, at_seconds: float, count: int) -> None:
        self._sights = deque([(at_seconds, count)])
        self._now = self._sights[0]
        self._grew_at = at_seconds

    def see(self, at_seconds: float, count: int) -> None:
        """The count stands so at a moment, in seconds of any clock."""
        if count > self._now[1]:
            self._grew_at = at_seconds
        self._now = at_seconds, count
        if at_seconds - self._sights[-1][0] >= SIGHT_SECONDS:
            self._sights.append(self._now)
        while len(self._sights) > 1 and at_seconds - self._sights[1][0] >= WINDOW_SECONDS:
            self._sights.popleft()

    @property
    def a_second(self) -> float | None:
        """By how much it grows in a second; ``None`` where it did not grow of late."""
        since, count = self._sights[0]
        seconds, more = self._now[0] - since, self._now[1] - count
        return more / seconds if more > 0 and seconds > 0 else None

    @property
    def interval_seconds(self) -> float | None:
        """How long it takes to grow by one; ``None`` where it did not grow of late."""
        return None if self.a_second is None else 1 / self.a_second

    @property
    def still_seconds(self) -> float:
        """For how long it has not grown."""
        return self._now[0] - self._grew_at


@dataclass(frozen=True, slots=True)
class Left:
    """The time until nothing is owed any more, in seconds."""

    shortest_seconds: float
    likely_seconds: float
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class Owed:
    """The rows that still wait for their end."""

    to_start: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast rows leave."""

    interval_seconds: float
    """Between two starts, as the config allows."""
    max_in_flight: int
    seen_interval_seconds: float | None
    """Between two starts of late; ``None``: none was seen."""
    still_seconds: float = 0.0
    """Since the last start that was seen."""
    is_paused: bool = False
    """How long a pause lasts is its person's to know."""


def time_left(owed: Owed, pace: Pace, durations: Sequence[float]) -> Left | None:
    """The estimate; ``None`` where nobody knows how long a run takes, or when the next may start.

    `durations` are those of runs that ended, in seconds. Where nothing is owed, no time is left.
    """
    if not owed.to_start and not owed.in_flight:
        return Left(0.0, 0.0, 0.0)
    if not durations or (pace.is_paused and owed.to_start):
        return None
    seen = [*durations] * FEW if len(durations) < FEW else durations
    percentiles = quantiles(seen, n=100, method="inclusive")
    if not owed.to_start:
        longest = percentiles[SLOW]
        return Left(0.0, min(longest, max(0.0, percentiles[USUAL] - pace.still_seconds)), longest)
    allowed = pace.interval_seconds
    usual = pace.seen_interval_seconds or max(allowed, percentiles[USUAL] / pace.max_in_flight)
    quick = max(min(allowed, usual), percentiles[QUICK] / pace.max_in_flight)
    slow = max(allowed, usual, percentiles[USUAL] / pace.max_in_flight)
    shortest = owed.to_start * quick + percentiles[QUICK]
    # Equal ends may be rounded in two ways.
    longest = max(shortest, owed.to_start * slow + percentiles[SLOW])
    likely = owed.to_start * usual + percentiles[USUAL]
    return Left(shortest, min(max(shortest, likely), longest), longest)
