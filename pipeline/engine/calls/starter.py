"""Starts rows, in the sheet's order, at the pace allowed. Owns whose turn it is.

An intent is durable before its start leaves, and only few intents are made ahead: each would be a
doubt if the process died. Must not know what a reply means for a row.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, Protocol, assert_never

from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.events import Intended
from pipeline.core.model import Entry, Json
from pipeline.core.money.budget import MANY
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    NotConnected,
    Refused,
    StartReply,
    TryLater,
)
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.calls.limiter import Limiter
from pipeline.ledger.records import Enrolled
from pipeline.ledger.shared.chunks import NoRoomError

AHEAD_SECONDS: Final = 0.05
"""Intents are committed for so much of the rate ahead of their sends."""
LOOK_AHEAD_SECONDS: Final = 2.5
"""What a row's earlier run became is to be known for so much of the rate ahead of the intents."""
ROOM_ASKED_FOR_SECONDS: Final = 0.25
"""Where all workers have as many runs in flight as they may, one asks again after so long."""
INTENDED_AT_ONCE: Final = 100
"""However many may start: while these are committed, those before them are sent."""
FETCHED_AT_ONCE: Final = 500
"""Planned rows read from the ledger in one go: what waits in memory is bounded."""


class Starts(Protocol):
    """The remote, as far as starts go."""

    async def start(
        self,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: Callable[[], bool] | None,
    ) -> StartReply:
        """Start one run, unless `may_leave` says no at the last moment before it leaves."""
        ...


