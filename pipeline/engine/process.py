"""One call's work on a batch, from the first start to the last end. Owns the order of its parts.

Must not know how any part does its work, nor files, sheets or the command line.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.config.model import Config
from pipeline.core.events import Resumed
from pipeline.core.pacing import Pace
from pipeline.engine.adjusting import Adjusting
from pipeline.engine.batch import UNFINISHED, Batch
from pipeline.engine.clock import Clock
from pipeline.engine.inbox import Inbox
from pipeline.engine.latecomers import Latecomers
from pipeline.engine.limiter import Limiter
from pipeline.engine.looking import Looking, Looks
from pipeline.engine.poller import Poller
from pipeline.engine.progress import Progress
from pipeline.engine.pushes import Pushes
from pipeline.engine.reconciler import Reconciler
from pipeline.engine.recorder import Blocking, Recorder
from pipeline.engine.starter import Starter, Starts
from pipeline.engine.stop import Stop, Switch
from pipeline.errors import PipelineError
from pipeline.ledger.store import Ledger

GRACE_SECONDS: Final = 5.0
"""How long a batch that stops at once waits for the replies that are under way."""


class Remote(Starts, Looks, Protocol):
    """The service, as the engine needs it."""


@dataclass(frozen=True, slots=True)
class World:
    """What the engine does not make itself: the service, time, chance, a thread, and a person."""

    remote: Remote
    clock: Clock
    chance: Callable[[], float]
    """Uniform in [0, 1)."""
    blocking: Blocking
    progress: Progress
    switch: Switch
    inbox: Inbox | None = None
    """Where the service's deliveries come in; ``None``: nobody listens for any."""


async def process(
    config: Config, ledger: Ledger, world: World, limit: int | None = None
) -> Stop | None:
    """Start and watch until nothing is owed, or until the batch stops: then why.

    `limit` bounds the new attempts of this call. Raises `LedgerLost` where the ledger could not be
    written any more.
    """
    try:
        async with Recorder(ledger, world.blocking) as recorder:
            opening = await recorder.read(Ledger.opening)
            batch = Batch(config, opening, recorder, world.clock, world.chance)
            if limit is not None:
                batch.send_at_most(limit)
            world.switch.connect(batch.ask_to_stop)
            if world.inbox is not None:
                batch.listen_to(world.inbox)
            await _resume(batch)
            await _start_and_watch(batch, world, limit)
            return batch.stop
    except* PipelineError as group:
        raise _first(group) from group


async def _resume(batch: Batch) -> None:
    """Take over what earlier calls left unfinished: a restart goes through the same table."""
    entries = await batch.recorder.read(lambda ledger: ledger.entries(*UNFINISHED))
    await batch.apply([(entry, Resumed()) for entry in entries])


async def _start_and_watch(batch: Batch, world: World, limit: int | None) -> None:
    limits, polling = batch.config.limits, batch.config.polling
    start_limiter = Limiter(Pace(limits.rate, limits.burst), world.clock, world.chance)
    look_limiter = Limiter(Pace(polling.rate), world.clock, world.chance)
    looking = Looking(batch, world.remote, look_limiter)
    starter = Starter(batch, world.remote, start_limiter, limit)
    poller = Poller(batch, looking)
    latecomers = Latecomers(batch, looking)
    reconciler = Reconciler(batch, looking, start_limiter, latecomers)
    pushes = Pushes(batch, batch.inbox, looking, latecomers)
    adjusting = Adjusting(batch, starter, start_limiter, world.progress.say)

    def is_over() -> bool:
        if starter.is_capped and not batch.in_flight and reconciler.is_done:
            batch.ask_to_stop(batch.budget.exhaustion())
        owed = batch.in_flight and not batch.no_more_calls.is_set()
        if not starter.is_done or batch.has_calls or owed:
            return False
        return reconciler.is_done and latecomers.is_done and pushes.is_idle

    async with asyncio.TaskGroup() as group:
        loops = (
            group.create_task(batch.deal_with_what_is_heard(), name="batch"),
            group.create_task(starter.run(group), name="starter"),
            group.create_task(poller.run(group), name="poller"),
            group.create_task(reconciler.run(), name="reconciler"),
            group.create_task(latecomers.run(), name="latecomers"),
            group.create_task(pushes.run(), name="pushes"),
            group.create_task(adjusting.run(), name="adjusting"),
            group.create_task(world.progress.run(batch), name="progress"),
            group.create_task(_lose_patience(batch), name="patience"),
        )
        await batch.until(is_over)
        for loop in loops:
            loop.cancel()
    world.progress.finish(batch, looking.unknown_words, reconciler.held)


async def _lose_patience(batch: Batch) -> None:
    """A batch that stops at once waits for the replies under way for a moment only."""
    await batch.no_more_calls.wait()
    await batch.clock.sleep(GRACE_SECONDS)
    batch.cut_off()


def _first(group: BaseExceptionGroup[PipelineError]) -> PipelineError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PipelineError)
    return error
