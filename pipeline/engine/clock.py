"""Time, as the engine sees it. Owns the Clock. Must not know what is waited for."""

import asyncio
import time
from typing import Final

_SLEEP_COUNTS: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux has a clock that also counts suspension; the monotonic one of macOS counts it as well."""
LEAST_WAIT_SECONDS: Final = 1e-6
"""A wait so short that the clock does not move in it would be begun again for ever."""


class Clock:
    """The moment, and the passing of time, by the machine and its event loop."""

    def now(self) -> float:
        """The moment in Unix seconds, for what is written down; it may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment, for what is waited for; it never goes back."""
        return asyncio.get_running_loop().time()

    def counting_sleep(self) -> float:
        """Seconds since some fixed moment; that the machine or the process slept stops it not."""
        return time.clock_gettime(_SLEEP_COUNTS)

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, but for so many seconds at most."""
        try:
            async with asyncio.timeout(max(seconds, LEAST_WAIT_SECONDS)):
                await event.wait()
        except TimeoutError:
            return