class Starter:
    """Takes planned rows from the ledger and sends their starts."""

    def __init__(
        self,
        batch: Batch,
        remote: Starts,
        limiter: Limiter,
        limit: int | None,
        intents_last_seconds: float,
    ) -> None:
        self._batch = batch
        self._intents_last_seconds = intents_last_seconds
        """How long after its intent a start may leave: later, another worker may have the row."""
        self._allowed = MANY
        """How many intents the batch as a whole allows, as far as was heard."""
        self._remote = remote
        self._limiter = limiter
        self._left = limit
        """New attempts that this call may still make; ``None``: any number."""
        self._queue: deque[Enrolled] = deque()
        self._variables: dict[int, Mapping[str, Json]] = {}
        self._last_until: dict[int, float] = {}
        """Until when a start may leave, by the clock that counts sleep."""
        self._after_row = 0
        self._sheet_is_read = False
        self._starts_out = 0
        self._is_intending = False
        self._being_intended = 0
        """Rows that are out of the queue, and whose intent is not durable yet."""

    @property
    def is_done(self) -> bool:
        """Whether no row's turn is to come: none is left, or none may be started any more."""
        return not self._is_busy and (self._may_start_none or self._has_none)

    @property
    def _is_busy(self) -> bool:
        """Whether rows are between the queue and their sends."""
        return self._is_intending or bool(self._batch.ready)

    @property
    def _may_start_none(self) -> bool:
        return self._batch.is_stopped or self._left == 0 or self._gives_way

    @property
    def _has_none(self) -> bool:
        return self._sheet_is_read and not self._queue and not self._batch.again

    @property
    def _gives_way(self) -> bool:
        """Whether the batch allows no more intents while runs of ours are in flight or in doubt.

        These must be watched to make room: the rows that are left have to wait for that.
        """
        return self._allowed == 0 and bool(self._batch.in_flight or self._batch.doubts)

    @property
    def is_capped(self) -> bool:
        """Whether rows wait for their turn, and the cap on credits allows none."""
        waits = bool(self._queue or self._batch.again)
        return waits and not self.is_done and not self._is_busy and not self._batch.budget.room

    async def intend(self) -> None:
        """Make the next rows ready to be sent, until the task is cancelled."""
        while True:
            await self._batch.until(self._may_go_on)
            self._is_intending = True
            await self._fetch()
            if self._queue:
                await self._limiter.soon(unless=self._batch.no_more_starts)
                await self._come_near()
            await self._intend()
            self._is_intending = False
            self._batch.changed.set()

    async def send(self, calls: asyncio.TaskGroup) -> None:
        """Send the rows that are ready, until the task is cancelled."""
        while True:
            await self._batch.until(lambda: bool(self._batch.ready))
            await self._send_what_is_ready(calls)
            self._batch.changed.set()

    def _may_go_on(self) -> bool:
        # Whether rows are left is found out even where the budget allows none of them.
        may_fetch = bool(self._batch.again) or (not self._queue and not self._sheet_is_read)
        may_intend = self._room() > 0 and not self._owes_look
        return not (self._may_start_none or self._has_none) and (may_intend or may_fetch)

    def looks_owed(self) -> list[int]:
        """The next rows, by entry, whose earlier runs are to be looked at before they are paid for.

        What was seen of these is too old by now, or nothing was in this call.
        """
        room = max(0, self._room(LOOK_AHEAD_SECONDS) - self._being_intended)
        is_too_old = self._batch.last_seen.is_too_old
        return [row.entry.id for row in islice(self._queue, room) if is_too_old(row.entry)]

    @property
    def _owes_look(self) -> bool:
        """Whether such a row is the next."""
        return bool(self._queue) and self._batch.last_seen.is_too_old(self._queue[0].entry)

    def _room(self, ahead_seconds: float = AHEAD_SECONDS) -> int:
        """How many starts may be made ready now, for so much of the rate ahead."""
        if self._batch.is_stopped or self._batch.is_paused:
            return 0
        ahead = 1 if self._limiter.is_probing else int(ahead_seconds * self._limiter.per_second)
        ahead = max(1, min(ahead, INTENDED_AT_ONCE)) - len(self._batch.ready)
        room = self._batch.limits.max_in_flight - len(self._batch.in_flight)
        left = room if self._left is None else self._left
        by_credits = self._batch.budget.room
        here = min(ahead, room, left, by_credits)
        # Where the whole batch allowed none, one is asked for again and again.
        return min(here, max(1, self._allowed))

    async def _fetch(self) -> None:
        """Fill the queue, in the sheet's order: with rows that went back to wait, or its next."""
        if self._batch.again:
            again, self._batch.again = list(self._batch.again), {}
            rows = await self._batch.recorder.read(lambda ledger: ledger.planned(again))
            self._queue = deque(sorted([*rows, *self._queue], key=lambda row: row.row_number))
        elif not self._queue:
            after_row = self._after_row
            rows = await self._batch.recorder.read(
                lambda ledger: ledger.next_planned(after_row, FETCHED_AT_ONCE)
            )
            self._sheet_is_read = not rows
            self._after_row = rows[-1].row_number if rows else after_row
            # One that went back to wait while the sheet was read comes by `again`, and not twice:
            # until the loop has heard of that commit, it still counts as in flight.
            self._queue += (
                row
                for row in rows
                if row.entry.id not in self._batch.again
                and row.entry.id not in self._batch.in_flight
                and row.entry.id not in self._batch.doubts
            )

    async def _come_near(self) -> None:
        """What is known of a row's earlier run may change while the row's start is far away."""
        if self._room() > 0 and self._queue[0].entry.attempt is not None:
            self._is_intending = False  # Nothing is lost where the batch ends meanwhile.
            await self._limiter.near(LOOK_AHEAD_SECONDS, unless=self._batch.no_more_starts)
            self._is_intending = True

    def _next_turns(self) -> list[Enrolled]:
        """The rows whose turn it is, taken from the queue."""
        room, turns = self._room(), list[Enrolled]()
        while self._queue and len(turns) < room and not self._owes_look:
            turns.append(self._queue.popleft())
        return turns

    async def _intend(self) -> None:
        """Make the next few attempts durable, in one commit."""
        turns = self._next_turns()
        late = self._batch.ended_late
        group = [row for row in turns if row.entry.id not in late]
        for row in turns:
            if row.entry.id in late:
                # The ledger knows whether its turn is still to come.
                late.discard(row.entry.id)
                self._batch.again[row.entry.id] = None
        for row in group:
            self._variables[row.entry.id] = row.variables
        if self._left is not None:
            self._left -= len(group)
        if not group:
            return
        made_at = self._batch.clock.counting_sleep()
        self._being_intended = len(group)
        try:
            await self._batch.apply([(row.entry, Intended()) for row in group])
        except NoRoomError as full:
            await self._wait_for_room(full, group)
        else:
            self._allowed = MANY
            if self._intents_last_seconds < float("inf"):
                end = made_at + self._intents_last_seconds
                self._last_until |= {row.entry.id: end for row in group}
        self._being_intended = 0

    async def _wait_for_room(self, full: NoRoomError, group: Sequence[Enrolled]) -> None:
        """All workers together have as many runs, or spent as much, as they may."""
        self._queue.extendleft(reversed(group))
        if self._left is not None:
            self._left += len(group)
        self._allowed = full.room
        if full.room or self._gives_way:
            return
        if full.is_for_good:
            self._batch.ask_to_stop(self._batch.budget.refusal(full.spending))
        else:
            self._batch.changed.set()
            await self._batch.clock.wait(self._batch.no_more_starts, ROOM_ASKED_FOR_SECONDS)

    async def _send_what_is_ready(self, calls: asyncio.TaskGroup) -> None:
        while self._batch.ready:
            if self._limiter.is_probing:
                await self._batch.until(self._may_probe)
            await self._limiter.slot(unless=self._batch.no_more_starts)
            entry = self._batch.ready.popleft()
            variables = self._variables.pop(entry.id)
            may_leave = self._may_leave(entry)
            held = self._batch.is_paused or self._batch.budget.is_overdrawn
            held = held or entry.id in self._batch.ended_late
            if self._batch.is_stopped or held:
                self._deal_with(entry, NotConnected("stopped before it was sent"))
            else:
                self._starts_out += 1
                self._batch.sent.add(
                    calls, self._send(entry, variables, may_leave), f"start {entry.id}"
                )

    def _may_probe(self) -> bool:
        is_answered = not self._limiter.is_probing
        return is_answered or not self._starts_out or self._batch.is_stopped

    def _may_leave(self, entry: Entry) -> Callable[[], bool] | None:
        """Whether the entry's start may leave, to be asked last; ``None``: whenever it does."""
        until = self._last_until.pop(entry.id, None)
        if until is None:
            return None
        return lambda: self._batch.clock.counting_sleep() < until

    async def _send(
        self, entry: Entry, variables: Mapping[str, Json], may_leave: Callable[[], bool] | None
    ) -> None:
        sent_at = self._batch.clock.monotonic()
        reply: StartReply
        try:
            with self._batch.sent.patience():
                reply = await self._remote.start(variables, self._metadata(entry), may_leave)
        except TimeoutError:
            reply = Doubtful("the program was stopped before the reply came")
        self._starts_out -= 1
        if not (isinstance(reply, NotConnected) and may_leave is not None and not may_leave()):
            # One that was kept back says nothing of the service.
            self._heed(reply, sent_at)
        self._deal_with(entry, reply)

    def _metadata(self, entry: Entry) -> Mapping[str, Json]:
        assert entry.attempt is not None
        return {**self._batch.config.workflow.metadata, TOKEN_FIELD: entry.attempt.token}

    def _deal_with(self, entry: Entry, reply: StartReply) -> None:
        if self._left is not None and isinstance(reply, TryLater | NotConnected | Halted):
            # Nothing was begun, so the attempt does not count.
            self._left += 1
        self._batch.hear(entry, reply)

    def _heed(self, reply: StartReply, sent_at: float) -> None:
        """Let the whole class of starts learn from one reply."""
        match reply:
            case Accepted() | Refused() | Halted():
                self._limiter.answered(sent_at)
            case TryLater(after_seconds):
                self._limiter.refused(after_seconds, sent_at)
            case NotConnected():
                self._limiter.unanswered(None, sent_at)
            case Doubtful(_, after_seconds):
                self._limiter.unanswered(after_seconds, sent_at)
            case _:
                assert_never(reply)
        if self._limiter.is_gone and isinstance(reply, NotConnected | Doubtful):
            message = f"the service does not answer starts ({reply.why})"
            self._batch.ask_to_stop(Stop(StopReason.SERVICE_GONE, message))
