"""The ledger as the live page sees it: from a thread of its own, also before there is one.

Owns the thread and the connection. Must not know what is asked.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar

from pipeline.ledger.onlooker import Onlooker
from pipeline.ledger.opening import watch_ledger

T = TypeVar("T")


class Lookout:
    """Answers questions to the ledger, one at a time, off the event loop."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger
        self._thread = ThreadPoolExecutor(1, "lookout")
        self._open = ExitStack()
        self._onlooker: Onlooker | None = None
        self._file: tuple[int, int] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.submit(self._open.close)
        self._thread.shutdown()

    async def ask(self, question: Callable[[Onlooker], T]) -> T | None:
        """The answer; ``None`` where there is no ledger. Raises `LedgerFault`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, question)

    def _ask(self, question: Callable[[Onlooker], T]) -> T | None:
        file = self._file_there()
        if file != self._file or self._onlooker is None:
            # Another file took its place: SQLite would go on reading the one that was opened.
            self._open.close()
            self._onlooker = self._open.enter_context(watch_ledger(self._path))
            self._file = file
        return None if self._onlooker is None else question(self._onlooker)

    def _file_there(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino
