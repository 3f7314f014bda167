"""Which run is to be looked at, and when. Owns the due moments, not the looks."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.backoff import Backoff, next_look_seconds
from pipeline.core.model import Entry, RunId
from pipeline.engine.clock import Clock


@dataclass(slots=True)
class Watch:
    """One run that is looked at again and again. Moments are the clock's monotonic ones."""

    entry_id: int
    run_id: RunId
    began_at: float
    """When this call began to watch the run."""
    age_then_seconds: float
    """How old the run was at that moment."""
    wait_seconds: float = 0.0
    """How long it was to wait for its next look."""
    due_at: float | None = None
    """When it is looked at next; ``None``: a look at it is under way."""
    looked_at_age_seconds: float = 0.0
    """How old the run was when a look last saw it running; 0: none did yet."""
    is_told: bool = False
    """Whether the service told unasked that the run ended."""
    is_due: bool = False
    """Whether it was found due, and no look at it is under way."""
    missing_since: float | None = None
    """Since when the service answers that it does not know the run."""

    def age_seconds(self, moment: float) -> float:
        """How old the run is at a moment."""
        return moment - self.began_at + self.age_then_seconds


class Watches:
    """The runs in flight by when they are to be looked at next."""

    def __init__(self, backoff: Backoff, clock: Clock, chance: Callable[[], float]) -> None:
        self._backoff = backoff
        self._clock = clock
        self._chance = chance
        self.changed = asyncio.Event()
        """Set when a look may have become due earlier than the earliest before."""
        self._waiting: list[tuple[float, int]] = []
        """A heap of due moments; one that is not its watch's any more is passed over."""
        self._due: deque[tuple[float, int]] = deque()
        """Those whose moment has come, the longest due first; some of them stand no more."""
        self._due_count = 0
        self._watches: dict[int, Watch] = {}
        self._by_run: dict[RunId, int] = {}

    def __len__(self) -> int:
        """How many runs are watched."""
        return len(self._watches)

    def first_due(self) -> Watch | None:
        """The watch whose look is due first, or has been for longest; ``None``: none waits."""
        while self._due and not self._stands(self._due[0]):
            self._due.popleft()
        while self._waiting and not self._stands(self._waiting[0]):
            heapq.heappop(self._waiting)
        first = self._due[0] if self._due else self._waiting[0] if self._waiting else None
        return None if first is None else self._watches[first[1]]

    def count_due(self) -> int:
        """How many looks are due now."""
        now = self._clock.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            due = heapq.heappop(self._waiting)
            if self._stands(due):
                self._due.append(due)
                self._watches[due[1]].is_due = True
                self._due_count += 1
        return self._due_count

    def look_now(self, entry: Entry) -> None:
        """Watch a run that may have ended long ago."""
        self._put(self._watch(entry), 0.0)

    def look_later(self, entry: Entry) -> None:
        """Look at a run again after its backoff."""
        watch = self._watch(entry)
        age_seconds = watch.age_seconds(self._clock.monotonic())
        self._put(watch, next_look_seconds(age_seconds, self._backoff, self._chance()))

    def put_off(self, watch: Watch, wait_seconds: float) -> None:
        """Let a look that is due wait for so long."""
        self._put(watch, wait_seconds)

    def is_longest_watched(self, watch: Watch) -> bool:
        """Whether no run has been watched for longer."""
        return next(iter(self._watches.values()), None) is watch

    def take(self, watch: Watch) -> None:
        """A look at this run is under way; it waits for none until it is put back."""
        self._due_count -= watch.is_due
        watch.is_due = False
        watch.due_at = None

    def waiting_for(self, run_id: RunId) -> Watch | None:
        """The watch of a run that waits for a look, due or not."""
        watch = self._watches.get(self._by_run.get(run_id, -1))
        return None if watch is None or watch.due_at is None else watch

    def forget(self, entry_id: int) -> None:
        """The run is not watched any more, if it ever was."""
        watch = self._watches.pop(entry_id, None)
        if watch is not None:
            self.take(watch)
            self._by_run.pop(watch.run_id, None)

    def _stands(self, due: tuple[float, int]) -> bool:
        watch = self._watches.get(due[1])
        return watch is not None and watch.due_at == due[0]

    def _put(self, watch: Watch, wait_seconds: float) -> None:
        self.take(watch)
        watch.wait_seconds = wait_seconds
        watch.due_at = self._clock.monotonic() + wait_seconds
        heapq.heappush(self._waiting, (watch.due_at, watch.entry_id))
        if self._waiting[0][1] == watch.entry_id:
            self.changed.set()

    def _watch(self, entry: Entry) -> Watch:
        watch = self._watches.get(entry.id)
        if watch is None:
            assert entry.attempt is not None
            assert entry.attempt.run_id is not None
            now = self._clock.now()
            age_seconds = max(0.0, now - (entry.attempt.started_at or now))
            run_id = entry.attempt.run_id
            watch = Watch(entry.id, run_id, self._clock.monotonic(), age_seconds)
            self._watches[entry.id] = watch
            self._by_run[run_id] = entry.id
        return watch
