"""How long this workflow's runs take, as far as looks tell. Owns what was seen, and the estimate.

A look tells only that a run was running at one age and had ended, or not, at a later one. So each
is kept as such a step, and the chance to end is estimated from steps: a life table, in which a run
counts at the ages over which it was watched and at no other. That is unbiased though the short
runs of a batch end first. Must not know when looks are due: that is `core.timing.lookplan`'s.
"""

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

DATED_WITHIN_SECONDS: Final = 10.0
"""A run that was accepted so soon after its intent began then; one that was found began before."""
ENDS_REMEMBERED: Final = 300
STEPS_REMEMBERED: Final = 1500
"""Bounds the memory where runs are seen running again and again."""
NEWEST: Final = (12, 40)
"""So many newest ends are asked whether the older ones still tell of the same runs."""
SURPRISE: Final = 8.0
"""By so much in the logarithm must the newest steps be likelier by themselves for the older ones to
be forgotten."""
STEP_RATIO: Final = 1.03
"""From one age of the scale to the next: as fine as an age is known."""
ROUNDS: Final = 45
"""Of the estimate, each from the last; the first one begins with the last estimate."""
ROUNDS_OF_NEWEST: Final = 15
FLAT_SHARE: Final = 0.05
"""How much of an estimate begins anew, so that what was ruled out can come back."""
PRIOR_RUNS: Final = 0.03
"""At every age, beside those seen, so many runs that end as if nothing were known."""
PRIOR_HAZARD: Final = 1 - 1 / STEP_RATIO
"""Their chance to end within a step of the scale: half of them double any age that they reach."""
PRIOR_ENDS: Final = PRIOR_RUNS * PRIOR_HAZARD


class Scale:
    """Ages in seconds on which all is told: 0, `first`, and so on by `STEP_RATIO`."""

    def __init__(self, first_seconds: float) -> None:
        self._first_seconds = first_seconds

    @property
    def steps_to_double(self) -> int:
        """How many steps double an age."""
        return math.ceil(math.log(2) / math.log(STEP_RATIO))

    def age_seconds(self, index: int) -> float:
        """The age at an index; 0 at 0."""
        return self._first_seconds * STEP_RATIO ** (index - 1) if index > 0 else 0.0

    def nearest(self, age_seconds: float) -> int:
        """The index of the age next to this one."""
        return self._index(age_seconds, 0.5)

    def at_most(self, age_seconds: float) -> int:
        """The index of the highest age that is not above this one."""
        return self._index(age_seconds, 1e-9)

    def _index(self, age_seconds: float, up: float) -> int:
        if age_seconds <= 0:
            return 0
        steps = math.log(age_seconds / self._first_seconds) / math.log(STEP_RATIO)
        return max(0, 1 + math.floor(steps + up))


@dataclass(frozen=True, slots=True)
class Step:
    """Between two looks at one run, by indices of the scale: what the second one saw."""

    since: int
    """Where it was known to be running; 0 is its start."""
    until: int
    has_ended: bool


Survival: TypeAlias = Sequence[float]
"""The share of runs that outlive each age of the scale."""


