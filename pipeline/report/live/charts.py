"""What the live page draws: starts and ends over time, and how long runs take. Owns the steps.

Must not know how a chart looks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from pipeline.ledger.history import History

BARS: Final = 24
"""Of the durations."""
STEPS: Final = 60
"""The most bars over time; a step is one of `STEP_SECONDS`, or whole days."""
STEP_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200)
DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class OverTime:
    """Starts and ends in equal steps of time."""

    begins_at: float
    step_seconds: float
    starts: Sequence[int]
    complete: Sequence[int]
    others: Sequence[int]


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the newest runs took, in seconds."""

    runs: int
    median: float
    slow: float
    """95 of 100 are at or below it."""
    longest: float
    bar_seconds: float
    bars: Sequence[int]
    """Runs in each bar's span; the last also holds all longer ones."""


def whole(history: History, now: float, *, is_going_on: bool) -> OverTime | None:
    """From the first start to now, or to the last thing that happened; ``None``: no start yet."""
    span = history.span()
    if span is None:
        return None
    ends_at = now if is_going_on else span.ends_at
    return _over_time(history, span.begins_at, max(span.begins_at, ends_at))


def lately(history: History, now: float) -> OverTime | None:
    """The last hour; ``None`` where the whole is no longer."""
    span = history.span()
    if span is None or span.begins_at > now - HOUR_SECONDS:
        return None
    return _over_time(history, now - HOUR_SECONDS, now)


def _over_time(history: History, begins_at: float, ends_at: float) -> OverTime:
    step = _step_seconds(ends_at - begins_at)
    # On whole steps, so that bars keep their runs from one look to the next.
    since = math.floor(begins_at / step) * step
    steps = math.floor((ends_at - since) / step) + 1
    line = history.timeline(since, step, steps)
    return OverTime(since, step, line.starts, line.complete, line.others)


def _step_seconds(seconds: float) -> int:
    """The shortest step by which so much time is cut into few enough bars."""
    for step in STEP_SECONDS:
        if seconds / step < STEPS:
            return step
    return DAY_SECONDS * math.ceil(seconds / DAY_SECONDS / STEPS)


def durations_of(taken: Sequence[float]) -> Durations | None:
    """The spread of runs that took so many seconds each; ``None`` where there are none."""
    if not taken:
        return None
    longest = max(taken)
    twentieths = quantiles(taken, n=20, method="inclusive") if len(taken) > 1 else [longest]
    slow = twentieths[-1]
    # A few runs that hang would leave all others in the first bar.
    widest = min(longest, 2 * slow) or 1.0
    bars = [0] * BARS
    for seconds in taken:
        bars[min(BARS - 1, int(seconds / widest * BARS))] += 1
    return Durations(len(taken), median(taken), slow, longest, widest / BARS, bars)
