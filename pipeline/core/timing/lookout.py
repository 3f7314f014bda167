"""When to look at a run next, by all that is known. Owns when the plan of looks is made anew.

The moment and chance are passed in. Must not know tasks, the ledger, or which run is which.
"""

from typing import Final

from pipeline.core.timing.backoff import LookWaits, next_look_seconds
from pipeline.core.timing.durations import Durations, Scale
from pipeline.core.timing.lookplan import LookPlan, plan_looks

ENDS_TO_PLAN: Final = 5
"""Fewer ends tell nothing that a plan could be made of."""
ENDS_TO_PLAN_ANEW: Final = 10
PRICE_TO_PLAN_ANEW: Final = 1.25
"""By this factor must the worth of a look have changed for the plan to be made anew."""
SECONDS_TO_PLAN_ANEW: Final = 2.0
"""A plan costs some hundredths of a second, and stands for at least so long."""
LEAST_SCALE_SECONDS: Final = 0.05
"""Ages below are not told apart."""


class Lookout:
    """The waits between looks at the runs of one workflow, which it learns from them."""

    def __init__(self, waits: LookWaits) -> None:
        self._waits = waits
        self._durations = Durations(Scale(max(waits.first_seconds, LEAST_SCALE_SECONDS)))
        self._plan: LookPlan | None = None
        self._planned_at = float("-inf")
        self._price_seconds = 0.0
        self._new_ends = 0

    def saw_running(self, since_seconds: float, age_seconds: float) -> None:
        """A run that was running at one age (0: it had just started) was running at another."""
        self._durations.saw_running(since_seconds, age_seconds)

    def saw_end(self, since_seconds: float, age_seconds: float) -> None:
        """A run that was running at one age was first seen ended at another."""
        self._durations.saw_end(since_seconds, age_seconds)
        self._new_ends += 1

    def wait_seconds(
        self, age_seconds: float, look_seconds: float, moment: float, chance: float
    ) -> float:
        """Seconds to the next look at a run that runs at this age.

        `look_seconds` is the pace's share in the price: for how long a look keeps others waiting.
        `moment` is in seconds of any clock, `chance` uniform in [0, 1).
        """
        price_seconds = self.price_seconds(look_seconds)
        if self._is_due(price_seconds, moment):
            survival = self._durations.survival()
            self._plan = plan_looks(self._durations.scale, survival, self._waits, price_seconds)
            self._planned_at, self._price_seconds, self._new_ends = moment, price_seconds, 0
        wait = None
        if self._plan is not None:
            wait = self._plan.wait_seconds(age_seconds, self._waits, chance)
        return next_look_seconds(age_seconds, self._waits, chance) if wait is None else wait

    def price_seconds(self, look_seconds: float) -> float:
        """What a look is worth in seconds of one run's lag; `look_seconds` is the pace's share."""
        return max(look_seconds, self._waits.first_seconds, LEAST_SCALE_SECONDS)

    def planned_seconds(self, age_seconds: float) -> float:
        """Seconds to the next look at a run of this age by plan, without lot; 0: there is none."""
        wait = None if self._plan is None else self._plan.planned_seconds(age_seconds, self._waits)
        return wait or 0.0

    def _is_due(self, price_seconds: float, moment: float) -> bool:
        if self._durations.ends < ENDS_TO_PLAN:
            return False
        if self._plan is None:
            return True
        if moment - self._planned_at < SECONDS_TO_PLAN_ANEW:
            return False
        change = max(price_seconds / self._price_seconds, self._price_seconds / price_seconds)
        return self._new_ends >= ENDS_TO_PLAN_ANEW or change > PRICE_TO_PLAN_ANEW
