"""One call's work on a batch, from the first start to the last end. Owns the order of its parts.

Must not know how any part does its work, nor files, sheets or the command line.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from pipeline.config.model import Config
from pipeline.core.events import Resumed
from pipeline.core.model import IN_FLIGHT, UNENDED, Entry, State
from pipeline.core.reconciling import Hold
from pipeline.core.timing.pacing import Pace
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.recorder import Blocking, Recorder
from pipeline.engine.batch.stop import Stop, Switch
from pipeline.engine.calls.adjusting import Adjusting
from pipeline.engine.calls.lastlooks import LastLooks
from pipeline.engine.calls.latecomers import Latecomers
from pipeline.engine.calls.limiter import Limiter
from pipeline.engine.calls.listing import Readings
from pipeline.engine.calls.looking import Looking, Looks
from pipeline.engine.calls.poller import Poller
from pipeline.engine.calls.pushes import Pushes
from pipeline.engine.calls.reconciler import Reconciler
from pipeline.engine.calls.starter import Starter, Starts
from pipeline.engine.clock import Clock
from pipeline.errors import PipelineError
from pipeline.ledger.store import Ledger

GRACE_SECONDS: Final = 5.0
"""How long a batch that stops at once waits for the replies that are under way."""


class Remote(Starts, Looks, Protocol):
    """The service, as the engine needs it."""


class Shown(Protocol):
    """What a person is shown meanwhile."""

    async def run(self, batch: Batch) -> None:
        """Show progress until the task is cancelled."""
        ...

    def finish(
        self, batch: Batch, /, unknown_words: Mapping[str, int], held: Mapping[Hold, int]
    ) -> None:
        """Show how it ended."""
        ...

    def say(self, message: str) -> None:
        """A line for the person."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What the engine does not make itself: the service, time, chance, a thread, and a person."""

    remote: Remote
    clock: Clock
    chance: Callable[[], float]
    """Uniform in [0, 1)."""
    blocking: Blocking
    progress: Shown
    switch: Switch
    inbox: Inbox | None = None
    """Where the service's deliveries come in; ``None``: nobody listens for any."""


class Part(Enum):
    """Which part of the work is done."""

    WHOLE = "starts and watches"
    STARTS = "starts"
    """Planned rows are started; their runs are watched by somebody else."""
    WATCHES = "watches"
    """Runs are watched and doubts settled; rows that go back to wait are somebody else's."""

    @property
    def starts(self) -> bool:
        """Whether planned rows are started."""
        return self is not Part.WATCHES

    @property
    def watches(self) -> bool:
        """Whether runs are watched."""
        return self is not Part.STARTS

    @property
    def resumes(self) -> frozenset[State]:
        """In which states entries are taken over from an earlier call."""
        return UNENDED if self.watches else IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Share:
    """What one of several workers does of a batch."""

    part: Part
    starts: Limiter
    looks: Limiter
    readings: Readings
    """Of the service's list of runs."""
    intents_last_seconds: float
    """How long after its intent a start may leave."""

    @classmethod
    def whole(cls, config: Config, world: World) -> "Share":
        """All of it: there are no other workers."""
        limits = config.limits
        return cls(
            part=Part.WHOLE,
            starts=Limiter(Pace(limits.rate, limits.burst), world.clock, world.chance),
            looks=Limiter(Pace(config.polling.rate), world.clock, world.chance),
            readings=Readings(world.clock),
            intents_last_seconds=float("inf"),
        )


async def process(
    config: Config,
    ledger: Ledger,
    world: World,
    course: Course | None = None,
    share: Share | None = None,
) -> Stop | None:
    """Start and watch until nothing is owed, or until the batch stops: then why.

    `course` is that of the call: its limit bounds the new attempts, and it goes on after a pilot.
    Without a `share` the whole batch is this call's.
    Raises `LedgerLost` where the ledger could not be written any more; with a share, a group with
    `FenceLostError` where another worker has the rows.
    """
    share = share or Share.whole(config, world)
    try:
        async with Recorder(ledger, world.blocking) as recorder:
            opening = await recorder.read(lambda ledger: ledger.opening())
            batch = Batch(config, opening, recorder, world.clock, world.chance)
            batch.take(course or Course())
            world.switch.connect(batch.ask_to_stop)
            if world.inbox is not None:
                batch.listen_to(world.inbox)
            await _resume(batch, share.part)
            await _start_and_watch(batch, world, share)
            batch.course.end(batch.counts.rows[State.PLANNED])
            return batch.stop
    except* PipelineError as group:
        raise _first(group) from group


