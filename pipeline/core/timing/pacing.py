"""When a start may leave. Owns the Pace. Must not know clocks, tasks or the Ledger.

GCRA (ITU-T I.371, the "virtual scheduling" form): the only state is the theoretical arrival time
of the next call, a number; the moment is passed in.
"""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

SHIFT_SECONDS: Final = 0.3
"""What two calls of several workers may be shifted against each other, and the service bear it."""
SHIFT_OF_A_SHORT_WINDOW: Final = 0.13
"""In a window of a second or two the rate would suffer more than it is worth."""
CATCH_UP_SECONDS: Final = 0.020
"""Lateness that may be made good: an event loop wakes up late, and the rate must not suffer."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds: ``60/min`` is ``Rate(60, 60.0)``."""

    count: float
    seconds: float

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.count / self.seconds

    @property
    def interval_seconds(self) -> float:
        """Seconds between two calls."""
        return self.seconds / self.count


class Pace(Struct, frozen=True):
    """A rate with its burst, and when the next call would be due at an even pace."""

    rate: Rate
    burst: int = 1
    next_due_at: float = float("-inf")

    def allowed_at(self) -> float:
        """The earliest moment, in the caller's clock, at which the next call may leave."""
        return self.next_due_at - (self.burst - 1) * self.rate.interval_seconds

    def at_rate(self, rate: Rate, moment: float) -> "Pace":
        """The pace from `moment` on at another rate: calls that left weigh what they then do."""
        ahead_seconds = max(0.0, self.next_due_at - moment)
        stretch = rate.interval_seconds / self.rate.interval_seconds
        due = moment + ahead_seconds * stretch if ahead_seconds else self.next_due_at
        return Pace(rate, self.burst, due)

    def not_before(self, moment: float) -> "Pace":
        """The pace where no call may leave before a moment: waiting for it is no lateness."""
        due = moment + (self.burst - 1) * self.rate.interval_seconds
        return replace(self, next_due_at=max(self.next_due_at, due))

    def at(self, per_second: float) -> "Pace":
        """The pace at another rate, an even one: what is learnt leaves no room for a burst."""
        return Pace(Rate(per_second, 1.0), next_due_at=self.allowed_at())

    def after_call(self, moment: float) -> "Pace":
        """The pace once a call has left at `moment`."""
        due = max(self.next_due_at, moment - CATCH_UP_SECONDS) + self.rate.interval_seconds
        return Pace(self.rate, self.burst, due)


def shift_seconds(rate: Rate) -> float:
    """How far two calls of several workers may be shifted against each other at this rate."""
    return min(SHIFT_SECONDS, SHIFT_OF_A_SHORT_WINDOW * rate.seconds)


def spared(rate: Rate) -> Rate:
    """The rate that several workers keep together, so that none of their calls comes too early.

    A service that counts in a sliding window sees each call a little earlier or later than it left;
    the window is taken to be as much longer as two calls may be shifted against each other.
    """
    return Rate(rate.count, rate.seconds + shift_seconds(rate))