class Durations:
    """What was seen of the newest runs, and what it tells of those to come."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self._steps: deque[Step] = deque()
        self.ends = 0
        """Ends that are remembered."""
        self._last: Survival = ()

    def saw_running(self, since_seconds: float, age_seconds: float) -> None:
        """A run that was running at one age was still running at a later one."""
        since, until = self.scale.nearest(since_seconds), self.scale.nearest(age_seconds)
        if until > since:
            self._remember(Step(since, until, has_ended=False))

    def saw_end(self, since_seconds: float, age_seconds: float) -> None:
        """A run that was running at one age had ended by a later one."""
        since = self.scale.nearest(since_seconds)
        self._remember(Step(since, max(since + 1, self.scale.nearest(age_seconds)), has_ended=True))

    def _remember(self, step: Step) -> None:
        self._steps.append(step)
        self.ends += step.has_ended
        while self.ends > ENDS_REMEMBERED or len(self._steps) > STEPS_REMEMBERED:
            self.ends -= self._steps.popleft().has_ended

    def survival(self) -> Survival:
        """The share of runs that outlive each age of the scale, up to twice the longest one seen.

        Where the newest runs are told far better by themselves, the others are forgotten first.
        """
        last = max((step.until for step in self._steps), default=1)
        flat = self._flat(last + self.scale.steps_to_double)
        steps = Counter(self._steps)
        self._last = _estimate(steps, _mixed(self._last, flat), ROUNDS)
        for ends in NEWEST:
            newest = self._newest(ends)
            today = Counter(newest)
            of_today = _estimate(today, flat, ROUNDS_OF_NEWEST)
            if _likelihood(today, of_today) > _likelihood(today, self._last) + SURPRISE:
                self._steps, self.ends = deque(newest), min(ends, self.ends)
                self._last = of_today
                break
        return self._last

    def _flat(self, size: int) -> Survival:
        """Ends spread evenly over all ages up to an index."""
        longest_seconds = self.scale.age_seconds(size)
        return [1 - self.scale.age_seconds(index) / longest_seconds for index in range(size + 1)]

    def _newest(self, ends: int) -> list[Step]:
        newest: list[Step] = []
        for step in reversed(self._steps):
            newest.append(step)
            ends -= step.has_ended
            if not ends:
                break
        return newest[::-1]


def _mixed(survival: Survival, flat: Survival) -> Survival:
    if not survival:
        return flat
    longer = [*survival, *[survival[-1]] * (len(flat) - len(survival))]
    return [
        (1 - FLAT_SHARE) * left + FLAT_SHARE * even
        for left, even in zip(longer, flat, strict=False)
    ]


def _estimate(steps: Mapping[Step, int], survival: Survival, rounds: int) -> Survival:
    """Turnbull's self-consistent estimate for interval-censored and truncated data.

    JRSS B 38 (1976), by hazards: each round divides a run that ended between two ages over them as
    the last round tells, and counts for each age the runs that came so far and those that ended.
    """
    changes = [0] * (len(survival) + 1)
    for step, count in steps.items():
        if not step.has_ended:
            changes[step.since + 1] += count
            changes[step.until + 1] -= count
    watched = list(accumulate(changes))
    ended = [(step.since, step.until, count) for step, count in steps.items() if step.has_ended]
    for _ in range(rounds):
        survival = _again(survival, watched, ended)
    return survival


def _again(
    survival: Survival, watched: Sequence[int], ended: Sequence[tuple[int, int, int]]
) -> Survival:
    # Of a run that ended between two ages, `weight` times what survives to an age is its chance
    # to have come so far, less `beyond`, what survives the later age.
    weights, beyonds = [0.0] * (len(survival) + 1), [0.0] * (len(survival) + 1)
    for since, until, count in ended:
        weight = count / max(1e-12, survival[since] - survival[until])
        weights[since + 1] += weight
        weights[until + 1] -= weight
        beyonds[since + 1] += weight * survival[until]
        beyonds[until + 1] -= weight * survival[until]
    after, left, weight, beyond = [1.0], 1.0, 0.0, 0.0
    # A batch that learns spends most of its own time here: what is met again has a name.
    for before, here, watches, more, further in zip(
        survival, survival[1:], watched[1:], weights[1:], beyonds[1:], strict=False
    ):
        weight += more
        beyond += further
        ends = weight * (before - here) + PRIOR_ENDS
        came = watches + weight * before - beyond + PRIOR_RUNS
        # Sums of floats may come out a little below nothing.
        left *= 1 - ends / came if 0 < ends < came else float(ends <= 0)
        after.append(left)
    return after


def _likelihood(steps: Mapping[Step, int], survival: Survival) -> float:
    """The logarithm of the chance to see these steps."""
    total = 0.0
    for step, count in steps.items():
        outlives = survival[step.until] / max(1e-300, survival[step.since])
        total += count * math.log(max(1e-12, 1 - outlives if step.has_ended else outlives))
    return total
