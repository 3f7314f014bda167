"""Looks at runs in flight when they are due, at the pace allowed. Owns the giving up.

Must not know what an observation means for a row.
"""

import asyncio
from typing import Final

from pipeline.core.events import Event, GaveUp
from pipeline.core.model import Entry, Observation, RunStatus
from pipeline.core.replies import LookReply, Missing, Unreachable, Unreadable
from pipeline.engine.batch import Batch
from pipeline.engine.looking import Looking, Looks
from pipeline.engine.watches import Watch

LOOKS_OUT_AT_ONCE: Final = 100
"""Looks that may be under way together."""
VANISHED_SECONDS: Final = 300
"""A run that the service has not known for so long is gone: right after a start it may lag."""


class Poller:
    """Looks at each watched run until it has ended."""

    def __init__(self, batch: Batch, remote: Looks, looking: Looking) -> None:
        self._batch = batch
        self._remote = remote
        self._looking = looking
        self._looks_out = 0

    async def run(self, calls: asyncio.TaskGroup) -> None:
        """Look at runs until the task is cancelled."""
        while True:
            await self._batch.until(self._may_look)
            await self._until_one_is_due()
            await self._looking.limiter.slot(unless=self._batch.no_more_calls)
            if self._may_look():
                entry_id, watch = self._batch.watches.take()
                self._looks_out += 1
                self._batch.call(calls, self._look(entry_id, watch), f"look {entry_id}")

    def _may_look(self) -> bool:
        out = 1 if self._looking.limiter.is_probing else LOOKS_OUT_AT_ONCE
        return (
            bool(self._batch.watches)
            and self._looks_out < out
            and not self._batch.no_more_calls.is_set()
        )

    async def _until_one_is_due(self) -> None:
        # Whatever changes may have brought a run that is due earlier.
        while (due_at := self._batch.watches.next_due_at()) is not None:
            wait_seconds = due_at - self._batch.clock.monotonic()
            if wait_seconds <= 0 or self._batch.no_more_calls.is_set():
                return
            self._batch.watches.changed.clear()
            await self._batch.clock.wait(self._batch.watches.changed, wait_seconds)

    async def _look(self, entry_id: int, watch: Watch) -> None:
        entry = self._batch.in_flight[entry_id]
        assert entry.attempt is not None
        assert entry.attempt.run_id is not None
        sent_at = self._batch.clock.monotonic()
        reply: LookReply
        try:
            async with self._batch.patience():
                reply = await self._remote.look(entry.attempt.run_id)
        except TimeoutError:
            reply = Unreachable("the program was stopped before the reply came")
        self._looks_out -= 1
        self._looking.heed(reply, sent_at)
        await self._batch.apply(entry, self._judge(entry, watch, reply))

    def _judge(self, entry: Entry, watch: Watch, reply: LookReply) -> Event:
        """The reply, or that the run has been watched for long enough."""
        now = self._batch.clock.monotonic()
        is_missing = isinstance(reply, Missing)
        if not is_missing:
            watch.missing_since = None
        elif watch.missing_since is None:
            watch.missing_since = now
        tells_nothing = isinstance(reply, Missing | Unreadable)
        is_running = isinstance(reply, Observation) and reply.status is RunStatus.RUNNING
        if entry.owes_retry or not (tells_nothing or is_running):
            return reply
        give_up_seconds = self._batch.config.polling.give_up_seconds
        missing_seconds = 0 if watch.missing_since is None else now - watch.missing_since
        if missing_seconds >= VANISHED_SECONDS:
            return GaveUp("The service does not know this run any more")
        if now - watch.began_at < give_up_seconds:
            return reply
        told = f"after {give_up_seconds / 60:g} minutes of watching"
        if isinstance(reply, Unreadable):
            return GaveUp(f"The run could not be seen to end {told}: {reply.why}")
        return GaveUp(f"The run had not ended {told}")
