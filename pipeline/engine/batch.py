"""The batch while it runs. Owns the entries in flight, their counts and the reason to stop.

`apply` is the one way in which anything changes: the lifecycle decides, the recorder makes it
durable, and only then is anything carried out. Must not know when calls leave: that is the
starter's and the poller's.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import assert_never

from pipeline.config.adjusting import Adjusted
from pipeline.config.model import Config
from pipeline.core.events import (
    CountFailure,
    Event,
    Instruction,
    Intended,
    LateEnd,
    LookAgain,
    LookLater,
    LookNow,
    Reconcile,
    SendStart,
    StartAgain,
    StopBatch,
)
from pipeline.core.lifecycle import step
from pipeline.core.model import OUTCOMES, Attempt, Entry, Observation, State
from pipeline.core.replies import Accepted, Doubtful
from pipeline.core.rules import Context
from pipeline.engine.budget import Budget
from pipeline.engine.clock import Clock
from pipeline.engine.doubts import Doubts
from pipeline.engine.recorder import Recorder
from pipeline.engine.stop import Stop, StopReason, stop_of
from pipeline.engine.watches import Watches
from pipeline.ledger.records import Opening, Owner, Tally
from pipeline.ledger.store import Ledger, RunTakenError


@dataclass(slots=True)
class Counts:
    """What progress shows: rows by how they stand, and what this call has done."""

    total: int
    """Rows of the sheet that are to be sent, neither skipped nor faulty; of rows that share a run,
    the first."""
    complete: int
    failed: int
    expired: int
    running: int
    credits: float
    started: int = 0
    """Starts accepted in this call."""

    @classmethod
    def of(cls, tally: Tally) -> "Counts":
        """The counts as a call begins."""
        return cls(
            total=tally.count_entries(*State),
            complete=tally.count_entries(State.COMPLETE),
            failed=tally.count_entries(State.FAILED),
            expired=tally.count_entries(State.EXPIRED),
            running=tally.count_entries(State.RUNNING),
            credits=tally.credits,
        )


class Batch:
    """All that the starter, the poller and the progress share."""

    def __init__(
        self,
        config: Config,
        opening: Opening,
        recorder: Recorder,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self.config = config
        self.clock = clock
        self.recorder = recorder
        self.counts = Counts.of(opening.tally)
        self.limits = config.limits
        """Those in force: a person may change them while the batch runs."""
        self.is_paused = False
        self.stop: Stop | None = None
        self.in_flight: dict[int, Entry] = {}
        """Entries that are starting or running, by id."""
        self.calls: set[asyncio.Task[None]] = set()
        """Starts and looks that have left and are not yet dealt with."""
        self.ready: deque[Entry] = deque()
        """Entries whose intent is durable and whose start has not left."""
        self.again: dict[int, None] = {}
        """Entries that went back to wait for their turn, by id, in order."""
        self.doubts = Doubts(clock)
        self.watches = Watches(config.polling, opening.ends, clock, chance)
        self.changed = asyncio.Event()
        self.no_more_starts = asyncio.Event()
        self.no_more_calls = asyncio.Event()
        self._patience: set[asyncio.Timeout] = set()
        self._failures = 0
        self._ledger_token = opening.token
        self._to_send = opening.tally.count_entries(State.PLANNED)
        self.budget = Budget(config.limits.cap, opening.spending)

    @property
    def is_stopped(self) -> bool:
        """Whether no start may leave any more."""
        return self.stop is not None

    def adjust(self, now: Adjusted) -> None:
        """Go on by other limits, paused or not."""
        self.limits, self.is_paused = now.limits, now.is_paused
        self.budget.cap_at(now.limits.cap)
        self._stop_where_blind()
        self._stop_where_too_many_failed()
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something changed that makes the condition true."""
        while not condition():
            self.changed.clear()
            await self.changed.wait()

    def call(self, group: asyncio.TaskGroup, call: Coroutine[None, None, None], name: str) -> None:
        """Let a start or a look leave, and know of it until it is dealt with."""
        task = group.create_task(call, name=name)
        self.calls.add(task)
        task.add_done_callback(self._call_ended)

    def _call_ended(self, task: asyncio.Task[None]) -> None:
        self.calls.discard(task)
        self.changed.set()

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Wait for a reply, until `cut_off`: then raises `TimeoutError`."""
        async with asyncio.timeout(None) as waiting:
            self._patience.add(waiting)
            try:
                yield
            finally:
                self._patience.discard(waiting)

    def cut_off(self) -> None:
        """Wait no longer for the replies that are under way."""
        for waiting in self._patience:
            waiting.reschedule(self.clock.monotonic())
        self._patience.clear()

    def ask_to_stop(self, stop: Stop) -> None:
        """Let no start leave any more; a stop at once outweighs one that watches on.

        Asked to stop at once for a second time, the batch does not wait for replies either.
        """
        if self.no_more_calls.is_set() and stop.reason.is_a_persons:
            self.cut_off()
        if self.stop is None or (self.stop.reason.watches_on and not stop.reason.watches_on):
            self.stop = stop
        self.no_more_starts.set()
        if not stop.reason.watches_on:
            self.no_more_calls.set()
        self.changed.set()

    async def apply(self, entry: Entry, event: Event) -> None:
        """Let the event happen to the entry: decided, durable, carried out, in this order."""
        after, instructions = step(entry, event, self._context(entry))
        if after is not entry:
            try:
                await self.recorder.commit(after)
            except RunTakenError:
                if not isinstance(event, Accepted):
                    return  # It stays in doubt: the run that was found is another attempt's.
                await self.apply(entry, Doubtful("the service named a run of another row"))
                return
        self._follow(entry, after, instructions)

    async def intend(self, entries: Sequence[Entry]) -> None:
        """Let the turn of these planned entries come: `apply` for many, in one commit."""
        steps = [step(entry, Intended(), self._context(entry)) for entry in entries]
        await self.recorder.commit(*(after for after, _ in steps))
        for before, (after, instructions) in zip(entries, steps, strict=True):
            self._follow(before, after, instructions)

    async def end_late(self, owner: Owner, seen: Observation) -> None:
        """Let an attempt that is not watched any more be seen to have ended."""

        def amended(ledger: Ledger) -> tuple[Entry, Entry]:
            return ledger.amend(
                owner, lambda entry: step(entry, LateEnd(seen), self._context(entry))[0]
            )

        before, after = await self.recorder.read(amended)
        assert before.attempt is not None
        assert after.attempt is not None
        self.counts.credits += (after.attempt.credits or 0) - (before.attempt.credits or 0)
        self._spend(before.attempt, after.attempt)
        if after.state is not before.state:
            self.counts.complete += 1
            self.counts.failed -= before.state is State.FAILED
            self.counts.expired -= before.state is State.EXPIRED
        self.changed.set()

    def _context(self, entry: Entry) -> Context:
        return Context(
            self.clock.now(),
            self.config.retry.failed,
            self._ledger_token,
            self.watches.seen_running_at(entry.id),
        )

    def _follow(self, before: Entry, after: Entry, instructions: Sequence[Instruction]) -> None:
        """What follows once the entry is durable."""
        if after is not before:
            self._count(before, after)
            is_new = (
                before.attempt and after.attempt and before.attempt.number < after.attempt.number
            )
            self._spend(None if is_new else before.attempt, after.attempt)
        for instruction in instructions:
            self._carry_out(after, instruction)
        self.changed.set()

    def _count(self, before: Entry, after: Entry) -> None:
        if after.state in {State.STARTING, State.RUNNING}:
            self.in_flight[after.id] = after
        else:
            self.in_flight.pop(after.id, None)
            self.watches.ended(after)
        if after.state is not State.UNCONFIRMED:
            self.doubts.settled(after.id)
        counts = self.counts
        counts.running += (after.state is State.RUNNING) - (before.state is State.RUNNING)
        counts.complete += after.state is State.COMPLETE
        counts.failed += after.state is State.FAILED
        counts.expired += (after.state is State.EXPIRED) - (before.state is State.EXPIRED)
        if before.state is State.STARTING and after.state is State.RUNNING:
            counts.started += 1
            self.doubts.accepted(after)
        if before.state not in OUTCOMES and after.attempt is not None:
            counts.credits += after.attempt.credits or 0

    def _carry_out(self, entry: Entry, instruction: Instruction) -> None:
        match instruction:
            case SendStart():
                self.ready.append(entry)
            case StartAgain():
                self.again[entry.id] = None
            case LookNow():
                # One that an earlier call left running is in flight though nothing changed.
                self.in_flight[entry.id] = entry
                self.watches.look_now(entry)
            case LookLater():
                self.watches.look_later(entry)
            case LookAgain():
                self.watches.look_again(entry)
            case Reconcile(is_inherited):
                self.doubts.add(entry.id, is_inherited=is_inherited)
            case CountFailure():
                self._count_failure()
            case StopBatch(halted):
                self.ask_to_stop(stop_of(halted))
            case _:
                assert_never(instruction)

    def _spend(self, before: Attempt | None, now: Attempt | None) -> None:
        self.budget.spend(before, now)
        self._stop_where_blind()

    def _stop_where_blind(self) -> None:
        if not self.is_stopped and (stop := self.budget.blindness()) is not None:
            self.ask_to_stop(stop)

    def _count_failure(self) -> None:
        self._failures += 1
        self._stop_where_too_many_failed()

    def _stop_where_too_many_failed(self) -> None:
        limit = self.limits.max_failures
        if self._failures and limit is not None and limit.is_reached(self._failures, self._to_send):
            message = f"{self._failures} rows failed in this call (limits.max_failures)"
            self.ask_to_stop(Stop(StopReason.TOO_MANY_FAILURES, message))
