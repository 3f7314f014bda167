"""What several refusals show: a limit, a full window, or chance. Owns the evidence.

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
SHORT_WINDOW_SECONDS: Final = 1.0
"""What most limits are told for: a window is taken for such a one wherever it may be one."""
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
    unasked_seconds: float = 0.0
    """Before it: from the refusal before until a call was taken again."""

    @property
    def refused(self) -> int:
        """How many of the calls were refused, each one counted."""
        return self.calls - self.taken


@dataclass(slots=True)
class Share:
    """How many of the calls since some moment were refused; those out together count as one."""

    calls: int = 0
    refused: int = 0
    """Of those until one is taken again, the first."""
    refused_again: int = 0
    """The others."""

    def is_above(self, share: float) -> bool:
        """Whether more of the calls were refused than this share."""
        return self.refused > share * self.calls

    def is_above_with_all(self, share: float) -> bool:
        """The same where each refusal counts that was asked for."""
        return self.refused + self.refused_again > share * self.calls


@dataclass(slots=True)
class Rests:
    """For how long a service was not asked after it refused."""

    told_seconds: float = 0.0
    """For how long it had asked to rest, in all."""
    unasked_seconds: float = 0.0
    """The last time, from its last refusal until it took a call again."""
    _told_until: float = float("-inf")
    _refused_at: float = float("-inf")

    def refused(self, sent_at: float, moment: float, seconds: float) -> None:
        """It refused, and asked to rest for so long; calls that were out together ask for one."""
        until = max(self._told_until, moment + seconds)
        self.told_seconds += until - max(moment, self._told_until)
        self._told_until = until
        self._refused_at = sent_at

    def taken_again(self, sent_at: float) -> None:
        """It took the call that was sent then: the first one since it refused."""
        self.unasked_seconds = sent_at - self._refused_at


def show_a_limit(suspects: Sequence[Refusal]) -> bool:
    """Whether refusals at one rate, the newest last, lie as far from each other each time."""
    gaps = [later.calls - earlier.calls for earlier, later in pairwise(suspects)]
    if is_shut_each_time(suspects) and _are_alike(gaps[-GAPS_IN_A_ROW:]):
        return True
    is_full = len(gaps) == GAPS_TO_SUSPECT
    refused = suspects[-1].refused - suspects[0].refused
    return is_full and _are_alike(gaps) and sum(gaps) <= LONGEST_GAP * refused


def is_shut_each_time(suspects: Sequence[Refusal]) -> bool:
    """Whether it was no single call that was refused, from each of the newest to the next."""
    newest = list(pairwise(suspects))[-GAPS_IN_A_ROW:]
    is_shut = all(b.refused - a.refused >= REFUSED_IN_A_ROW for a, b in newest)
    return is_shut and len(newest) == GAPS_IN_A_ROW


def short_window_a_second(suspects: Sequence[Refusal]) -> float | None:
    """What a window gives a second that is full each time, if it may be one of a second.

    All that it gives was taken from its begin until the next refusal. When it began is only known
    to lie between the refusal before and the first call that was taken again: so the time from one
    refusal to the next is as uncertain, and mostly too long.
    """
    if not is_shut_each_time(suspects):
        return None
    earlier, later = suspects[-2], suspects[-1]
    seconds = later.at - earlier.at
    least, most = seconds - later.unasked_seconds, seconds + earlier.unasked_seconds
    if not least <= SHORT_WINDOW_SECONDS <= most:
        return None
    return (later.taken - earlier.taken) / SHORT_WINDOW_SECONDS


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
