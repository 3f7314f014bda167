"""Which run is to be looked at, and when. Owns the heap of due moments, not the looks."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.backoff import Backoff, next_look_seconds
from pipeline.core.model import Entry
from pipeline.engine.clock import Clock


@dataclass(slots=True)
class Watch:
    """One run that is looked at again and again. Moments are the clock's monotonic ones."""

    began_at: float
    """When this call began to watch the run."""
    age_then_seconds: float
    """How old the run was at that moment."""
    missing_since: float | None = None
    """Since when the service answers that it does not know the run."""


class Watches:
    """The runs in flight by when they are to be looked at next."""

    def __init__(self, backoff: Backoff, clock: Clock, chance: Callable[[], float]) -> None:
        self._backoff = backoff
        self._clock = clock
        self._chance = chance
        self.changed = asyncio.Event()
        """Set when a look may have become due earlier than the earliest before."""
        self._due: list[tuple[float, int]] = []
        self._watches: dict[int, Watch] = {}

    def __len__(self) -> int:
        return len(self._due)

    def next_due_at(self) -> float | None:
        """When the next look is due; ``None``: no run waits for one."""
        return self._due[0][0] if self._due else None

    def look_now(self, entry: Entry) -> None:
        """Watch a run that may have ended long ago."""
        now = self._clock.monotonic()
        self._watch(entry, now)
        self._push(now, entry.id)

    def look_later(self, entry: Entry) -> None:
        """Look at a run again after its backoff."""
        now = self._clock.monotonic()
        watch = self._watch(entry, now)
        age_seconds = now - watch.began_at + watch.age_then_seconds
        wait_seconds = next_look_seconds(age_seconds, self._backoff, self._chance())
        self._push(now + wait_seconds, entry.id)

    def take(self) -> tuple[int, Watch]:
        """The entry whose look is due first; it waits for none until it is put back."""
        _, entry_id = heapq.heappop(self._due)
        return entry_id, self._watches[entry_id]

    def forget(self, entry_id: int) -> None:
        """The run is not watched any more, if it ever was."""
        self._watches.pop(entry_id, None)

    def _push(self, due_at: float, entry_id: int) -> None:
        heapq.heappush(self._due, (due_at, entry_id))
        if self._due[0][1] == entry_id:
            self.changed.set()

    def _watch(self, entry: Entry, now: float) -> Watch:
        watch = self._watches.get(entry.id)
        if watch is None:
            started_at = entry.attempt.started_at if entry.attempt else None
            age_seconds = max(0.0, self._clock.now() - (started_at or self._clock.now()))
            watch = self._watches[entry.id] = Watch(now, age_seconds)
        return watch
