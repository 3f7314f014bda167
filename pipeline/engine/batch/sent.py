"""The calls that have left and are not answered. Owns how long they are waited for.

Must not know what is asked of the service, nor what an answer means.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType


class Sent:
    """Starts and looks under way."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        """Set when one of them has ended."""
        self._calls: set[asyncio.Task[None]] = set()
        self._patient: set[asyncio.Task[None]] = set()
        """Tasks that wait for a reply now."""

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

    def patience(self) -> "Patience":
        """Wait within it for a reply, until `cut_off`: then it raises `TimeoutError`."""
        return Patience(self._patient)

    def cut_off(self) -> None:
        """Wait no longer for the replies that are under way."""
        for task in self._patient:
            task.cancel()
        self._patient.clear()


class Patience:
    """The wait for one reply: a lighter `asyncio.timeout`, which no moment ends."""

    def __init__(self, patient: set[asyncio.Task[None]]) -> None:
        self._patient = patient

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "a reply is waited for in a task"
        self._task = task
        self._patient.add(task)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._task in self._patient:
            self._patient.discard(self._task)
        elif not self._task.uncancel() and kind is asyncio.CancelledError:
            raise TimeoutError from error
