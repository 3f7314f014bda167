"""When a call of one class may leave. Owns the class's pace and its pause.

One limiter a class (starts, looks), so that a refusal of one call is heeded by all of them. Must
not know what the calls say.
"""

import asyncio
from collections.abc import Callable

from pipeline.core.timing.backoff import rest_seconds, try_again_seconds
from pipeline.core.timing.learning import LearntRate
from pipeline.core.timing.pacing import Pace, Rate
from pipeline.engine.clock import Clock

HEEDED_AFTER_SECONDS = 1.0
"""However long a call has to wait, a change of the pace is heeded within so long."""
SILENCES_UNTIL_GONE = 6
"""So many calls in a row without an answer: the service is gone. The second leaves at once, since
one lost call in many shows nothing, and each later one after a longer pause."""


class Limiter:
    """The pace of one class of calls, and the pause that the service asked it to make.

    The pace is the configured one, or what the service was learnt to take.
    """

    def __init__(self, pace: Pace, clock: Clock, chance: Callable[[], float]) -> None:
        self._configured = pace
        self._pace = pace
        self._learnt = LearntRate(pace.rate.per_second)
        self._clock = clock
        self._chance = chance
        self._paused_until = float("-inf")
        self._refusals = 0
        self._silences = 0
        self._last_trouble_at = float("-inf")
        self.is_held = False
        """Whether no call is to leave at all: a person paused the batch."""
        self.first_answer_at: float | None = None
        """When the service first answered a call of this class."""
        self.last_answer_at = float("-inf")
        """When it last did."""

    @property
    def is_probing(self) -> bool:
        """Whether the last answer was none or a refusal: then one call at a time may be out."""
        return bool(self._refusals or self._silences)

    @property
    def per_second(self) -> float:
        """Calls a second that may leave while the service takes them."""
        return self._learnt.per_second

    @property
    def is_gone(self) -> bool:
        """Whether the service has been silent for too many calls in a row."""
        return self._silences >= SILENCES_UNTIL_GONE

    async def slot(self, unless: asyncio.Event) -> None:
        """Wait until the next call may leave, and take its place in the pace.

        Returns early, with no place taken, once `unless` is set or the class is held.
        """
        while not unless.is_set() and not self.is_held:
            now = self._clock.monotonic()
            free_at = max(self._pace.allowed_at(), self._paused_until)
            if free_at <= now:
                self._pace = self._pace.after_call(now)
                return
            await self._clock.wait(unless, min(free_at - now, HEEDED_AFTER_SECONDS))

    async def soon(self, unless: asyncio.Event) -> None:
        """Wait until it is known that a call may leave soon: here, that is always known."""

    async def near(self, seconds: float, unless: asyncio.Event) -> None:
        """Wait until the next call may leave within so many seconds.

        Returns early once `unless` is set or the class is held.
        """
        while not unless.is_set() and not self.is_held:
            free_at = max(self._pace.allowed_at(), self._paused_until)
            wait = free_at - self._clock.monotonic() - seconds
            if wait <= 0:
                return
            await self._clock.wait(unless, min(wait, HEEDED_AFTER_SECONDS))

    def keep_to(self, rate: Rate) -> None:
        """Let calls leave at another rate from now on, or at less where the service takes less."""
        now = self._clock.monotonic()
        self._configured = Pace(rate, self._configured.burst)
        self._learnt.configure(rate.per_second)
        self._pace = self._pace.at_rate(self._allowed(), now)

    def answered(self, sent_at: float) -> None:
        """The service answered a call sent at this moment: it is there, and takes more."""
        now = self._clock.monotonic()
        self._refusals = self._silences = 0
        self.last_answer_at = now
        if self.first_answer_at is None:
            self.first_answer_at = now
        self._learnt.taken(sent_at, now)
        self._keep_pace()

    def refused(self, after_seconds: float | None, sent_at: float) -> None:
        """429 on a call sent at this moment: all calls of the class wait."""
        self._silences = 0
        self._learnt.refused(sent_at, self._clock.monotonic(), after_seconds or 0.0)
        self._keep_pace()
        if after_seconds is not None:
            self._pause(after_seconds)
        if sent_at < self._last_trouble_at:
            return
        self._refusals += 1
        self._last_trouble_at = self._clock.monotonic()
        if after_seconds is None:
            self._pause(rest_seconds(self._refusals, self._chance()))

    def unanswered(self, after_seconds: float | None, sent_at: float) -> None:
        """A call sent at this moment brought no answer that can be used: all wait.

        Calls that were out together count as one silence: they were lost to one cause.
        """
        if after_seconds is not None:
            self._pause(after_seconds)
        if sent_at < self._last_trouble_at:
            return
        self._silences += 1
        self._last_trouble_at = self._clock.monotonic()
        if after_seconds is None and self._silences > 1:
            self._pause(try_again_seconds(self._silences - 1, self._chance()))

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
        self._pace = self._pace.not_before(self._paused_until)

    def _allowed(self) -> Rate:
        learnt, configured = self._learnt.per_second, self._configured.rate
        return Rate(learnt, 1.0) if learnt < configured.per_second else configured

    def _keep_pace(self) -> None:
        """Go on at the rate that was learnt."""
        rate = self._allowed()
        if rate == self._pace.rate:
            return
        if rate != self._configured.rate:
            self._pace = self._pace.at(rate.per_second)
        else:
            self._pace = self._configured.not_before(self._pace.allowed_at())
