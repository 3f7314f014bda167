"""The rate that a service takes, learnt from its refusals. Owns the search for it.

Of the service nothing is known but that it refused: its limit may be a bucket or a window, and the
refusal may say how long to wait, or not. The moment of each reply is passed in. What refusals show
is told by `core.timing.refusals`. Must not know how long one pauses the calls: that is the
limiter's.

A single refusal shows nothing: proxies refuse by chance. Only several at one rate, as far from each
other each time, or of calls that were out together, are taken for a limit. Then the rate falls to
what was taken of late, and is raised again by steps that grow while they go well (as in TCP's slow
start) and start over, more seldom each time, when one is refused. A window that is full refuses
call after call until the next begins: what it gives is known, and is kept to.

Of a limit that is kept to, next to nothing is refused. Where a lower rate is refused as before, it
is chance (as BBR takes losses that no rate explains): that share is borne from then on, at the
rate as configured, and only a share well above it is taken for a limit.
"""

from collections import deque
from math import sqrt
from typing import Final

from pipeline.core.timing.refusals import (
    GAPS_TO_SUSPECT,
    PERIODS,
    Refusal,
    Rests,
    Share,
    is_shut_each_time,
    short_window_a_second,
    show_a_limit,
    sustained_a_second,
    taken_a_second,
)

REFUSED_TOGETHER: Final = 3
"""So many of the calls that were out together: the rate is far above the limit."""
FALL: Final = 0.85
"""A rate falls at least to this share of it."""
LARGEST_FALL: Final = 8.0
LARGEST_SLOWDOWN: Final = 1000.0
"""From what is configured: nobody configures more than so many times what a service takes."""
BELOW_TAKEN: Final = 0.95
"""Below what was taken, since in a window a few calls come nearer to each other than they left."""
BELOW_PROVEN: Final = 0.97
"""What went well for a while may still empty a bucket: back to a little less than it."""
DRAIN_SECONDS: Final = 0.5
DRAIN_CALLS: Final = 3
"""A refusal so soon after the rate fell is still due to the rate before."""

STRAY_SHARE: Final = 0.03
"""No more than this is refused at a rate that the service takes, but for chance."""
CHANCE_SPREAD: Final = 1.7
"""So many times the share that is refused by chance is still chance."""
REFUSALS_TO_TELL: Final = 10
"""So many refusals tell their share; twice as many each time that they told it wrong."""
FALLS_IN_VAIN: Final = 2
"""After so many falls that did not help, another would not help either."""
CALLS_WITHOUT_CHANCE: Final = 300
"""So many calls without a refusal: there is no such chance any more."""

RESTS_SHARE: Final = 0.15
"""So far between what was taken with the rests counted in and without, as powers go, is the limit
taken to lie: what a bucket gains in a rest is soon used up."""

CALLS_TO_RAISE: Final = 60
"""A rate goes well that was not refused for so many calls, times `_patience`."""
CALLS_TO_LEAP: Final = 15
"""The same where it is raised by much."""
SECONDS_TO_RAISE: Final = 1.05
"""And for so long: a limit may be that of a second."""
MOST_PATIENCE: Final = 16.0
SMALL_STEP: Final = 1.05
SMALLEST_STEP: Final = 1.025
"""From just below a rate that was refused."""
LARGE_STEP: Final = 1.5
"""Where the rate fell to what so few calls showed that it may be far too low."""
LARGEST_STEP: Final = 2.0
LEAP: Final = 1.2
"""A step that is raised by much."""
FEW_CALLS: Final = 20
NEARLY: Final = 1.25
"""Rates less than so many times apart count as the same."""

CALLS_REMEMBERED: Final = 2000


