"""May one more be paid? Owns the limits on failures and on credits. Must not know the Ledger.

Counts and what was spent are passed in.
"""

import math
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.core.model import UNENDED, Attempt, FailureClass


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many rows may fail within one call before the batch stops: a count or a share."""

    count: int | None = None
    percent: float | None = None

    def is_reached(self, failures: int, rows: int) -> bool:
        """Whether so many failures among the rows that this call sends or watches stop it."""
        return failures >= self.allowed(rows)

    def allowed(self, rows: int) -> int:
        """The number of failures that stops a call of so many rows; never less than one."""
        if self.count is not None:
            return self.count
        return max(1, math.ceil(round(rows * (self.percent or 0) / 100, 9)))


class Spending(Struct, frozen=True):
    """What attempts cost so far, one or all of a ledger, and how many of them may cost yet."""

    credits: float = 0.0
    """The total of what ended runs named."""
    unended: int = 0
    """Attempts that may be paid for and were not seen to end: in flight, in doubt, expired."""
    unnamed: int = 0
    """Ended runs for which the service named no credits."""
    highest_credits: float | None = None
    """The most that one run of this workflow cost; ``None``: no cost was seen yet."""
    open_of_others: int = 0
    """Of the unended and the unnamed: those of another workflow, which the config named before."""
    highest_of_others: float | None = None
    """The most that one run of another workflow cost."""

    @property
    def open(self) -> int:
        """Attempts of which nobody knows what they cost, or will."""
        return self.unended + self.unnamed

    def after(self, before: Attempt | None, now: Attempt | None) -> "Spending":
        """The spending once an attempt changed; ``None`` stands for one that is none."""
        was, is_now = _cost_of(before), _cost_of(now)
        if was == is_now:
            return self
        return replace(
            self,
            credits=self.credits + is_now.credits - was.credits,
            unended=self.unended + is_now.unended - was.unended,
            unnamed=self.unnamed + is_now.unnamed - was.unnamed,
            highest_credits=_higher(self.highest_credits, is_now.highest_credits),
        )


_NOTHING: Final = Spending()
_OPEN: Final = Spending(unended=1)
_UNNAMED: Final = Spending(unnamed=1)


def _cost_of(attempt: Attempt | None) -> Spending:
    if attempt is None:
        return _NOTHING
    if attempt.credits is not None:
        cost = float(attempt.credits)
        return Spending(credits=cost, highest_credits=cost)
    # What a person gave up unseen may have been paid for all the same.
    if attempt.state in UNENDED or attempt.failure is FailureClass.UNCONFIRMED:
        return _OPEN
    return _NOTHING if attempt.run_id is None else _UNNAMED


def _higher(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)


@dataclass(frozen=True, slots=True)
class CreditCap:
    """How much a batch may cost in all, over all its calls. Kept by reservation."""

    max_credits: float
    credits_per_run: float | None
    """What to reserve for a run where the service names no credits."""

    def reserve_credits(self, spending: Spending) -> float | None:
        """What one run may cost, as far as is known; ``None``: nothing is known.

        Runs that cost nothing tell nothing: often they failed, and the next may not.
        """
        known = (spending.highest_credits or None, self.credits_per_run)
        return max((credits_ for credits_ in known if credits_ is not None), default=None)

    def reserved_credits(self, spending: Spending) -> float:
        """What is held back for runs that may cost yet or have a cost that nobody knows.

        For one of another workflow that is at least what such a run has cost.
        """
        reserve = self.reserve_credits(spending) or 0
        dearer = max(0, (spending.highest_of_others or 0) - reserve)
        return spending.open * reserve + min(spending.open_of_others, spending.open) * dearer

    def room(self, spending: Spending) -> int:
        """How many more runs may be started now: never one that could pass the cap.

        Until a cost is seen, one run at a time.
        """
        reserve = self.reserve_credits(spending)
        if reserve is None:
            return 0 if spending.open or self.max_credits <= 0 else 1
        left = self.max_credits - spending.credits - self.reserved_credits(spending)
        if reserve == 0:
            return MANY if left >= 0 else 0
        return max(0, math.floor(round(left / reserve, 9)))

    def is_overdrawn(self, spending: Spending) -> bool:
        """Whether what is spent and reserved passes the cap, since runs turned out dearer."""
        if self.reserve_credits(spending) is None:
            return False
        reserved = self.reserved_credits(spending)
        return round(spending.credits + reserved - self.max_credits, 9) > 0

    def is_blind(self, spending: Spending) -> bool:
        """Whether runs ended whose cost nobody names, so that the cap can't be kept."""
        return spending.unnamed > 0 and self.credits_per_run is None


MANY: Final = 2**31
"""As good as any number of runs."""
