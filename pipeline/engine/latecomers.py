"""Looks at runs that were given up for a newer attempt: what they cost is paid all the same.

Owns when they are looked at. They hold no call up but for one look. Must not know what follows.
"""

from functools import partial

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.replies import Halted
from pipeline.engine.batch import Batch
from pipeline.engine.looking import Looking, Looks
from pipeline.engine.stop import stop_of
from pipeline.ledger.records import Owner
from pipeline.ledger.store import Ledger


class Latecomers:
    """The expired runs whose rows have a newer attempt, watched for one more `give_up`."""

    def __init__(self, batch: Batch, remote: Looks, looking: Looking) -> None:
        self._batch = batch
        self._remote = remote
        self._looking = looking
        self._has_looked = False

    @property
    def is_done(self) -> bool:
        """Whether each of them was looked at in this call."""
        return self._has_looked or self._batch.no_more_calls.is_set()

    async def run(self) -> None:
        """Look at them again and again, until no call may leave any more."""
        polling = self._batch.config.polling
        while not self._batch.no_more_calls.is_set():
            since = self._batch.clock.now() - polling.give_up_seconds
            runs = await self._batch.recorder.read(partial(Ledger.superseded, since=since))
            for run_id, owner in runs.items():
                await self._look(run_id, owner)
            self._has_looked = True
            self._batch.changed.set()
            await self._batch.clock.wait(self._batch.no_more_calls, polling.max_seconds)

    async def _look(self, run_id: RunId, owner: Owner) -> None:
        await self._looking.limiter.slot(unless=self._batch.no_more_calls)
        if self._batch.no_more_calls.is_set():
            return
        sent_at = self._batch.clock.monotonic()
        reply = await self._remote.look(run_id)
        await self._looking.heed(run_id, reply, sent_at)
        if isinstance(reply, Halted):
            self._batch.ask_to_stop(stop_of(reply))
        if isinstance(reply, Observation) and reply.status is not RunStatus.RUNNING:
            await self._batch.end_late(owner, reply)
