"""Changes to a batch while it runs. Owns when they are looked for, and that they are said.

Another process writes them into the ledger; they end with this call. Must not know how they got
there, nor what a limit is for.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pipeline.config.adjusting import adjusted
from pipeline.engine.batch.batch import Batch
from pipeline.engine.calls.limiter import Limiter
from pipeline.engine.calls.starter import Starter

LOOKED_FOR_EACH_SECONDS: Final = 1.0


class Adjusting:
    """Heeds what a person changes: by it only starts come sooner, later or not at all."""

    def __init__(
        self, batch: Batch, starter: Starter, starts: Limiter, say: Callable[[str], None]
    ) -> None:
        self._batch = batch
        self._starter = starter
        self._starts = starts
        self._say = say
        self._heeded: Mapping[str, str] = {}

    async def run(self) -> None:
        """Look for changes until the batch has stopped; not while there is nothing to start.

        During a pilot there always is: the rest. What was stopped starts nothing any more: whoever
        then changes a limit is told so.
        """
        while True:
            await self._batch.clock.sleep(LOOKED_FOR_EACH_SECONDS)
            await self._batch.until(lambda: self._batch.is_stopped or self._may_start)
            if self._batch.is_stopped:
                await self._batch.recorder.read(lambda ledger: ledger.end_adjustments())
                return
            await self.look()

    async def look(self) -> None:
        """Go on by what was changed up to now."""
        changes = await self._batch.recorder.read(lambda ledger: ledger.adjustments())
        if changes != self._heeded:
            self._heed(changes)

    @property
    def _may_start(self) -> bool:
        return self._batch.course.is_pilot or not self._starter.is_done

    def _heed(self, changes: Mapping[str, str]) -> None:
        now = adjusted(self._batch.config.limits, changes)
        self._starts.keep_to(now.limits.rate)
        self._starts.is_held = now.is_paused
        self._batch.adjust(now)
        for key, text in changes.items():
            if self._batch.course.told_changes.get(key) != text:
                self._say(f"Adjusted until this call ends: {key}={text}")
        self._heeded = self._batch.course.told_changes = changes
