"""What was delivered and is not dealt with, and what was delivered too early. Owns its bounds.

A delivery may come before the start's reply is read, or while a look at the run is under way: it is
kept until that is dealt with. Whatever is posted, no more is held than the bounds say: what goes
over them is as lost as one that never came. Must not know entries, nor what follows.
"""

import asyncio
from collections import OrderedDict, deque
from typing import Final

from pipeline.core.model import RunId
from pipeline.core.replies import Delivery

MOST: Final = 10_000
"""Deliveries, both those that wait and those that are kept."""
MOST_BYTES: Final = 16 * 2**20
"""Of the bodies that they came in, for each of the two."""


class Inbox:
    """Deliveries in the order in which they came, and by run those that came too early."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        """Set while any delivery waits."""
        self._waiting: deque[Delivery] = deque()
        self._waiting_bytes = 0
        self._kept: OrderedDict[RunId, Delivery] = OrderedDict()
        self._kept_bytes = 0

    def offer(self, delivery: Delivery) -> bool:
        """Take a delivery in; tells whether there was room for it."""
        size_bytes = self._waiting_bytes + delivery.size_bytes
        if len(self._waiting) >= MOST or size_bytes > MOST_BYTES:
            return False
        self._waiting.append(delivery)
        self._waiting_bytes = size_bytes
        self.arrived.set()
        return True

    def take(self) -> list[Delivery]:
        """All that wait, the first to come first."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self.arrived.clear()
        return taken

    def keep(self, run_id: RunId, delivery: Delivery) -> None:
        """Keep what was told of a run until it is recalled; the oldest give way."""
        self._drop(run_id)
        self._kept[run_id] = delivery
        self._kept_bytes += delivery.size_bytes
        while len(self._kept) > MOST or self._kept_bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def keeps(self, run_id: RunId) -> bool:
        """Whether anything that was told of the run is kept."""
        return run_id in self._kept

    def recall(self, run_id: RunId) -> None:
        """No look at the run is out any more: what was kept of it is as if it came now."""
        if (delivery := self._kept.get(run_id)) is not None:
            self._drop(run_id)
            self.offer(delivery)

    def _drop(self, run_id: RunId) -> None:
        if (dropped := self._kept.pop(run_id, None)) is not None:
            self._kept_bytes -= dropped.size_bytes
