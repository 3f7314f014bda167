"""Looks once more at runs that were given up, right before their rows are paid for anew.

Owns the looks. Must not know whose turn it is, nor what an end means for a row.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.replies import Halted, Missing, TryLater, Unreachable, Unreadable
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import stop_of
from pipeline.engine.calls.limiter import Limiter
from pipeline.engine.calls.looking import Looking
from pipeline.engine.calls.starter import LOOK_AHEAD_SECONDS, Starter
from pipeline.ledger.records import Owner

TRIES: Final = 4
"""So often a look that tells nothing is made: a run that can't be seen must not hold its row up."""


class LastLooks:
    """Sees to it that the starter pays for no row whose earlier run has ended meanwhile."""

    def __init__(self, batch: Batch, looking: Looking, starter: Starter, starts: Limiter) -> None:
        self._batch = batch
        self._looking = looking
        self._starter = starter
        self._starts = starts
        self._is_busy = False

    @property
    def is_idle(self) -> bool:
        """Whether no such look is under way."""
        return not self._is_busy

    async def run(self) -> None:
        """Look ahead of the starts, until the task is cancelled."""
        batch = self._batch
        while True:
            await batch.until(lambda: bool(self._starter.looks_owed()))
            await self._starts.near(LOOK_AHEAD_SECONDS, unless=batch.no_more_starts)
            self._is_busy = True
            await self._look_at(self._starter.looks_owed()[: self._at_once()])
            self._is_busy = False
            batch.changed.set()

    def _at_once(self) -> int:
        """As many as can be looked at before their starts are to leave."""
        return max(1, int(LOOK_AHEAD_SECONDS * self._looking.limiter.per_second))

    async def _look_at(self, entry_ids: Sequence[int]) -> None:
        runs = await self._batch.recorder.read(lambda ledger: ledger.waited_for(entry_ids))
        async with asyncio.TaskGroup() as looks:
            for run_id, owner in runs.items():
                looks.create_task(self._look(run_id, owner), name=f"last look {owner.entry_id}")
        for entry_id in entry_ids:
            self._batch.last_seen.saw(entry_id)

    async def _look(self, run_id: RunId, owner: Owner) -> None:
        for _ in range(TRIES):
            await self._looking.limiter.slot(unless=self._batch.no_more_starts)
            if self._batch.is_stopped:
                return
            match await self._looking.look(run_id):
                case Observation(status=RunStatus.RUNNING) | Missing():
                    return
                case Observation() as ended:
                    await self._batch.end_late(owner, ended)
                    return
                case Halted() as halted:
                    self._batch.ask_to_stop(stop_of(halted))
                    return
                case TryLater() | Unreachable() | Unreadable():
                    continue
