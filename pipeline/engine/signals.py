"""Ctrl-C and SIGTERM while a batch runs. Owns the handlers. Must not know what a stop means."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from pipeline.engine.batch.stop import Stop, StopReason, Switch
from pipeline.system import signals_answered

STOP_OF_SIGNAL: Final = {
    signal.SIGINT: Stop(StopReason.INTERRUPTED, "interrupted"),
    signal.SIGTERM: Stop(StopReason.TERMINATED, "terminated"),
}


@contextmanager
def signals_ask(switch: Switch) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM ask the batch to stop, instead of ending the process."""
    answers = {number: partial(switch.ask, stop) for number, stop in STOP_OF_SIGNAL.items()}
    with signals_answered(asyncio.get_running_loop(), answers):
        yield
