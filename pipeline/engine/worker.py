"""One worker's part in a batch that several share: chunk by chunk, each by the ordinary engine.

Owns what happens to a chunk between its picking and its putting back. Must not know how chunks are
handed out, nor where their ledger is kept.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipeline.config.model import Config, Limits
from pipeline.core.reconciling import Hold
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import Stop, Switch
from pipeline.engine.calls.leasing import Lease, LeasedLimiter, Leasing
from pipeline.engine.calls.listing import Readings
from pipeline.engine.process import Part, Share, World, process
from pipeline.ledger.shared.chunks import Chunk, Chunks, Claim, Debt, FenceLostError

PART_OF: Final[Mapping[Debt, Part]] = {"start": Part.STARTS, "watch": Part.WATCHES}
LARGEST_CHUNK: Final = 250
CHUNK_SECONDS: Final = 30
"""A chunk holds what may be started within so long: till then nobody looks at its runs."""


def chunk_size(limits: Limits) -> int:
    """How many rows make a chunk: few enough that several workers find some to watch."""
    in_time = int(limits.rate.per_second * CHUNK_SECONDS)
    return max(1, min(LARGEST_CHUNK, in_time, limits.max_in_flight // 4))


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a worker shares with the others: the chunks, and the clock that all go by."""

    chunks: Chunks
    see: Callable[[Claim, Limits], Chunk]
    """The ledger, as the picker of a chunk sees it."""
    moment: Callable[[], float]
    """Unix seconds by the one clock."""


class Unseen:
    """Shows nothing: a person sees the batch as a whole."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    async def run(self, batch: Batch) -> None:
        """Show nothing."""

    def finish(self, _: Batch, unknown_words: Mapping[str, int], held: Mapping[Hold, int]) -> None:
        """Say what is of no row."""
        for word, times in unknown_words.items():
            self.say(f"The service called a run {word!r} ({times} times): taken as still running.")
        for why, rows in held.items():
            self.say(f"Rows held as unconfirmed: {rows}, since {why.value}.")


class Worker:
    """Works on the chunks that it is handed, several at a time."""

    def __init__(self, name: str, config: Config, sharing: Sharing, world: World) -> None:
        self.name = name
        # Failures and paces are counted over all workers, not within a chunk.
        self._config = replace(config, limits=replace(config.limits, max_failures=None))
        self._sharing = sharing
        self._world = world
        self._starts = self._limiter("start", config)
        self._looks = self._limiter("look", config)
        self._readings = Readings(world.clock)
        self.stop: Stop | None = None
        """Why this worker starts nothing more."""
        self._switches: set[Switch] = set()
        self._starting = asyncio.Lock()
        """One chunk at a time is started: an intent must not wait for another chunk's slots."""

    def ask_to_stop(self, stop: Stop) -> None:
        """Let no start leave any more; a stop at once outweighs one that watches on."""
        if self.stop is None or (self.stop.reason.watches_on and not stop.reason.watches_on):
            self.stop = stop
        for switch in self._switches:
            switch.ask(stop)

    async def work_on(self, chunk_id: int, debt: Debt) -> Debt | None:
        """Pick a chunk and do what it owes; gives what it owes next.

        One that was another's meanwhile, or does not owe that any more, is left alone.
        """
        if debt == "start":
            async with self._starting:
                return None if self.stop is not None else await self._pick(chunk_id, debt)
        return await self._pick(chunk_id, debt)

    async def _pick(self, chunk_id: int, debt: Debt) -> Debt | None:
        claim = await self._world.blocking(
            lambda: self._sharing.chunks.pick(chunk_id, debt, self.name, self._sharing.moment())
        )
        if claim is None:
            return None
        try:
            await self._carry_out(claim, debt)
            owed = await self._world.blocking(lambda: self._sharing.chunks.put_back(claim, debt))
        except* FenceLostError:
            self._world.progress.say(f"Chunk {chunk_id} is another worker's now: it is dropped.")
            await self._world.blocking(lambda: self._sharing.chunks.dropped(claim))
            owed = None
        return owed

    async def _carry_out(self, claim: Claim, debt: Debt) -> None:
        config = self._config
        share = Share(
            part=PART_OF[debt],
            starts=self._starts,
            looks=self._looks,
            readings=self._readings,
            intents_last_seconds=config.retry.settle_seconds / 2,
        )
        chunk = self._sharing.see(claim, config.limits)
        switch = Switch()
        self._switches.add(switch)
        try:
            stop = await process(config, chunk, replace(self._world, switch=switch), None, share)
        finally:
            self._switches.discard(switch)
        if stop is not None:
            self.ask_to_stop(stop)

    def _limiter(self, name: str, config: Config) -> LeasedLimiter:
        rates = {"start": config.limits.rate, "look": config.polling.rate}
        return LeasedLimiter(
            rates[name], self._leasing(name), self._world.clock, self._world.chance
        )

    def _leasing(self, name: str) -> Leasing:
        async def lease(seconds: float) -> Lease:
            now = await self._world.blocking(self._sharing.moment)
            # Before the lease itself is made durable, which takes long compared with a slot.
            told_at = self._world.clock.monotonic()
            begins_at = await self._world.blocking(
                lambda: self._sharing.chunks.lease(name, now, seconds)
            )
            return Lease(begins_at, now, told_at)

        return lease
