"""A batch whose ledger several machines share. Owns a process's part in it, from connection to end.

Must not know how a chunk is worked on: that is `engine.worker`'s.
"""

import asyncio
import os
import random
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pipeline.commands.agreeing import see_that_it_is_agreed
from pipeline.commands.service import client_for
from pipeline.commands.terminal import say
from pipeline.config.model import Config
from pipeline.core.amounts import amount_in_words
from pipeline.engine.batch.stop import Stop, StopReason, Switch, too_many_failed
from pipeline.engine.clock import Clock
from pipeline.engine.process import World
from pipeline.engine.signals import signals_ask
from pipeline.engine.worker import Sharing, Unseen, Worker
from pipeline.errors import ConfigFault, LedgerFault, PipelineError
from pipeline.ledger.shared.chunks import Chunks, Debt
from pipeline.ledger.shared.handout import Handout, open_handout
from pipeline.ledger.shared.postgres import PostgresLedger
from pipeline.ledger.shared.sharing import share_ledger
from pipeline.remote.client import Client

LOOKED_EACH_SECONDS: Final = 0.5
SWEPT_EACH_SECONDS: Final = 5.0
"""So often it is seen to that every chunk that owes something is handed out."""
TOLD_EACH_SECONDS: Final = 10.0
TRIED_FOR_SECONDS: Final = 120.0
"""A server that is away for longer ends a process's part."""
TRIED_EACH_SECONDS: Final = 1.0
FAILED_BEFORE: Final = "failed_before"
"""The fact that holds how many rows had failed as the call began."""


@dataclass(slots=True)
class Part:
    """What one process did for a shared batch."""

    stop: Stop | None = None
    requests: Mapping[str, int] = field(default_factory=dict)


def take_part(config: Config, url: str, *, is_caller: bool) -> Part:
    """Work on the batch's chunks; the caller's process ends with them, a worker's when asked to.

    A server that goes away is waited for. Raises `LedgerFault` where it stays away.
    """
    from pipeline.engine.loop import run as run_loop  # noqa: PLC0415 - beside its only use

    part = Part()
    lost_at: float | None = None
    while True:
        began_at = time.monotonic()
        try:
            with share_ledger(url) as ledger:
                run_loop(_Working(config, url, ledger, part, is_caller=is_caller).run())
        except LedgerFault as error:
            if part.stop is not None:
                return part
            if lost_at is None or began_at - lost_at > TRIED_FOR_SECONDS:
                say(f"{error}; tried again for {TRIED_FOR_SECONDS:g} s")
                lost_at = time.monotonic()
            elif time.monotonic() - lost_at > TRIED_FOR_SECONDS:
                raise
            time.sleep(TRIED_EACH_SECONDS)
        else:
            return part


