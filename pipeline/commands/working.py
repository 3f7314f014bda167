"""What a person sees while a sheet is read or written. Owns that line. Must not know sheets.

On a terminal one line that is redrawn, and gone when the work has ended; elsewhere a plain line
every ten seconds. What is quick says nothing.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from pipeline.engine.progress.screen import PLAIN_SECONDS, columns_of, shortened

PATIENCE_SECONDS: Final = 1.0
"""Nobody wonders about less."""


@contextmanager
def told_while(work: str) -> Iterator[None]:
    """Tell on stderr that this work goes on, and for how long by now, while the block lasts."""
    ended = threading.Event()
    stream = sys.stderr
    tell = _redraw if stream.isatty() else _tell_plainly
    # A thread: the work is one call into a library, and gives nobody else a turn.
    teller = threading.Thread(target=tell, args=(work, stream, ended), name="working")
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _redraw(work: str, stream: TextIO, ended: threading.Event) -> None:
    began_at = time.monotonic()
    drawn = 0
    while not ended.wait(PATIENCE_SECONDS):
        line = shortened(_line(work, began_at), columns_of(stream) - 1)
        stream.write(f"\r{line.ljust(drawn)}")
        stream.flush()
        drawn = len(line)
    if drawn:
        stream.write(f"\r{' ' * drawn}\r")
        stream.flush()


def _tell_plainly(work: str, stream: TextIO, ended: threading.Event) -> None:
    began_at = time.monotonic()
    while not ended.wait(PLAIN_SECONDS):
        stream.write(f"{_line(work, began_at)}\n")
        stream.flush()


def _line(work: str, began_at: float) -> str:
    return f"{work} … {time.monotonic() - began_at:.0f} s"
