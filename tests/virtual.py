"""Virtual time: an event loop whose clock jumps whenever all its tasks wait. No test sleeps."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from pipeline.engine.clock import Clock

T = TypeVar("T")

EPOCH = 1_790_000_000.0
"""The Unix moment at which every virtual world begins."""


class StuckError(Exception):
    """All tasks wait, and nothing will ever wake one."""


class _JumpingSelector(selectors.DefaultSelector):
    """Lets the loop's time pass instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise StuckError
        if not ready and timeout:
            self.loop.passed_seconds += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which a day of waiting takes no time."""

    def __init__(self) -> None:
        self.passed_seconds = 0.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the world began."""
        return self.passed_seconds


class VirtualClock(Clock):
    """The engine's clock over a virtual loop."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self.epoch = epoch

    def now(self) -> float:
        """Unix seconds: the epoch and what has passed since."""
        return self.epoch + asyncio.get_running_loop().time()

    def counting_sleep(self) -> float:
        """The same: nothing sleeps here."""
        return self.now()


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a virtual loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
