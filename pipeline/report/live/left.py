"""How long a batch still takes, as a range. Owns the estimate. Must not know the ledger.

The rows to start leave one by one, at the rate that is allowed, and no faster than runs end where
as many are in flight as may be; then the last run goes on to its end. The short end takes the rate
and quick runs for granted; the long end what was seen lately and slow runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

QUICK, USUAL, SLOW = 24, 49, 94
"""Places among the 99 percentiles: the first quarter, the half, and 95 of 100."""

FEW: Final = 2


@dataclass(frozen=True, slots=True)
class Left:
    """The time until nothing is owed any more, in seconds."""

    shortest_seconds: float
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


def time_left(owed: Owed, pace: Pace, durations: Sequence[float]) -> Left | None:
    """The range; ``None`` where it is not known how long a run takes.

    `durations` are those of runs that ended, in seconds. Where nothing is owed, no time is left.
    """
    if not owed.to_start and not owed.in_flight:
        return Left(0.0, 0.0)
    if not durations:
        return None
    seen = [*durations] * FEW if len(durations) < FEW else durations
    percentiles = quantiles(seen, n=100, method="inclusive")
    intervals = [pace.interval_seconds]
    if pace.seen_interval_seconds is not None:
        intervals.append(pace.seen_interval_seconds)
    quick = max(min(intervals), percentiles[QUICK] / pace.max_in_flight)
    slow = max(*intervals, percentiles[USUAL] / pace.max_in_flight)
    last = percentiles[QUICK] if owed.to_start else 0.0
    shortest = owed.to_start * quick + last
    # Equal ends may be rounded in two ways.
    return Left(shortest, max(shortest, owed.to_start * slow + percentiles[SLOW]))
