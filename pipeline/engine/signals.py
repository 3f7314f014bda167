"""Ctrl-C and SIGTERM while a batch runs. Owns the handlers. Must not know what a stop means."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline.engine.stop import Stop, StopReason, Switch

STOP_OF_SIGNAL: Final = {
    signal.SIGINT: Stop(StopReason.INTERRUPTED, "interrupted"),
    signal.SIGTERM: Stop(StopReason.TERMINATED, "terminated"),
}


@contextmanager
def signals_ask(switch: Switch) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM ask the batch to stop, instead of ending the process."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOP_OF_SIGNAL}
    for number, stop in STOP_OF_SIGNAL.items():
        loop.add_signal_handler(number, switch.ask, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            # The loop leaves the system's own, by which SIGTERM would cut off what comes next.
            signal.signal(number, handler)
