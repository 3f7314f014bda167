"""The calls that have left and are not answered. Owns how long they are waited for.

Must not know what is asked of the service, nor what an answer means.
"""

import asyncio
from collections.abc import Coroutine
from weakref import WeakSet

from pipeline.engine.clock import Clock


class Sent:
    """Starts and looks under way."""

    def __init__(self, clock: Clock, changed: asyncio.Event) -> None:
        self._clock = clock
        self._changed = changed
        """Set when one of them has ended."""
        self._calls: set[asyncio.Task[None]] = set()
        self._patience: WeakSet[asyncio.Timeout] = WeakSet()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._calls)

    def add(self, group: asyncio.TaskGroup, call: Coroutine[None, None, None], name: str) -> None:
        """Let a start or a look leave, and know of it until it is answered."""
        task = group.create_task(call, name=name)
        self._calls.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._changed.set()

    def patience(self) -> asyncio.Timeout:
        """Wait within it for a reply, until `cut_off`: then it raises `TimeoutError`."""
        waiting = asyncio.timeout(None)
        self._patience.add(waiting)
        return waiting

    def cut_off(self) -> None:
        """Wait no longer for the replies that are under way."""
        for waiting in self._patience:
            waiting.reschedule(self._clock.monotonic())
        self._patience.clear()
