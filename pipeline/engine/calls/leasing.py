"""When a call may leave that shares its pace with other workers. Owns the blocks of slots.

A block of the pace is leased when the last one is used up, and what is not used in time is
forfeited: so a worker that dies takes little of the rate along. Must not know where leases are
kept.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from pipeline.core.timing.pacing import Pace, Rate, shift_seconds, spared
from pipeline.engine.calls.limiter import HEEDED_AFTER_SECONDS, Limiter
from pipeline.engine.clock import Clock

BLOCK_SECONDS: Final = 0.25
"""So much of the rate is leased at once, and one slot at least."""
SOON_SECONDS: Final = 0.25
"""Intents are made for slots that are not further away than this."""
LATE_SECONDS: Final = 0.1
"""A slot that was missed by more is forfeited: its call would come together with others."""
LATE_SHARE: Final = 0.5
"""Of what calls may be shifted against each other: the rest is for their way to the service."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A part of the pace."""

    begins_at: float
    """By the clock that all workers go by."""
    asked_at: float
    """When the lease was asked for, by the same clock."""
    told_at: float
    """When this worker was told of that moment, by its own monotonic clock."""


Leasing: TypeAlias = Callable[[float], Awaitable[Lease]]
"""Leases so many seconds of the pace."""


class LeasedLimiter(Limiter):
    """The pace of one class of calls, shared by several workers."""

    def __init__(
        self, rate: Rate, lease: Leasing, clock: Clock, chance: Callable[[], float]
    ) -> None:
        super().__init__(Pace(rate), clock, chance)
        self._rate = rate
        self._lease = lease
        self._slots: deque[float] = deque()
        """Moments of this worker's monotonic clock."""
        self._one_at_a_time = asyncio.Lock()

    async def slot(self, unless: asyncio.Event) -> None:
        """Wait until the next call may leave.

        Returns early, with no place taken, once `unless` is set or the class is held.
        """
        while not unless.is_set() and not self.is_held:
            slot_at = max(await self._next(), self._paused_until)
            while not unless.is_set() and (wait := slot_at - self._clock.monotonic()) > 0:
                await self._clock.wait(unless, min(wait, HEEDED_AFTER_SECONDS))
            now = self._clock.monotonic()
            is_in_time = slot_at <= now <= slot_at + self._late_seconds
            if is_in_time and now >= self._paused_until:
                return

    def keep_to(self, rate: Rate) -> None:
        """Let calls leave at another rate from the next block on."""
        self._rate = rate

    async def soon(self, unless: asyncio.Event) -> None:
        """Wait until a slot of ours is near.

        The others may have leased what comes first, and an intent may not wait that long.
        """
        await self.near(SOON_SECONDS, unless)

    async def near(self, seconds: float, unless: asyncio.Event) -> None:
        """Wait until a slot of ours is not further away than so many seconds."""
        while not unless.is_set() and not self.is_held:
            async with self._one_at_a_time:
                slot_at = await self._first()
            wait = max(slot_at, self._paused_until) - self._clock.monotonic() - seconds
            if wait <= 0:
                return
            await self._clock.wait(unless, min(wait, HEEDED_AFTER_SECONDS))

    async def _next(self) -> float:
        """The moment of the next slot that is ours."""
        async with self._one_at_a_time:
            await self._first()
            return self._slots.popleft()

    async def _first(self) -> float:
        self._forfeit()
        while not self._slots:
            await self._lease_a_block()
            self._forfeit()
        return self._slots[0]

    def _forfeit(self) -> None:
        while self._slots and self._slots[0] < self._clock.monotonic() - self._late_seconds:
            self._slots.popleft()

    @property
    def _late_seconds(self) -> float:
        return min(LATE_SECONDS, LATE_SHARE * shift_seconds(self._rate))

    async def _lease_a_block(self) -> None:
        rate = spared(self._rate)
        count = max(1, int(BLOCK_SECONDS * rate.per_second))
        lease = await self._lease(count * rate.interval_seconds)
        # The telling took its way: ours is a moment later than the lease's own, never earlier.
        first_at = lease.told_at + lease.begins_at - lease.asked_at
        self._slots += (first_at + place * rate.interval_seconds for place in range(count))
