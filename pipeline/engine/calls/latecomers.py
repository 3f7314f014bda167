"""Looks at runs that were given up for a newer attempt: what they cost is paid all the same.

Owns when they are looked at. They hold no call up but for one look. Must not know what follows.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.reconciling import listed
from pipeline.core.replies import Halted
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import stop_of
from pipeline.engine.calls.looking import Looking, completed
from pipeline.ledger.records import Owner
from pipeline.ledger.store import Ledger


def _superseded(ledger: Ledger, since: float) -> dict[RunId, Owner]:
    return ledger.superseded(since)


class Latecomers:
    """The expired runs whose rows have a newer attempt, watched for one more `give_up`."""

    def __init__(self, batch: Batch, looking: Looking) -> None:
        self._batch = batch
        self._looking = looking
        self._has_looked = False
        self._told: dict[RunId, Owner] = {}
        """Those to be looked at as soon as the pace allows."""
        self._said: dict[RunId, Observation] = {}
        """What was told of their ends."""
        self._is_looking = False
        self._woken = asyncio.Event()

    @property
    def is_done(self) -> bool:
        """Whether each of them was looked at in this call, and those told of since."""
        if self._batch.no_more_calls.is_set():
            return True
        return self._has_looked and not self._told and not self._is_looking

    async def run(self) -> None:
        """Look at them again and again, until no call may leave any more."""
        polling = self._batch.config.polling
        while not self._batch.no_more_calls.is_set():
            since = self._batch.clock.now() - polling.give_up_seconds
            runs = await self._batch.recorder.read(partial(_superseded, since=since))
            for run_id, owner in runs.items():
                await self._look(run_id, owner)
            self._has_looked = True
            self._batch.changed.set()
            await self._look_at_told(self._batch.clock.monotonic() + polling.max_seconds)

    def look_soon(self, owner: Owner, said: Observation) -> None:
        """It was told that this run ended, and not all that is to be known of it."""
        self._told[said.run_id] = owner
        self._said[said.run_id] = completed(said, self._said.get(said.run_id))
        self._woken.set()

    async def _look_at_told(self, until: float) -> None:
        """Look at what is told of, until the moment when all are looked at again."""
        batch = self._batch
        while not batch.no_more_calls.is_set():
            while self._told:
                self._is_looking = True
                await self._look(*self._told.popitem())
                self._is_looking = False
                batch.changed.set()
            self._woken.clear()
            await batch.clock.wait(self._woken, max(0.0, until - batch.clock.monotonic()))
            if not self._told:
                return

    async def note_end(self, owner: Owner, seen: Observation) -> None:
        """An attempt that is not watched any more was seen to have ended, by whatever look.

        Once that is on record nobody looks at its run again: what is not told of it is asked first.
        """
        if not owner.is_news(seen):
            return
        if owner.has_seen(seen) or self._looking.is_enough(seen):
            await self._batch.end_late(owner, seen)
        else:
            self.look_soon(owner, seen)

    async def _look(self, run_id: RunId, owner: Owner) -> None:
        await self._looking.limiter.slot(unless=self._batch.no_more_calls)
        if self._batch.no_more_calls.is_set():
            return
        reply = await self._looking.look(run_id)
        self._looking.learn_of(reply)
        if isinstance(reply, Halted):
            self._batch.ask_to_stop(stop_of(reply))
        if isinstance(reply, Observation) and reply.status is not RunStatus.RUNNING:
            said = self._said.pop(run_id, None)
            await self._batch.end_late(owner, completed(reply, said))


def owners_of(ledger: Ledger, ended: Mapping[RunId, Observation]) -> dict[RunId, Owner]:
    """Whose these runs are; also of attempts that count as never begun, and bear the token."""
    owners = ledger.owners([*ended])
    tokens = {
        one.token: run_id
        for run_id, seen in ended.items()
        if run_id not in owners and (one := listed(seen)).token is not None
    }
    bearers = ledger.bearers_without_run([*tokens])
    return owners | {tokens[token]: owner for token, owner in bearers.items()}