class LearntRate:
    """Calls a second: as many as configured, or fewer where the service takes no more."""

    def __init__(self, configured: float) -> None:
        self.per_second = configured
        self._configured = configured
        self._proven = configured
        """What went well: a rate above it is on trial."""
        self._step, self._patience = SMALL_STEP, 1.0
        self._refused_rate = self._lowered_from = 0.0
        self._calls = 0
        self._taken = 0
        self._taken_at: deque[float] = deque(maxlen=CALLS_REMEMBERED)
        self._refusals: deque[Refusal] = deque(maxlen=PERIODS)
        self._suspects: deque[Refusal] = deque(maxlen=GAPS_TO_SUSPECT + 1)
        """The refusals at this rate."""
        self._noticed_at = self._changed_at = self._drained_at = float("-inf")
        self._rests = Rests()
        self._together = 0
        """Refusals among the calls that were out when one was noticed."""
        self._is_shut = False
        """Whether nothing was taken since the last refusal: the next is the same one."""
        self._well_since = 0.0
        """Since when the rate is this one."""
        self._here = Share()
        """At this rate."""
        self._falls = 0
        """So often did the rate fall, and it was not seen yet that it helped."""
        self._chance = 0.0
        """The share that is refused whatever the rate."""
        self._refusals_to_tell = REFUSALS_TO_TELL
        self._unrefused = 0

    def configure(self, per_second: float) -> None:
        """Let so many calls a second be the most; what the service refuses stays known."""
        is_limited = self.per_second < self._configured
        self._configured = per_second
        self.per_second = min(self.per_second, per_second) if is_limited else per_second
        self._proven = min(self._proven, self.per_second) if is_limited else per_second

    def taken(self, sent_at: float, moment: float) -> None:
        """The service took a call that was sent at one moment, by its reply at another."""
        self._count(moment)
        self._taken += 1
        self._taken_at.append(moment)
        if sent_at < self._changed_at:
            return
        if self._is_shut and sent_at >= self._noticed_at:
            self._is_shut = False
            self._rests.taken_again(sent_at)
        if self.per_second < self._configured and self._goes_well(moment):
            self._raise(moment)

    def refused(self, sent_at: float, moment: float, rest_seconds: float = 0.0) -> None:
        """The service refused a call for its rate, and asked to rest for so long (0: it did not).

        Calls that were out together are one refusal.
        """
        self._count(moment)
        self._rests.refused(sent_at, moment, rest_seconds)
        if sent_at < self._changed_at:
            return
        if self._chance:
            self._count_refusal()
            self._judge_share(moment)
        elif sent_at < self._noticed_at:
            self._together += 1
            if self._together == REFUSED_TOGETHER:
                self._fall(moment)
        elif sent_at >= self._drained_at and self._is_shut:
            self._here.refused_again += 1
        elif sent_at >= self._drained_at:
            self._noticed_at, self._together, self._is_shut = moment, 1, True
            self._count_refusal()
            self._judge_gaps(moment)

    def _judge_share(self, moment: float) -> None:
        """Chance is borne: only a greater share than it shows a limit."""
        if self._is_too_much:
            self._chance = 0.0
            self._refusals_to_tell *= 2
            self._fall(moment)

    def _judge_gaps(self, moment: float) -> None:
        if self._falls and self._is_too_much:
            self._bear(moment)
            return
        refusal = self._refusal(moment)
        self._refusals.append(refusal)
        self._suspects.append(refusal)
        sustained = sustained_a_second(self._refusals)
        if sustained is not None and sustained < self.per_second:
            self._settle(sustained * BELOW_PROVEN, moment)
        elif self._proven < self.per_second:
            self._refused_rate = self.per_second
            self._lose_patience(max(SMALL_STEP, sqrt(self.per_second / self._proven)))
            self._settle(self._proven * BELOW_PROVEN, moment)
        elif show_a_limit(self._suspects) or self._is_too_much:
            if self._falls >= FALLS_IN_VAIN:
                self._bear(moment)
            else:
                self._falls += 1
                self._lower(moment)

    def _refusal(self, moment: float) -> Refusal:
        told, unasked = self._rests.told_seconds, self._rests.unasked_seconds
        return Refusal(moment, self._calls, self._taken, told, unasked)

    @property
    def _borne_share(self) -> float:
        return STRAY_SHARE + CHANCE_SPREAD * self._chance

    @property
    def _is_too_much(self) -> bool:
        """Whether enough refusals tell that more is refused at this rate than is borne.

        They need not be as far apart each time: after rests that are now long, now short, a bucket
        holds now more, now less.
        """
        is_telling = self._here.refused >= self._refusals_to_tell
        return is_telling and self._here.is_above(self._borne_share)

    def _bear(self, moment: float) -> None:
        """A lower rate is refused as well: what is refused so is of chance, and no limit."""
        self._chance = self._here.refused / self._here.calls
        self._falls = 0
        self._go_to(self._configured, moment)
        self._proven = self.per_second

    def _fall(self, moment: float) -> None:
        """The rate is far above the limit: go on with what was taken within the last second."""
        taken = sum(moment - at <= 1 for at in self._taken_at)
        seconds = min(1.0, max(0.5, moment - self._well_since))
        rate = min(self.per_second * FALL, BELOW_TAKEN * taken / seconds)
        is_guess = rate < self.per_second / 2 and (seconds < 1 or taken < FEW_CALLS)
        self._step = LARGE_STEP if is_guess else SMALL_STEP
        self._refused_rate = self.per_second
        self._settle(rate, moment)
        self._falls = max(1, self._falls)

    def _lower(self, moment: float) -> None:
        """The rate is above the limit, which was reached at each refusal."""
        of_a_window = short_window_a_second(self._suspects)
        if of_a_window is None:
            self._lower_to_what_was_taken(moment)
        else:
            self._keep_to_a_window(of_a_window, moment)

    def _keep_to_a_window(self, per_second: float, moment: float) -> None:
        """The limit is known, and not guessed: no large step is to lead beyond it."""
        self._lose_patience(SMALL_STEP)
        self._refused_rate = min(self.per_second, per_second)
        self._settle(self._refused_rate * BELOW_PROVEN, moment)

    def _lower_to_what_was_taken(self, moment: float) -> None:
        """The limit is to be guessed from what was taken.

        What was taken from one to another is what the limit gave; unless it gave more than could be
        kept while the service had asked to rest. So the limit lies between what was taken with
        these rests counted in, and without.
        """
        least, most = taken_a_second(self._suspects)
        most = max(least, min(self.per_second, most))
        rate = BELOW_PROVEN * min(self.per_second, least * (most / least) ** RESTS_SHARE)
        # Where calls were refused in a row, they rested for longer than they had to; unless the
        # rate came up to nearly the same from such a guess before.
        is_low = least < most * FALL or is_shut_each_time(self._suspects)
        is_known = self._lowered_from / NEARLY < self.per_second < self._lowered_from * NEARLY
        self._lowered_from = self.per_second
        self._lose_patience(LARGE_STEP if is_low and not is_known else SMALL_STEP)
        self._refused_rate = self.per_second
        self._settle(rate, moment)

    def _settle(self, rate: float, moment: float) -> None:
        # What few calls showed may be nothing at all, and a rate of nothing would learn no more.
        floor = max(self.per_second / LARGEST_FALL, self._configured / LARGEST_SLOWDOWN)
        self._go_to(max(rate, floor), moment)
        self._proven = self.per_second

    def _raise(self, moment: float) -> None:
        self._falls = 0
        self._proven = self.per_second
        if self._step > SMALL_STEP:
            self._patience = max(1.0, self._patience / 2)
        before, rate = self.per_second, self.per_second * self._step
        if before < self._refused_rate:
            # Halfway to what was refused; and a small step beyond it, once that is near.
            rate = min(rate, max(sqrt(before * self._refused_rate), before * SMALLEST_STEP))
        self._go_to(rate, moment)
        goes_beyond = before < self._refused_rate <= rate
        self._step = SMALL_STEP if goes_beyond else min(LARGEST_STEP, self._step**1.5)

    def _lose_patience(self, step: float) -> None:
        self._step = step
        if step < LARGE_STEP:
            self._patience = min(2 * self._patience, MOST_PATIENCE)

    def _goes_well(self, moment: float) -> bool:
        calls, seconds = self._here.calls, moment - self._well_since
        if self._step >= LEAP:
            is_long, is_refused = calls >= CALLS_TO_LEAP, self._here.is_above
        else:
            is_long = calls >= CALLS_TO_RAISE * self._patience
            # A window that is full refuses call after call: the more, the longer it is not tried.
            is_refused = self._here.is_above_with_all
        return is_long and seconds >= SECONDS_TO_RAISE and not is_refused(self._borne_share)

    def _go_to(self, rate: float, moment: float) -> None:
        if rate < self.per_second:
            self._drained_at = moment + min(DRAIN_SECONDS, DRAIN_CALLS / rate)
        self.per_second = min(rate, self._configured)
        self._changed_at = self._well_since = moment
        self._here = Share()
        self._suspects.clear()

    def _count(self, moment: float) -> None:
        if not self._calls:
            self._well_since = moment
        self._calls += 1
        self._here.calls += 1
        self._unrefused += 1
        if self._chance and self._unrefused >= CALLS_WITHOUT_CHANCE:
            # What was borne tells nothing of a limit.
            self._chance, self._here = 0.0, Share()

    def _count_refusal(self) -> None:
        self._unrefused = 0
        self._here.refused += 1
