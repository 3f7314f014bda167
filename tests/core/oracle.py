"""The oracle: the fewest looks that anyone could do with, who knows how long runs take.

It knows the distribution of durations, though not of the run at hand, keeps the same `first` and
`max`, and may choose between two plans by lot. For each price of lag the plan that costs least is
found by backward induction on a fine grid; the fewest looks at a mean lag are, by duality, the
greatest over all prices of (least cost - price x lag). Durations above the 99th percentile are cut
off: the oracle never sees them, and nobody's looks at them are counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.core.timing.backoff import LookWaits

DRAWS: Final = 20_000
GRID: Final = 500
PRICES: Final = np.geomspace(1e-3, 3, 30)
"""Looks that a second of lag is worth."""

Draw = Callable[[float], float]
"""The duration of a run, by a number uniform in [0, 1)."""


@dataclass(frozen=True)
class Oracle:
    """What one distribution costs who knows it."""

    cut_seconds: float
    """The 99th percentile of the durations."""
    ages: Sequence[float]
    survival: Sequence[float]
    waits: LookWaits

    @classmethod
    def of(cls, draw: Draw, waits: LookWaits) -> "Oracle":
        """The oracle of a distribution."""
        durations = np.sort([draw((n + 0.5) / DRAWS) for n in range(DRAWS)])
        cut = float(durations[int(0.99 * DRAWS) - 1])
        kept = durations[durations <= cut]
        ages = np.linspace(0, cut, GRID + 1)
        survival = 1 - np.searchsorted(kept, ages * (1 + 1e-12), side="right") / len(kept)
        return cls(cut, ages, survival, waits)  # type: ignore[arg-type]  # arrays

    def fewest_looks(self, mean_lag_seconds: float) -> float:
        """The fewest looks a run at a mean lag of so much."""
        return max(self._least_cost(price) - price * mean_lag_seconds for price in PRICES)

    def _least_cost(self, price: float) -> float:
        ages, survival = np.asarray(self.ages), np.asarray(self.survival)
        middles = np.concatenate([[0.0], (ages[1:] + ages[:-1]) / 2])
        ended_at = np.cumsum(np.concatenate([[0.0], -np.diff(survival)]) * middles)
        p95 = ages[np.argmax(survival <= 0.05)]
        costs = np.zeros(len(ages))
        for here in range(len(ages) - 2, -1, -1):
            if survival[here] <= 0:
                continue
            low = ages[here] + self.waits.first_seconds
            high = max(ages[here], p95) + self.waits.max_seconds
            first, last = np.searchsorted(ages, [low - 1e-9, high])
            if first >= len(ages):
                # The soonest look sees all that are left.
                lag = low - (ended_at[-1] - ended_at[here]) / survival[here]
                costs[here] = 1 + price * lag
                continue
            there = slice(first, last + 1)
            ended = survival[here] - survival[there]
            lag = ages[there] * ended - (ended_at[there] - ended_at[here])
            later = survival[there] * costs[there]
            costs[here] = 1 + np.min(price * lag + later) / survival[here]
        return float(costs[0])
