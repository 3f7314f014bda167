"""The one writer of the ledger while a batch runs. Owns the grouping of commits.

Whoever commits waits until what they committed is durable, and learns of it when it could not be
made so. Must not know what the entries mean.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, Self, TypeAlias, TypeVar

from pipeline.core.model import Entry
from pipeline.errors import LedgerLost
from pipeline.ledger.shared.chunks import FenceLostError, NoRoomError
from pipeline.ledger.store import Ledger, RunTakenError
from pipeline.ledger.transactions import damage_told

T = TypeVar("T")
_Commit: TypeAlias = tuple[tuple[Entry, ...], asyncio.Future[None]]


class Blocking(Protocol):
    """How a call that blocks is run: in a thread of the ledger's own, or in line."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]:
        """Run `call` and give what it gives."""
        ...


class Recorder:
    """Commits entries in groups: all that came in while the last group was being synced."""

    def __init__(self, ledger: Ledger, blocking: Blocking) -> None:
        self._ledger = ledger
        self._blocking = blocking
        self._waiting: list[_Commit] = []
        self._handed_in = asyncio.Event()
        self._is_closing = False
        self._writer = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._writer.__aenter__()
        self._writer.create_task(self._write_groups(), name="recorder")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain: what was handed in is committed before the recorder closes."""
        self._is_closing = True
        self._handed_in.set()
        # Whatever ended the batch, the writer is not cut off: it is told to end.
        await self._writer.__aexit__(None, None, None)

    async def commit(self, *entries: Entry) -> None:
        """Make these entries durable together; returns once they are.

        Raises `RunTakenError` where a run of theirs belongs to another attempt, and `LedgerLost`
        where the ledger could not be written; on a chunk of a shared ledger also `NoRoomError` and
        `FenceLostError`.
        """
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, durable))
        self._handed_in.set()
        await durable

    async def read(self, call: Callable[[Ledger], T]) -> T:
        """Ask the ledger something, between two commits.

        Raises `LedgerLost` where it can't be read.
        """

        def asked() -> T:
            with damage_told(self._ledger.path):
                return call(self._ledger)

        return await self._blocking(asked)

    async def _write_groups(self) -> None:
        while True:
            await self._handed_in.wait()
            self._handed_in.clear()
            group, self._waiting = self._waiting, []
            if group:
                await self._write(group)
            elif self._is_closing:
                return
            if self._is_closing:
                self._handed_in.set()

    async def _write(self, group: list[_Commit]) -> None:
        entries = [entry for committed, _ in group for entry in committed]
        try:
            await self._blocking(lambda: self._ledger.save(entries))
        except (RunTakenError, NoRoomError) as error:
            if len(group) == 1:
                _fail(group, error)
                return
            # One of them names a run that is another's, or asks for more than is allowed: the rest
            # must not suffer for it.
            for single in group:
                await self._write([single])
        except (LedgerLost, FenceLostError) as error:
            _fail(group, error)
        else:
            for _, durable in group:
                if not durable.done():
                    durable.set_result(None)


def _fail(group: list[_Commit], error: Exception) -> None:
    for _, durable in group:
        if not durable.done():
            durable.set_exception(error)
