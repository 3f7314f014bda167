"""Runs of a known distribution, watched on virtual time as the lookout says."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipeline.core.timing.lookout import Lookout
from tests.core.oracle import Draw

SECONDS_BETWEEN_STARTS: Final = 5.0


@dataclass(frozen=True)
class Watched:
    """One run, and what it took to see it end."""

    started_after_ends: int
    """How many runs had been seen to end when it was started."""
    number: int
    duration_seconds: float
    looks: int
    lag_seconds: float


@dataclass
class _Run:
    number: int
    started_at: float
    duration_seconds: float
    started_after_ends: int
    seen_seconds: float = 0.0
    looks: int = 0


def watch(
    lookout: Lookout, draw_of: Callable[[int], Draw], count: int, look_seconds: float, seed: int = 1
) -> list[Watched]:
    """Start so many runs, one every few seconds, and look at each until it is seen to have ended.

    `draw_of` tells the distribution for the number of the run.
    """
    lot = random.Random(seed)  # noqa: S311  # chance, not secrecy
    due: list[tuple[float, int, _Run | None]] = [
        (number * SECONDS_BETWEEN_STARTS, number, None) for number in range(count)
    ]
    seen: list[Watched] = []
    while due:
        now, number, run = heapq.heappop(due)
        if run is None:
            run = _Run(number, now, draw_of(number)(lot.random()), len(seen))
        elif _has_been_seen_to_end(lookout, run, now - run.started_at):
            lag_seconds = now - run.started_at - run.duration_seconds
            seen.append(
                Watched(
                    run.started_after_ends, number, run.duration_seconds, run.looks, lag_seconds
                )
            )
            continue
        wait = lookout.wait_seconds(now - run.started_at, look_seconds, now, lot.random())
        heapq.heappush(due, (now + wait, number, run))
    return seen


def _has_been_seen_to_end(lookout: Lookout, run: _Run, age_seconds: float) -> bool:
    run.looks += 1
    if age_seconds >= run.duration_seconds:
        lookout.saw_end(run.seen_seconds, age_seconds)
        return True
    lookout.saw_running(run.seen_seconds, age_seconds)
    run.seen_seconds = age_seconds
    return False
