"""When to look at a run, by how long such runs take. Owns the trade of looks for lag.

Must not know how the durations were learnt, nor clocks, chance or the pace: they are passed in.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.timing.backoff import LookWaits
from pipeline.core.timing.durations import Scale

OUTLIVED: Final = 0.95
"""The share of runs that a run must have outlived before the longest wait binds it."""
PROBES: Final = 0.08
"""The share of looks that come early, by lot: only so is it seen that runs got faster."""
LAG_SHARE: Final = 0.03
"""A lag of so small a share of what half of the runs take is not worth a look."""
LOOKS_OF_THE_LAST: Final = 2.0
"""What a run that outlives all ages of the plan is taken to cost yet."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The next look for each age of a scale, the one that costs least from there on."""

    scale: Scale
    next_index: Sequence[int]
    """For each index of the scale, the index at which to look next."""
    outlived_seconds: float
    """The age that `OUTLIVED` of the runs do not reach."""

    def wait_seconds(self, age_seconds: float, waits: LookWaits, chance: float) -> float | None:
        """Seconds to the next look at a run of this age; ``None`` where the plan knows nothing.

        The look comes at the planned age or up to `jitter` of the shortest wait after it, by
        `chance`, uniform in [0, 1); now and then by lot at any age before.
        """
        planned = self.planned_seconds(age_seconds, waits)
        if planned is None:
            return None
        shortest = waits.first_seconds
        if chance < PROBES:
            return shortest + (planned - shortest) * chance / PROBES
        wait = planned + waits.jitter * shortest * (chance - PROBES) / (1 - PROBES)
        return wait if age_seconds < self.outlived_seconds else min(wait, waits.max_seconds)

    def planned_seconds(self, age_seconds: float, waits: LookWaits) -> float | None:
        """The same by plan, without lot."""
        index = self.scale.at_most(age_seconds)
        if index >= len(self.next_index):
            return None
        planned = self.scale.age_seconds(self.next_index[index]) - age_seconds
        return max(waits.first_seconds, planned)


def plan_looks(
    scale: Scale, survival: Sequence[float], waits: LookWaits, look_seconds: float
) -> LookPlan:
    """The plan that costs least where a look is worth `look_seconds` of one run's lag, or more.

    Backward induction over the ages of the scale: what a look at an age costs is the look itself,
    the lag of those that ended before it, and what those that still run cost from there on.
    """
    ages = [scale.age_seconds(index) for index in range(len(survival))]
    lags = _Lags(ages, survival)
    outlived_seconds = ages[_outlived(survival, OUTLIVED)]
    look_seconds = max(look_seconds, LAG_SHARE * ages[_outlived(survival, 0.5)])
    costs = [LOOKS_OF_THE_LAST] * len(ages)
    following = [len(ages)] * len(ages)
    for here in range(len(ages) - 2, -1, -1):
        nearest = bisect_left(ages, ages[here] + waits.first_seconds * (1 - 1e-9))
        farthest = bisect_left(ages, max(ages[here], outlived_seconds) + waits.max_seconds)
        best = float("inf")
        for there in range(nearest, min(farthest, len(ages))):
            certain = 1 + lags.between(here, there) / look_seconds
            if certain >= best:
                break
            cost = certain + survival[there] / survival[here] * costs[there]
            if cost < best:
                best, following[here] = cost, there
        if following[here] < len(ages):
            costs[here] = best
    known = next((i for i, there in enumerate(following) if there == len(ages)), len(ages))
    return LookPlan(scale, following[:known], outlived_seconds)


def _outlived(survival: Sequence[float], share: float) -> int:
    """The index of the age that this share of the runs do not reach."""
    return next((i for i, left in enumerate(survival) if left <= 1 - share), len(survival) - 1)


class _Lags:
    """The mean lag of a look, by sums over the scale."""

    def __init__(self, ages: Sequence[float], survival: Sequence[float]) -> None:
        self._ages = ages
        self._survival = survival
        self._ended_at = [0.0]
        """Of those that ended up to an age, the sum of when."""
        for index in range(1, len(ages)):
            middle = (ages[index - 1] + ages[index]) / 2
            ended = survival[index - 1] - survival[index]
            self._ended_at.append(self._ended_at[-1] + ended * middle)

    def between(self, here: int, there: int) -> float:
        """Seconds between end and look, for a run that is running here and looked at there."""
        ended = self._survival[here] - self._survival[there]
        ended_at = self._ended_at[there] - self._ended_at[here]
        return (self._ages[there] * ended - ended_at) / self._survival[here]
