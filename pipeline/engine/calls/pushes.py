"""Deals with what the service tells unasked. Owns which run a delivery counts for, if any.

A delivery goes the way of a look's reply: the same event, through the same table. It counts only
for a run that the ledger knows as ours; of any other it may be that the start's reply is still on
its way, so it is kept. Must not know how a delivery came, nor whether looks wait for one.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.core.model import Observation, RunId
from pipeline.core.replies import CreditsReached, Delivery, Halted, HaltReason
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.stop import stop_of
from pipeline.engine.batch.watches import Watch
from pipeline.engine.calls.latecomers import Latecomers, owners_of
from pipeline.engine.calls.looking import Looking, completed
from pipeline.ledger.records import Owner

TOLD: Final = "it said so unasked"
"""In place of the service's words: such an event has none."""


class Pushes:
    """Takes deliveries from the inbox, all that wait at a time, and lets them happen."""

    def __init__(
        self, batch: Batch, inbox: Inbox, looking: Looking, latecomers: Latecomers
    ) -> None:
        self._batch = batch
        self._inbox = inbox
        self._looking = looking
        self._latecomers = latecomers
        self._is_busy = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was delivered waits, nor is being dealt with."""
        return not self._is_busy and not self._inbox.arrived.is_set()

    async def run(self) -> None:
        """Deal with deliveries until the task is cancelled."""
        while True:
            await self._inbox.arrived.wait()
            self._is_busy = True
            await self._deal_with(self._inbox.take())
            self._is_busy = False
            self._batch.changed.set()

    async def _deal_with(self, deliveries: Sequence[Delivery]) -> None:
        strange: dict[RunId, Delivery] = {}
        for delivery in deliveries:
            match delivery.told:
                case CreditsReached(workflow_id):
                    self._stop_if_ours(workflow_id)
                case Observation() as seen:
                    if watch := self._watch_of(seen):
                        self._learn(watch, seen)
                    else:
                        strange[seen.run_id] = delivery
        if strange:
            await self._deal_with_unwatched(strange)

    def _stop_if_ours(self, workflow_id: str | None) -> None:
        if workflow_id in {None, self._batch.config.workflow.id}:
            self._batch.ask_to_stop(stop_of(Halted(HaltReason.CREDITS_AT_LIMIT, TOLD)))

    def _watch_of(self, seen: Observation) -> Watch | None:
        """The watch of the run that was told of, taken; ``None``: no such run waits for a look."""
        watch = self._batch.watches.waiting_for(seen.run_id)
        if watch is not None:
            self._batch.watches.take(watch)
        return watch

    def _learn(self, watch: Watch, seen: Observation) -> None:
        age_seconds = watch.age_seconds(self._batch.clock.monotonic())
        self._batch.hearing.told(age_seconds)
        watch.told = completed(seen, watch.told)
        if self._looking.is_enough(watch.told):
            self._batch.hear(self._batch.in_flight[watch.entry_id], watch.told)
        else:
            self._looking.look_singly(watch, watch.told)

    async def _deal_with_unwatched(self, strange: Mapping[RunId, Delivery]) -> None:
        """A late end of an older attempt counts; what is nobody's yet is kept."""
        told = {r: d.told for r, d in strange.items() if isinstance(d.told, Observation)}
        owners = await self._batch.recorder.read(lambda ledger: owners_of(ledger, told))
        for run_id, seen in told.items():
            owner = owners.get(run_id)
            if owner is not None:
                self._batch.hearing.told(None)
            if owner is None or not owner.is_unwatched:
                self._inbox.keep(run_id, strange[run_id])
                self._recall_if_it_waits(run_id)
            else:
                await self._end_late(owner, seen)

    def _recall_if_it_waits(self, run_id: RunId) -> None:
        # It may have come to wait for a look while the ledger was asked.
        if self._batch.watches.waiting_for(run_id) is not None:
            self._inbox.recall(run_id)

    async def _end_late(self, owner: Owner, seen: Observation) -> None:
        await self._latecomers.note_end(owner, seen)
        self._batch.await_no_more(seen.run_id)