async def _resume(batch: Batch, part: Part) -> None:
    """Take over what earlier calls left unfinished: a restart goes through the same table."""
    unfinished = sorted(part.resumes)

    def taken_over(ledger: Ledger) -> tuple[list[Entry], set[int]]:
        waiting = ledger.waiting() if part.watches else []
        entries = [*ledger.entries(*unfinished), *waiting]
        return entries, ledger.left_the_sheet([entry.id for entry in entries])

    entries, batch.counts.elsewhere = await batch.recorder.read(taken_over)
    # Those that wait for a new attempt are among the planned, and are counted there.
    under_way = sum(entry.state is not State.PLANNED for entry in entries)
    batch.course.begin(batch.counts.rows[State.PLANNED], under_way)
    await batch.apply([(entry, Resumed()) for entry in entries])


async def _start_and_watch(batch: Batch, world: World, share: Share) -> None:
    part = share.part
    looking = Looking(batch, world.remote, share.looks)
    limit = batch.course.limit_now
    starter = Starter(batch, world.remote, share.starts, limit, share.intents_last_seconds)
    last_looks = LastLooks(batch, looking, starter, share.starts)
    poller = Poller(batch, looking)
    latecomers = Latecomers(batch, looking)
    reconciler = Reconciler(batch, looking, share.readings, share.starts, latecomers)
    pushes = Pushes(batch, batch.inbox, looking, latecomers)
    adjusting = Adjusting(batch, starter, share.starts, world.progress.say)

    def is_over() -> bool:
        is_watching = bool(batch.in_flight or batch.awaited)
        if part.starts and starter.is_capped and not is_watching and reconciler.is_done:
            batch.ask_to_stop(batch.budget.exhaustion())
        owed = is_watching and not batch.no_more_calls.is_set()
        if batch.has_calls or (part.starts and not (starter.is_done and last_looks.is_idle)):
            return False
        if not part.watches:
            return True
        return not owed and reconciler.is_done and latecomers.is_done and pushes.is_idle

    if part.starts:
        # What was changed during a pilot holds before the first start of the rest leaves.
        await adjusting.look()
    async with asyncio.TaskGroup() as group:
        work = [
            (batch.deal_with_what_is_heard(), "batch"),
            (world.progress.run(batch), "progress"),
            (_lose_patience(batch), "patience"),
        ]
        if part.starts:
            work += [
                (starter.intend(), "intents"),
                (starter.send(group), "starts"),
                (last_looks.run(), "last looks"),
                (adjusting.run(), "adjusting"),
            ]
        if part.watches:
            work += [
                (poller.run(group), "poller"),
                (reconciler.run(), "reconciler"),
                (latecomers.run(), "latecomers"),
                (pushes.run(), "pushes"),
                (_await_credits(batch), "credits"),
            ]
        loops = [group.create_task(coroutine, name=name) for coroutine, name in work]
        await batch.until(is_over)
        for loop in loops:
            loop.cancel()
    world.progress.finish(batch, looking.unknown_words, reconciler.held)


async def _lose_patience(batch: Batch) -> None:
    """A batch that stops at once waits for the replies under way for a moment only."""
    await batch.no_more_calls.wait()
    await batch.clock.sleep(GRACE_SECONDS)
    batch.sent.cut_off()


async def _await_credits(batch: Batch) -> None:
    """What is not named in time counts as not named at all."""
    while True:
        await batch.until(lambda: bool(batch.awaited))
        until = batch.awaited.first_until
        await batch.clock.sleep(max(0.0, until - batch.clock.monotonic()))
        batch.await_no_more(*batch.awaited.overdue(until))


def _first(group: BaseExceptionGroup[PipelineError]) -> PipelineError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PipelineError)
    return error
