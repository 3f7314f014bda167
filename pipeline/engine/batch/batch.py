"""The batch while it runs. Owns the entries in flight and the reason to stop.

`apply` is the one way in which anything changes: the lifecycle decides, the recorder makes it
durable, and only then is anything carried out. Must not know when calls leave: that is the
starter's and the poller's.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from pipeline.config.adjusting import Adjusted
from pipeline.config.model import Config
from pipeline.core.events import (
    CountFailure,
    Event,
    Instruction,
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
from pipeline.core.model import ENDED, IN_FLIGHT, Entry, Observation, RunId, State
from pipeline.core.replies import Accepted, Doubtful
from pipeline.core.rules import Context
from pipeline.core.timing.pushing import Hearing
from pipeline.engine.batch.awaited import Awaited
from pipeline.engine.batch.budget import Budget
from pipeline.engine.batch.counts import Counts, attempt_before
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.doubts import Doubts
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.lastseen import LastSeen
from pipeline.engine.batch.recorder import Recorder
from pipeline.engine.batch.sent import Sent
from pipeline.engine.batch.stop import Stop, stop_of, too_many_failed
from pipeline.engine.batch.watches import Watch, Watches
from pipeline.engine.clock import Clock
from pipeline.ledger.records import Opening, Owner
from pipeline.ledger.store import Ledger, RunTakenError

Happening: TypeAlias = tuple[Entry, Event]
"""An entry, and what happened to it."""


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
        self.counts = Counts.of(opening.tally, opening.ends)
        self.limits = config.limits
        """Those in force: a person may change them while the batch runs."""
        self.is_paused = False
        self.stop: Stop | None = None
        self.in_flight: dict[int, Entry] = {}
        """Entries that are starting or running, by id."""
        self._heard: list[Happening] = []
        """What the answers tell, as long as it is not dealt with."""
        self._has_heard = asyncio.Event()
        self._is_dealing = False
        self.ready: deque[Entry] = deque()
        """Entries whose intent is durable and whose start has not left."""
        self.again: dict[int, None] = {}
        """Entries that went back to wait for their turn, by id, in order."""
        self.ended_late: set[int] = set()
        """Entries of which an older attempt was seen to end: their turn may have passed by."""
        self.last_seen = LastSeen(clock)
        self.doubts = Doubts(clock)
        self.hearing = Hearing()
        self.inbox = Inbox()
        self.awaited = Awaited(clock, config.retry.settle_seconds)
        self.watches = Watches(config.polling, opening.ends, clock, chance)
        self.changed = asyncio.Event()
        self.sent = Sent(self.changed)
        self.no_more_starts = asyncio.Event()
        self.no_more_calls = asyncio.Event()
        self.course = Course()
        self._ledger_token = opening.token
        self.budget = Budget(config.limits.cap, opening.spending)

    @property
    def has_calls(self) -> bool:
        """Whether a call has left that is not answered, or whose answer is not dealt with."""
        return bool(self.sent or self._heard or self._is_dealing)

    @property
    def is_stopped(self) -> bool:
        """Whether no start may leave any more."""
        return self.stop is not None

    def take(self, course: Course) -> None:
        """Its work is part of this call."""
        self.course = course

    def listen_to(self, inbox: Inbox) -> None:
        """The service's deliveries come in here."""
        self.inbox = inbox
        self.hearing.listen()

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

    def ask_to_stop(self, stop: Stop) -> None:
        """Let no start leave any more; a stop at once outweighs one that watches on.

        Asked to stop at once for a second time, the batch does not wait for replies either.
        """
        if self.no_more_calls.is_set() and stop.reason.is_a_persons:
            self.sent.cut_off()
        if self.stop is None or (self.stop.reason.watches_on and not stop.reason.watches_on):
            self.stop = stop
        self.no_more_starts.set()
        if not stop.reason.watches_on:
            self.no_more_calls.set()
        self.changed.set()

    def hear(self, entry: Entry, event: Event) -> None:
        """Let the event happen to the entry, together with what else is heard in this moment."""
        self._heard.append((entry, event))
        self._has_heard.set()

    async def deal_with_what_is_heard(self) -> None:
        """Let what was heard happen, in groups, until the task is cancelled."""
        while True:
            await self._has_heard.wait()
            self._has_heard.clear()
            heard, self._heard = self._heard, []
            self._is_dealing = True
            await self.apply(heard)
            self._is_dealing = False
            self.changed.set()

    async def apply(self, happenings: Sequence[Happening]) -> None:
        """Let these events happen: all decided, durable in one commit, carried out, in this order.

        No entry may stand in two of them.
        """
        now = self._context()
        steps = [step(entry, event, self._of(entry, now)) for entry, event in happenings]
        changed = [
            after
            for (entry, _), (after, _) in zip(happenings, steps, strict=True)
            if after is not entry
        ]
        if changed:
            try:
                await self.recorder.commit(*changed)
            except RunTakenError:
                await self._apply_what_can_be(happenings)
                return
        for (before, _), (after, instructions) in zip(happenings, steps, strict=True):
            if after is not before:
                self._follow(before, after)
            for instruction in instructions:
                self._carry_out(after, instruction)
            self._recall(after)
        self._stop_where_blind()
        self.changed.set()

    async def _apply_what_can_be(self, happenings: Sequence[Happening]) -> None:
        """Where one of them names a run that is another's, the rest must not suffer for it."""
        if len(happenings) > 1:
            for happening in happenings:
                await self.apply([happening])
            return
        ((entry, event),) = happenings
        # A run that was found and is another attempt's settles no doubt.
        if isinstance(event, Accepted):
            await self.apply([(entry, Doubtful("the service named a run of another row"))])

    async def end_late(self, owner: Owner, seen: Observation) -> None:
        """Let an attempt that is not watched any more be seen to have ended.

        Where its row waits for a newer attempt, a late complete one makes that needless.
        """
        self.ended_late.add(owner.entry_id)
        now = self._context()

        def amended(ledger: Ledger) -> tuple[set[int], tuple[Entry, Entry]]:
            amended = ledger.amend(owner, lambda entry: step(entry, LateEnd(seen), now)[0])
            return ledger.left_the_sheet([owner.entry_id]), amended

        left, (before, after) = await self.recorder.read(amended)
        self.counts.elsewhere |= left
        self.counts.follow(before, after)
        self.budget.spend(before.attempt, after.attempt)
        self.await_no_more(seen.run_id)

    def await_no_more(self, *runs: RunId) -> None:
        """Of these runs no credits are to come: what is not named by now, nobody names."""
        for run_id in runs:
            self.awaited.drop(run_id)
        self._stop_where_blind()
        self.changed.set()

    def _context(self) -> Context:
        return Context(self.clock.now(), self.config.retry.failed, self._ledger_token)

    def _of(self, entry: Entry, context: Context) -> Context:
        """The context of this entry."""
        seen_running_at = self.watches.seen_running_at(entry.id)
        return replace(context, seen_running_at=seen_running_at) if seen_running_at else context

    def _follow(self, before: Entry, after: Entry) -> None:
        """Know what is in flight, in doubt and spent, once the entry is durable."""
        self.counts.follow(before, after)
        self.budget.spend(attempt_before(before, after), after.attempt)
        if before.state is State.RUNNING and after.state is State.PLANNED:
            self.last_seen.saw(after.id)
        if after.state in IN_FLIGHT:
            self.in_flight[after.id] = after
        else:
            self.in_flight.pop(after.id, None)
            if (watch := self.watches.ended(after)) is not None:
                self._await_credits(watch, after)
        if after.state is not State.UNCONFIRMED:
            self.doubts.settled(after.id)
        if before.state is State.STARTING and after.state is State.RUNNING:
            self.doubts.accepted(after)

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

    def _await_credits(self, watch: Watch, entry: Entry) -> None:
        """A look saw the run's end first: what is delivered of it may name credits all the same."""
        attempt = entry.attempt
        is_unnamed = attempt and attempt.state in ENDED and attempt.credits is None
        if is_unnamed and watch.is_to_be_told and self.hearing.may_come_late:
            self.awaited.add(watch.run_id)

    def _recall(self, entry: Entry) -> None:
        """What was delivered before the run was known, or while a look was out, counts now."""
        if entry.attempt is not None and entry.attempt.run_id is not None:
            self.inbox.recall(entry.attempt.run_id)

    def _stop_where_blind(self) -> None:
        if not self.is_stopped and (stop := self.budget.blindness(len(self.awaited))) is not None:
            self.ask_to_stop(stop)

    def _count_failure(self) -> None:
        self.course.failures += 1
        self._stop_where_too_many_failed()

    def _stop_where_too_many_failed(self) -> None:
        limit, failures = self.limits.max_failures, self.course.failures
        if failures and limit is not None and limit.is_reached(failures, self.course.rows):
            self.ask_to_stop(too_many_failed(failures))
