"""Which run is to be looked at, and when. Owns the heap of due moments, not the looks.

What the runs took is learnt here as they are seen, by whatever look. Must not know what is learnt
from it: that is `core.lookout`'s.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.config.model import Polling
from pipeline.core.backoff import look_again_seconds
from pipeline.core.durations import DATED_WITHIN_SECONDS
from pipeline.core.lookout import Lookout
from pipeline.core.model import Attempt, Entry, State
from pipeline.engine.clock import Clock
from pipeline.ledger.records import SeenEnd


@dataclass(slots=True)
class Watch:
    """One run that is looked at again and again. Moments are the clock's monotonic ones."""

    began_at: float
    """When this call began to watch the run."""
    age_then_seconds: float
    """How old the run was at that moment."""
    is_dated: bool
    """Whether its age is known: of a run that was looked for and found, it is not."""
    missing_since: float | None = None
    """Since when the service answers that it does not know the run."""
    seen_running_at: float | None = None
    """When a look last saw it running."""
    looks_in_vain: int = 0
    """How many looks in a row told nothing of it."""
    due_at: float | None = None
    """When it is to be looked at; ``None`` while a look is under way."""

    def age_seconds(self, moment: float) -> float:
        """How old the run is at a moment."""
        return moment - self.began_at + self.age_then_seconds

    @property
    def seen_age_seconds(self) -> float:
        """How old it was when it was last seen running; 0: it has not been yet."""
        return 0.0 if self.seen_running_at is None else self.age_seconds(self.seen_running_at)


class Watches:
    """The runs in flight by when they are to be looked at next."""

    def __init__(
        self,
        polling: Polling,
        ends: Sequence[SeenEnd],
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._backoff = polling.backoff
        self._look_seconds = polling.rate.interval_seconds
        self._lookout = Lookout(polling.backoff)
        self._clock = clock
        self._chance = chance
        self.changed = asyncio.Event()
        """Set when a look may have become due earlier than the earliest before."""
        self._due: list[tuple[float, int]] = []
        """One that was put off or taken stands here until it comes up."""
        self._waiting = 0
        self._watches: dict[int, Watch] = {}
        for end in ends:
            self._lookout.saw_running(0, end.since_seconds)
            self._lookout.saw_end(end.since_seconds, end.age_seconds)

    def __len__(self) -> int:
        return self._waiting

    def next_due_at(self) -> float | None:
        """When the next look is due; ``None``: no run waits for one."""
        self._drop_what_is_void()
        return self._due[0][0] if self._due else None

    def look_now(self, entry: Entry) -> None:
        """Watch a run that may have ended long ago."""
        now = self._clock.monotonic()
        self._wait_until(now, entry, self._watch(entry, now))

    def look_later(self, entry: Entry) -> None:
        """Look again at a run that has just begun, or was just seen running."""
        now = self._clock.monotonic()
        is_new = entry.id not in self._watches
        watch = self._watch(entry, now)
        if not is_new:
            if watch.is_dated:
                self._lookout.saw_running(watch.seen_age_seconds, watch.age_seconds(now))
            watch.seen_running_at = now
            watch.looks_in_vain = 0
        wait_seconds = self._lookout.wait_seconds(
            watch.age_seconds(now), len(self._watches) * self._look_seconds, now, self._chance()
        )
        self._wait_until(now + wait_seconds, entry, watch)

    def look_again(self, entry: Entry) -> None:
        """Look again at a run of which a look told nothing."""
        now = self._clock.monotonic()
        watch = self._watch(entry, now)
        watch.looks_in_vain += 1
        wait_seconds = look_again_seconds(watch.looks_in_vain, self._backoff, self._chance())
        self._wait_until(now + wait_seconds, entry, watch)

    def take(self) -> tuple[int, Watch]:
        """The entry whose look is due first; it waits for none until it is put back."""
        self._drop_what_is_void()
        _, entry_id = heapq.heappop(self._due)
        watch = self._watches[entry_id]
        watch.due_at = None
        self._waiting -= 1
        return entry_id, watch

    def seen_running_at(self, entry_id: int) -> float | None:
        """When a look last saw an entry's run running, in Unix seconds."""
        watch = self._watches.get(entry_id)
        if watch is None or watch.seen_running_at is None:
            return None
        return self._clock.now() - (self._clock.monotonic() - watch.seen_running_at)

    def ended(self, entry: Entry) -> None:
        """The entry's run is not watched any more, if it ever was."""
        watch = self._watches.pop(entry.id, None)
        if watch is None:
            return
        self._waiting -= watch.due_at is not None
        attempt = entry.attempt
        if watch.is_dated and attempt and attempt.state in {State.COMPLETE, State.FAILED}:
            age_seconds = watch.age_seconds(self._clock.monotonic())
            self._lookout.saw_end(watch.seen_age_seconds, age_seconds)

    def _wait_until(self, due_at: float, entry: Entry, watch: Watch) -> None:
        self._waiting += watch.due_at is None
        watch.due_at = due_at
        heapq.heappush(self._due, (due_at, entry.id))
        if self._due[0][1] == entry.id:
            self.changed.set()

    def _drop_what_is_void(self) -> None:
        while self._due:
            due_at, entry_id = self._due[0]
            watch = self._watches.get(entry_id)
            if watch is not None and watch.due_at == due_at:
                return
            heapq.heappop(self._due)

    def _watch(self, entry: Entry, now: float) -> Watch:
        watch = self._watches.get(entry.id)
        if watch is None:
            assert entry.attempt is not None
            began_at = _began_at(entry.attempt)
            age_seconds = max(0.0, self._clock.now() - began_at)
            watch = Watch(now, age_seconds, is_dated=began_at == entry.attempt.started_at)
            self._watches[entry.id] = watch
        return watch


def _began_at(attempt: Attempt) -> float:
    """When the attempt's run began, in Unix seconds, as far as it can be told."""
    accepted_at = attempt.started_at
    if accepted_at is not None and accepted_at - attempt.intended_at < DATED_WITHIN_SECONDS:
        return accepted_at
    return attempt.intended_at
