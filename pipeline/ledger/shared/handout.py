"""Hands out chunks to workers, and takes them back from those that died. Owns pgqueuer.

A job says only which chunk owes what; whether that still holds is the chunk's own to say. So a job
that is handed out twice, late or for nothing does no harm. Must not know what is done with a chunk.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeAlias

import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.domain.models import Job

from pipeline.config.sections.sharedledger import place_of
from pipeline.errors import LedgerLost
from pipeline.ledger.shared.chunks import Debt
from pipeline.ledger.shared.connection import REMEDY, SETTINGS, lost_connections_told

HEARTBEAT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 2 * HEARTBEAT_SECONDS
"""A worker that was not heard of for so long is given up, and its chunks go to others."""
ASKED_FOR_EACH: Final = timedelta(seconds=2)
SEATS: Final[dict[Debt, int]] = {"start": 2, "watch": 64}
"""Chunks that one worker has at once; those that start must not keep the others from watching."""
AT_ONCE: Final[dict[Debt, int]] = {"start": 1, "watch": 8}

HANDED_OUT: Final = (
    "SELECT dedupe_key AS said FROM {table} "
    "WHERE status IN ('queued', 'picked') AND dedupe_key = ANY($1)"
)
LEFT_BEHIND: Final = (
    "SELECT convert_from(payload, 'UTF8') AS said FROM {table} "
    "WHERE status = 'picked' AND entrypoint = $1 AND heartbeat < now() - $2::interval"
)

Handler: TypeAlias = Callable[[int, Debt], Coroutine[Any, Any, None]]
"""Works on a chunk; raises nothing."""

# pgqueuer tells of failed jobs with tracebacks, and ours are told by ourselves.
logging.getLogger("pgqueuer").addHandler(logging.NullHandler())
logging.getLogger("pgqueuer").propagate = False


class Driver(PsycopgDriver):
    """pgqueuer's way to the server, with a connection of its own for what the server tells.

    While psycopg waits for a notice it lets nobody else use the connection, up to a second.
    """

    def __init__(self, asking: PsycopgDriver, listening: "psycopg.AsyncConnection[Any]") -> None:
        super().__init__(listening)
        self._asking = asking

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Ask, whoever listens."""
        return await self._asking.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        """Say, whoever listens."""
        return await self._asking.execute(query, *args)


class Handout:
    """The queue of chunks, over connections of its own."""

    def __init__(self, url: str, asking: Queries, managers: dict[Debt, QueueManager]) -> None:
        self._url = url
        self._asking = asking
        self._managers = managers

    async def put(self, debts: Sequence[tuple[int, Debt]]) -> None:
        """Let these chunks be handed out, unless they are already."""
        by_key = {f"{debt} {chunk_id}": (chunk_id, debt) for chunk_id, debt in debts}
        with lost_connections_told(self._url):
            for key in await self._ask(HANDED_OUT, [*by_key]):
                del by_key[key]
            if not by_key:
                return
            await self._asking.enqueue(
                [debt for _, debt in by_key.values()],
                [str(chunk_id).encode() for chunk_id, _ in by_key.values()],
                [0] * len(by_key),
                dedupe_key=[*by_key],
                on_conflict="skip",
            )

    async def left_behind(self) -> list[int]:
        """The chunks whose starter was not heard of for `SILENT_SECONDS`.

        The queue hands them out again as well, but only to a worker that has a seat for starts.
        """
        silence = timedelta(seconds=SILENT_SECONDS)
        with lost_connections_told(self._url):
            return [int(chunk_id) for chunk_id in await self._ask(LEFT_BEHIND, "start", silence)]

    async def _ask(self, question: str, *values: object) -> list[str]:
        """What the queue's own table says."""
        table = self._asking.qbe.qualified.queue_table
        lines = await self._asking.driver.fetch(question.format(table=table), *values)
        return [str(line["said"]) for line in lines]

    async def serve(self, handler: Handler) -> None:
        """Take chunks and let them be worked on, until `close`.

        Raises `LedgerLost` where a connection breaks, and a group with whatever `handler` may raise
        against its word: the queue by itself would say nothing of it.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for debt, manager in self._managers.items():
                    _register(manager, debt, handler, group)
                    group.create_task(_serve(manager, debt), name=f"hand out {debt}")
        except* (psycopg.Error, FailingListenerError) as lost:
            raise LedgerLost(
                place=place_of(self._url),
                wrong=f"the queue's connection broke ({type(_first(lost)).__name__})",
                remedy=REMEDY,
            ) from lost

    def close(self) -> None:
        """Take no more chunks."""
        for manager in self._managers.values():
            manager.shutdown.set()


@asynccontextmanager
async def open_handout(url: str) -> AsyncIterator[Handout]:
    """The queue beside a shared ledger, made where it is missing."""
    async with AsyncExitStack() as stack:
        with lost_connections_told(url):
            asking = PsycopgDriver(await stack.enter_async_context(await _connected(url)))
            listening = await stack.enter_async_context(await _connected(url))
        queries = Queries(Driver(asking, listening))
        managers: dict[Debt, QueueManager] = {debt: QueueManager(queries) for debt in SEATS}
        yield Handout(url, queries, managers)


async def install(url: str) -> None:
    """Make the queue's tables where they are missing."""
    with lost_connections_told(url):
        async with await _connected(url) as connection:
            queries = Queries(PsycopgDriver(connection))
            if not await queries.has_table(queries.qbe.settings.queue_table):
                await queries.install()


async def _connected(url: str) -> "psycopg.AsyncConnection[Any]":
    # The settings fit every connection of psycopg.
    return await psycopg.AsyncConnection.connect(url, autocommit=True, **SETTINGS)  # type: ignore[arg-type]


def _register(
    manager: QueueManager, debt: Debt, handler: Handler, group: asyncio.TaskGroup
) -> None:
    @manager.entrypoint(debt, accepts_context=False)
    async def handed_out(job: Job) -> None:
        chunk_id = int(job.payload or b"0")
        await group.create_task(handler(chunk_id, debt), name=f"{debt} {chunk_id}")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _serve(manager: QueueManager, debt: Debt) -> None:
    await manager.run(
        dequeue_timeout=ASKED_FOR_EACH,
        batch_size=AT_ONCE[debt],
        max_concurrent_tasks=SEATS[debt],
        heartbeat_timeout=timedelta(seconds=SILENT_SECONDS),
        shutdown_on_listener_failure=True,
    )