class _Working:
    """One connection's worth of work."""

    def __init__(
        self, config: Config, url: str, ledger: PostgresLedger, part: Part, *, is_caller: bool
    ) -> None:
        self._config = config
        self._url = url
        self._ledger = ledger
        self._part = part
        self._is_caller = is_caller
        self._chunks = Chunks(ledger)
        self._fault: PipelineError | None = None
        self._has_looked_again = False
        self._worker: Worker
        self._handout: Handout

    async def run(self) -> None:
        """Work until there is no more to do here."""
        loop, switch = asyncio.get_running_loop(), Switch()
        with signals_ask(switch), ThreadPoolExecutor(1, "ledger") as thread:
            self._blocking = partial(loop.run_in_executor, thread)
            async with client_for(self._config) as client, open_handout(self._url) as self._handout:
                world = World(
                    remote=client,
                    clock=Clock(),
                    chance=random.random,
                    blocking=self._blocking,
                    progress=Unseen(say),
                    switch=switch,
                )
                sharing = Sharing(self._chunks, self._ledger.see, self._ledger.moment)
                name = f"{socket.gethostname()}:{os.getpid()}"
                self._worker = Worker(name, self._config, sharing, world)
                switch.connect(self._worker.ask_to_stop)
                try:
                    await self._serve()
                finally:
                    self._part.stop = None if self._fault else self._worker.stop
                    self._add(client)
        if self._fault is not None:
            raise self._fault

    async def _serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep_house(), name="housekeeping")
                await self._handout.serve(self._work_on)
                keeping.cancel()
        except* LedgerFault as faults:
            self._fault = self._fault or _first(faults)

    async def _work_on(self, chunk_id: int, debt: Debt) -> None:
        try:
            if debt == "start":
                # It may be a dead starter's, and the turn to start its rows may be long to come.
                await self._relieve([chunk_id])
            owed = await self._worker.work_on(chunk_id, debt)
            if owed is not None and self._worker.stop is None:
                await self._handout.put([(chunk_id, owed)])
        except LedgerFault as fault:
            self._give_up(fault)

    def _give_up(self, fault: PipelineError) -> None:
        self._fault = self._fault or fault
        self._worker.ask_to_stop(Stop(StopReason.SERVICE_GONE, fault.wrong))
        self._worker.stop = None
        self._handout.close()

    async def _keep_house(self) -> None:
        """See to it that every debt is handed out, and that the process ends with the last."""
        swept_at = told_at = float("-inf")
        while True:
            now = time.monotonic()
            try:
                await self._relieve(await self._handout.left_behind())
                owed = await self._blocking(self._chunks.owed)
                if not owed and self._is_caller and not self._has_looked_again:
                    # While starts went on, the list of runs grew faster than it could be read.
                    self._has_looked_again = True
                    await self._blocking(self._chunks.look_for_doubts)
                    continue
                if now - swept_at >= SWEPT_EACH_SECONDS:
                    swept_at = now
                    await self._handout.put(await self._blocking(self._chunks.debts))
                    await self._blocking(partial(see_that_it_is_agreed, self._config, self._ledger))
                    await self._heed_failures()
                if self._is_caller and now - told_at >= TOLD_EACH_SECONDS:
                    told_at = now
                    await self._tell()
            except (LedgerFault, ConfigFault) as fault:
                self._give_up(fault)
                return
            if self._is_over(owed):
                self._handout.close()
                return
            await asyncio.sleep(LOOKED_EACH_SECONDS)

    async def _relieve(self, left: Sequence[int]) -> None:
        """What starters left under way is looked after now, though all may be busy with starts."""
        leave = partial(self._chunks.leave_to_watchers, left)
        taken = await self._blocking(leave) if left else []
        await self._handout.put([(chunk_id, "watch") for chunk_id in taken])

    def _is_over(self, owed: set[Debt]) -> bool:
        stop = self._worker.stop
        if stop is not None and (not stop.reason.watches_on or not self._is_caller):
            return True
        if not self._is_caller:
            return False
        return "watch" not in owed and (stop is not None or not owed)

    async def _heed_failures(self) -> None:
        limit = self._config.limits.max_failures
        if limit is None or self._worker.stop is not None:
            return
        failed = await self._blocking(self._chunks.failed)
        before, to_send = (self._ledger.fact(FAILED_BEFORE) or "0 0").split()
        failures = failed - int(before)
        if failures > 0 and limit.is_reached(failures, int(to_send)):
            self._worker.ask_to_stop(too_many_failed(failures))

    async def _tell(self) -> None:
        tally = await self._blocking(self._ledger.tally)
        states = tally.states or {}
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        say(f"{self._config.name}: {told}; {amount_in_words(tally.credits)} credits")

    def _add(self, client: Client) -> None:
        before = self._part.requests
        self._part.requests = {
            str(call): before.get(call, 0) + count for call, count in client.requests.items()
        }


def _first(group: BaseExceptionGroup[LedgerFault]) -> LedgerFault:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, LedgerFault)
    return error
