"""The figures as they change, to everybody who looks on. Owns when the ledger is asked.

Must not know HTTP. A large ledger takes long to sum up: it is asked the less often for it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Final

from pipeline.errors import LedgerFault
from pipeline.report.live.figures import Figures, Viewer
from pipeline.report.live.lookout import Lookout

REST_SECONDS: Final = 1.0
"""Between two looks at the least."""
REST_TIMES: Final = 10
"""A rest takes so many times as long as the look before it."""
SILENCE_SECONDS: Final = 15.0
"""Then a sign of life is sent, by which one that has left is noticed."""


class Feed:
    """The newest figures, as JSON; looks at the ledger while somebody listens."""

    def __init__(self, viewer: Viewer, lookout: Lookout) -> None:
        self._viewer = viewer
        self._lookout = lookout
        self._listeners = 0
        self._text = ""
        self._changed = asyncio.Event()
        self._is_closed = False
        self._figures: Figures | None = None

    async def run(self) -> None:
        """Look at the ledger, again and again, until cancelled."""
        while True:
            began_at = time.monotonic()
            if self._listeners:
                await self.look()
            took_seconds = time.monotonic() - began_at
            await asyncio.sleep(max(REST_SECONDS, REST_TIMES * took_seconds))

    async def look(self) -> None:
        """Look at the ledger once, and tell everybody where something changed."""
        try:
            figures = await self._lookout.ask(self._viewer.figures)
        except LedgerFault as fault:
            self._say(json.dumps({"fault": str(fault)}))
            return
        figures = figures or self._viewer.nothing()
        before, self._figures = self._figures, figures
        if before is None or replace(before, at=figures.at) != figures:
            self._say(json.dumps(asdict(figures)))

    async def close(self) -> None:
        """Tell everybody the last figures, and that nothing more comes."""
        if self._listeners:
            await self.look()
        self._is_closed = True
        self._say(self._text)

    async def texts(self) -> AsyncIterator[str]:
        """The newest JSON whenever it changed; an empty text after a silence."""
        self._listeners += 1
        try:
            if self._listeners == 1:
                await self.look()
            told = ""
            while True:
                changed, text = self._changed, self._text
                yield "" if text == told else text
                told = text
                if self._is_closed:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), SILENCE_SECONDS)
        finally:
            self._listeners -= 1

    def _say(self, text: str) -> None:
        self._text = text
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
