"""What several refusals show: a limit, or chance. Owns the evidence.

Must not know what is done about it: that is `core.timing.learning`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

GAPS_TO_SUSPECT: Final = 4
"""So many gaps in a row, none much longer than another, are no chance: a bucket runs empty, or a
window full, after as many calls each time. Of chance the longest is seldom twice the shortest."""
LONGEST_GAP: Final = 60
"""One refused in more calls than that is borne, whatever its cause."""
REFUSED_IN_A_ROW: Final = 3
GAPS_IN_A_ROW: Final = 2
"""But so many in a row, for so many gaps that are alike, are a window that is full."""
PERIODS: Final = 3
LONG_PERIOD_SECONDS: Final = 4.0
CALLS_OF_PERIOD: Final = 50
BORNE_SHARE: Final = 0.02
"""Where more than this share is refused, in periods so long, the limit is that of a long window."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A moment at which the limit was reached, and the calls up to then."""

    at: float
    calls: int
    taken: int
    rested_seconds: float
    """For how long the service had asked to rest."""

    @property
    def refused(self) -> int:
        """How many of the calls were refused, each one counted."""
        return self.calls - self.taken


def show_a_limit(suspects: Sequence[Refusal]) -> bool:
    """Whether refusals at one rate, the newest last, lie as far from each other each time."""
    gaps = [later.calls - earlier.calls for earlier, later in pairwise(suspects)]
    if len(gaps) >= GAPS_IN_A_ROW and min(gaps[-GAPS_IN_A_ROW:]) > LONGEST_GAP:
        return is_shut_each_time(suspects) and _are_alike(gaps[-GAPS_IN_A_ROW:])
    is_full = len(gaps) == GAPS_TO_SUSPECT
    refused = suspects[-1].refused - suspects[0].refused
    return is_full and _are_alike(gaps) and sum(gaps) <= LONGEST_GAP * refused


def is_shut_each_time(suspects: Sequence[Refusal]) -> bool:
    """Whether it was no single call that was refused, from each refusal to the next."""
    return all(b.refused - a.refused >= REFUSED_IN_A_ROW for a, b in pairwise(suspects))


def sustained_a_second(refusals: Sequence[Refusal]) -> float | None:
    """What was taken a second from one time at the limit to a later one, over long periods.

    ``None``: they were too few or too short to tell, or next to nothing was refused in them.
    """
    first, last = refusals[0], refusals[-1]
    periods = len(refusals) - 1
    taken, seconds = last.taken - first.taken, last.at - first.at
    is_long = seconds >= LONG_PERIOD_SECONDS * periods and taken >= CALLS_OF_PERIOD * periods
    is_borne = taken >= (1 - BORNE_SHARE) * (last.calls - first.calls)
    if periods < PERIODS - 1 or not is_long or is_borne:
        return None
    return taken / seconds


def taken_a_second(suspects: Sequence[Refusal]) -> tuple[float, float]:
    """What was taken from the first to the last: with the rests counted in, and without."""
    first, last = suspects[0], suspects[-1]
    taken, seconds = last.taken - first.taken, last.at - first.at
    rested_seconds = min(last.rested_seconds - first.rested_seconds, seconds)
    return taken / max(seconds, 1e-9), taken / max(seconds - rested_seconds, 1e-9)


def _are_alike(gaps: Sequence[int]) -> bool:
    return max(gaps) <= 2 * min(gaps) + 2
