"""A thread for the ledger that does its work only when a test says so."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Gate:
    """Runs what blocks once the test lets it through."""

    turns: deque["asyncio.Future[None]"] = field(default_factory=deque)
    calls: int = 0

    async def __call__(self, call: Callable[[], T], /) -> T:
        """Wait to be let through, and only then run it."""
        self.calls += 1
        turn = asyncio.get_running_loop().create_future()
        self.turns.append(turn)
        await turn
        return call()

    async def let_one_through(self) -> None:
        """Let the call that has waited longest do its work."""
        await all_wait()
        self.turns.popleft().set_result(None)
        await all_wait()

    async def let_all_through(self) -> None:
        """Let calls through until none comes any more."""
        await all_wait()
        while self.turns:
            await self.let_one_through()


async def all_wait() -> None:
    """Let every task go on until it waits for something that only the test can do."""
    for _ in range(20):
        await asyncio.sleep(0)


async def in_line(call: Callable[[], T], /) -> T:
    """Run it at once."""
    return call()
