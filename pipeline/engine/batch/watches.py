"""Which run is to be looked at, and when. Owns the due moments, not the looks.

What the runs took is learnt here as they are seen, by whatever look. Must not know what follows
from it: that is `core.timing.lookout`'s.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.config.model import Polling
from pipeline.core.model import ENDED, Attempt, Entry, Observation, RunId
from pipeline.core.timing.backoff import look_again_seconds
from pipeline.core.timing.durations import DATED_WITHIN_SECONDS
from pipeline.core.timing.lookout import Lookout
from pipeline.engine.clock import Clock
from pipeline.ledger.records import SeenEnd


@dataclass(slots=True)
class Watch:
    """One run that is looked at again and again. Moments are the clock's monotonic ones."""

    entry_id: int
    run_id: RunId
    began_at: float
    """When this call began to watch the run."""
    age_then_seconds: float
    """How old the run was at that moment."""
    is_dated: bool
    """Whether its age is known: of a run that was looked for and found, it is not."""
    wait_seconds: float = 0.0
    """How long it was to wait for its next look; 0: it may have ended long ago."""
    planned_seconds: float = 0.0
    """The same by the plan; some looks come sooner by lot."""
    due_at: float | None = None
    """When it is looked at next; ``None``: a look at it is under way."""
    told: Observation | None = None
    """What the service told unasked of the run's end; ``None``: nothing yet."""
    is_due: bool = False
    """Whether it was found due, and no look at it is under way."""
    missing_since: float | None = None
    """Since when the service answers that it does not know the run."""
    seen_running_at: float | None = None
    """When a look last saw it running."""
    looks_in_vain: int = 0
    """How many looks in a row told nothing of it."""

    def age_seconds(self, moment: float) -> float:
        """How old the run is at a moment."""
        return moment - self.began_at + self.age_then_seconds

    @property
    def is_to_be_told(self) -> bool:
        """Whether the service has yet to tell of the run's end.

        That of a run which an earlier call left may have been told when nobody listened.
        """
        return self.wait_seconds > 0 and self.told is None

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
        self._waits = polling.look_waits
        self._pace_seconds = polling.rate.interval_seconds
        self._lookout = Lookout(polling.look_waits)
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
        for end in ends:
            self._lookout.saw_running(0, end.since_seconds)
            self._lookout.saw_end(end.since_seconds, end.age_seconds)

    def __len__(self) -> int:
        """How many runs are watched."""
        return len(self._watches)

    @property
    def price_seconds(self) -> float:
        """What one more look is worth now, in seconds of one run's lag."""
        return self._lookout.price_seconds(self._look_seconds)

    @property
    def _look_seconds(self) -> float:
        """For how long one request more keeps all the others waiting, by the pace."""
        return len(self._watches) * self._pace_seconds

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
        now = self._clock.monotonic()
        self._put(self._watch(entry, now), now, 0.0)

    def look_later(self, entry: Entry) -> None:
        """Look again at a run that has just begun, or was just seen running."""
        now = self._clock.monotonic()
        is_new = entry.id not in self._watches
        watch = self._watch(entry, now)
        age_seconds = watch.age_seconds(now)
        if not is_new:
            if watch.is_dated:
                self._lookout.saw_running(watch.seen_age_seconds, age_seconds)
            watch.seen_running_at = now
            watch.looks_in_vain = 0
        wait = self._lookout.wait_seconds(age_seconds, self._look_seconds, now, self._chance())
        self._put(watch, now, wait)
        watch.planned_seconds = max(wait, self._lookout.planned_seconds(age_seconds))

    def look_again(self, entry: Entry) -> None:
        """Look again at a run of which a look told nothing."""
        now = self._clock.monotonic()
        watch = self._watch(entry, now)
        watch.looks_in_vain += 1
        self._put(watch, now, look_again_seconds(watch.looks_in_vain, self._waits, self._chance()))

    def would_wait_seconds(self, watch: Watch) -> float:
        """For how long a run that is seen running now would wait for its next look, by plan."""
        age_seconds = watch.age_seconds(self._clock.monotonic())
        return max(self._lookout.planned_seconds(age_seconds), self._waits.first_seconds)

    def put_off(self, watch: Watch, wait_seconds: float) -> None:
        """Let a look that is due wait for so long."""
        self._put(watch, self._clock.monotonic(), wait_seconds)

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

    def seen_running_at(self, entry_id: int) -> float | None:
        """When a look last saw an entry's run running, in Unix seconds."""
        watch = self._watches.get(entry_id)
        if watch is None or watch.seen_running_at is None:
            return None
        return self._clock.now() - (self._clock.monotonic() - watch.seen_running_at)

    def ended(self, entry: Entry) -> Watch | None:
        """The entry's run is not watched any more; gives how it was, if it ever was."""
        watch = self._watches.pop(entry.id, None)
        if watch is None:
            return None
        self.take(watch)
        self._by_run.pop(watch.run_id, None)
        attempt = entry.attempt
        if watch.is_dated and attempt and attempt.state in ENDED:
            age_seconds = watch.age_seconds(self._clock.monotonic())
            self._lookout.saw_end(watch.seen_age_seconds, age_seconds)
        return watch

    def _stands(self, due: tuple[float, int]) -> bool:
        watch = self._watches.get(due[1])
        return watch is not None and watch.due_at == due[0]

    def _put(self, watch: Watch, now: float, wait_seconds: float) -> None:
        self.take(watch)
        watch.wait_seconds = watch.planned_seconds = wait_seconds
        watch.due_at = now + wait_seconds
        heapq.heappush(self._waiting, (watch.due_at, watch.entry_id))
        if self._waiting[0][1] == watch.entry_id:
            self.changed.set()

    def _watch(self, entry: Entry, now: float) -> Watch:
        watch = self._watches.get(entry.id)
        if watch is None:
            assert entry.attempt is not None
            assert entry.attempt.run_id is not None
            began_at, run_id = _began_at(entry.attempt), entry.attempt.run_id
            age_seconds = max(0.0, self._clock.now() - began_at)
            is_dated = began_at == entry.attempt.started_at
            watch = Watch(entry.id, run_id, now, age_seconds, is_dated)
            self._watches[entry.id] = watch
            self._by_run[run_id] = entry.id
        return watch


def _began_at(attempt: Attempt) -> float:
    """When the attempt's run began, in Unix seconds, as far as it can be told."""
    accepted_at = attempt.started_at
    if accepted_at is not None and accepted_at - attempt.intended_at < DATED_WITHIN_SECONDS:
        return accepted_at
    return attempt.intended_at
