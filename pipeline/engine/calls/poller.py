"""Looks at runs in flight when they are due, at the pace allowed: singly, or many by the list.

Must not know what an observation means for a row, nor which way of looking pays: that is
`core.timing.sweeping`'s.
"""

import asyncio
from collections import deque
from typing import Final

from pipeline.core.model import Observation, RunStatus
from pipeline.core.replies import LookReply, Missing, RunPage
from pipeline.core.timing.pushing import DueLook
from pipeline.core.timing.sweeping import (
    RUNS_A_PAGE,
    How,
    Swept,
    Waiting,
    Yield,
    how_to_look,
    looks_spared,
)
from pipeline.engine.batch.batch import Batch, Happening
from pipeline.engine.batch.watches import Watch
from pipeline.engine.calls.judging import judge, tells_no_end
from pipeline.engine.calls.looking import Looking, completed

LOOKS_OUT_AT_ONCE: Final = 100
"""Looks that may be under way together."""
BARREN_PAGES: Final = 2
"""So many pages in a row without a watched run tell that more of them would not either."""
PAGES_AT_ONCE: Final = 3
"""Pages that are asked for together: the list may grow as fast as page after page is read."""
SHORTEST_PAUSE_SECONDS: Final = 0.005
"""Between two thoughts on whether enough runs are due for a sweep."""


class Poller:
    """Looks at each watched run until it has ended."""

    def __init__(self, batch: Batch, looking: Looking) -> None:
        self._batch = batch
        self._looking = looking
        self._looks_out = 0
        self._is_sweeping = False
        self._swept_at = float("-inf")
        """When the last sweep began."""
        self._has_list = True
        self._yield = Yield()

    async def run(self, calls: asyncio.TaskGroup) -> None:
        """Look at runs until the task is cancelled."""
        while True:
            await self._batch.until(self._may_look)
            if self._looking.untold:
                await self._look_for_the_rest(calls, *self._looking.untold.popleft())
                continue
            watch = await self._first_due()
            if watch is None:
                continue
            if (wait_seconds := self._may_wait_seconds(watch)) > 0:
                self._batch.watches.put_off(watch, wait_seconds)
                continue
            match self._how(watch):
                case How.NOT_YET:
                    pause_seconds = max(SHORTEST_PAUSE_SECONDS, watch.planned_seconds / 50)
                    await self._batch.clock.wait(self._batch.no_more_calls, pause_seconds)
                case How.BY_SWEEP:
                    self._is_sweeping = True
                    self._batch.sent.add(calls, self._sweep(calls), "sweep")
                case How.SINGLY:
                    self._batch.watches.take(watch)
                    self._yield = self._yield.after_look()
                    await self._look_singly(calls, watch)

    async def _look_for_the_rest(
        self, calls: asyncio.TaskGroup, watch: Watch, seen: Observation
    ) -> None:
        """Look at a run seen in part, unless it was learnt since that looks tell no more."""
        if seen.status is not RunStatus.RUNNING and self._looking.is_enough(seen):
            self._batch.hear(*self._told(watch, seen))
        else:
            await self._look_singly(calls, watch)

    async def _look_singly(self, calls: asyncio.TaskGroup, watch: Watch) -> None:
        await self._looking.limiter.slot(unless=self._batch.no_more_calls)
        if not self._batch.no_more_calls.is_set():
            self._looks_out += 1
            self._batch.sent.add(calls, self._look(watch), f"look {watch.entry_id}")

    def _may_look(self) -> bool:
        out = 1 if self._looking.limiter.is_probing else LOOKS_OUT_AT_ONCE
        return (
            (bool(self._looking.untold) or self._batch.watches.first_due() is not None)
            and not self._is_sweeping
            and self._looks_out < out
            and not self._batch.no_more_calls.is_set()
        )

    async def _first_due(self) -> Watch | None:
        """Wait until a look is due; ``None`` where none is to leave any more, or none waits."""
        # Whatever changes may have brought a run that is due earlier.
        while (watch := self._batch.watches.first_due()) is not None:
            assert watch.due_at is not None
            wait_seconds = watch.due_at - self._batch.clock.monotonic()
            if wait_seconds <= 0:
                return watch
            if self._batch.no_more_calls.is_set() or self._looking.untold:
                return None
            self._batch.watches.changed.clear()
            await self._batch.clock.wait(self._batch.watches.changed, wait_seconds)
        return None

    def _may_wait_seconds(self, watch: Watch) -> float:
        """For how long a look that is due may wait for a delivery."""
        if watch.wait_seconds == 0:
            return 0.0  # It may have ended when nobody listened: an earlier call left it.
        now, polling = self._batch.clock.monotonic(), self._batch.config.polling
        return self._batch.hearing.may_wait_seconds(
            DueLook(
                age_seconds=watch.age_seconds(now),
                looked_at_age_seconds=watch.seen_age_seconds,
                is_longest_watched=self._batch.watches.is_longest_watched(watch),
                until_given_up_seconds=watch.began_at + polling.give_up_seconds - now,
                first_seconds=polling.first_seconds,
                max_seconds=polling.max_seconds,
            )
        )

    def _how(self, first: Watch) -> How:
        if not self._has_list or self._looking.limiter.is_probing:
            return How.SINGLY
        if self._batch.hearing.is_trusted and first.wait_seconds:
            return How.SINGLY  # Most of those that count as due may wait for deliveries.
        assert first.due_at is not None
        waiting = Waiting(
            due=self._batch.watches.count_due(),
            watched=len(self._batch.watches),
            overdue_seconds=self._batch.clock.monotonic() - first.due_at,
            wait_seconds=first.planned_seconds,
            price_seconds=self._batch.watches.price_seconds,
            is_passed_over=first.due_at <= self._swept_at,
        )
        return how_to_look(waiting, self._yield)

    async def _look(self, watch: Watch) -> None:
        reply = await self._looking.look(watch.run_id)
        self._looks_out -= 1
        self._looking.learn_of(reply)
        if isinstance(reply, Observation):
            reply = completed(reply, watch.told)
        if tells_no_end(reply) and self._batch.inbox.keeps(watch.run_id):
            # Its end was delivered while the look was out, and is dealt with while the run waits.
            self._batch.watches.put_off(watch, self._batch.config.polling.first_seconds)
            self._batch.inbox.recall(watch.run_id)
        else:
            self._batch.hear(*self._told(watch, reply))

    async def _sweep(self, calls: asyncio.TaskGroup) -> None:
        """Read the list page by page, for as long as its pages tell of runs that are watched."""
        self._swept_at = self._batch.clock.monotonic()
        watched, swept = len(self._batch.watches), Swept()
        asked: deque[asyncio.Task[RunPage | None]] = deque()
        while asked or self._goes_on(swept):
            while len(asked) < self._pages_at_once(swept):
                number = swept.pages + len(asked) + 1
                asked.append(calls.create_task(self._page(number), name=f"page {number}"))
            page = await asked.popleft()
            if (news := swept.read(page)) is not None:
                swept.found(*self._take_in(news))
        self._yield = self._yield.after_sweep(swept.pages, swept.spared, swept.due, watched)
        self._is_sweeping = False

    def _goes_on(self, swept: Swept) -> bool:
        is_barren = swept.barren >= self._barren_pages()
        return not swept.is_whole and not is_barren and self._batch.watches.count_due() > 0

    def _pages_at_once(self, swept: Swept) -> int:
        """How many pages are asked for together: as many as are sure to be worth it.

        Where runs are left that need a look of their own, these are to leave meanwhile.
        """
        if not self._goes_on(swept):
            return 0
        if self._looking.untold:
            return 1
        return max(1, min(PAGES_AT_ONCE, self._batch.watches.count_due() // RUNS_A_PAGE))

    def _barren_pages(self) -> int:
        """After how many pages in a row without a watched run the rest is left unread.

        The newest runs may be ours and not be watched yet: their starts are under way.
        """
        starting = len(self._batch.in_flight) - len(self._batch.watches)
        return BARREN_PAGES + max(0, starting) // RUNS_A_PAGE

    async def _page(self, number: int) -> RunPage | None:
        reply = await self._looking.page(number)
        if isinstance(reply, Missing):
            self._has_list = False
        return reply if isinstance(reply, RunPage) else None

    def _take_in(self, page: RunPage) -> tuple[int, int, float]:
        """Learn what a page tells of runs that wait for a look.

        How many, how many were due, and how many looks are spared.
        """
        now = self._batch.clock.monotonic()
        waiting = due = 0
        spared = 0.0
        for shown in page.runs:
            watch = self._batch.watches.waiting_for(shown.run_id)
            if watch is None:
                continue
            seen = completed(shown, watch.told)
            assert watch.due_at is not None
            early_seconds = watch.due_at - now
            waiting += 1
            due += early_seconds <= 0
            self._batch.watches.take(watch)
            if self._is_enough(watch, seen, now):
                spared += self._spared(watch, early_seconds, seen)
                self._batch.hear(*self._told(watch, seen))
            else:
                self._looking.untold.append((watch, seen))
        return waiting, due, spared

    def _is_enough(self, watch: Watch, seen: Observation, now: float) -> bool:
        """Whether what the list tells of a run needs no look at the run itself."""
        if seen.status is not RunStatus.RUNNING:
            return self._looking.is_enough(seen)
        # Only a look at the run itself gives it up, for good or for a new attempt that is owed:
        # the list may lag behind.
        is_old = now - watch.began_at >= self._batch.config.polling.give_up_seconds
        return not is_old and not self._batch.in_flight[watch.entry_id].owes_retry

    def _spared(self, watch: Watch, early_seconds: float, seen: Observation) -> float:
        """How much of a look a page spares that tells this, so early."""
        if seen.status is not RunStatus.RUNNING:
            return 1.0
        return looks_spared(early_seconds, self._batch.watches.would_wait_seconds(watch))

    def _told(self, watch: Watch, reply: LookReply) -> Happening:
        entry = self._batch.in_flight[watch.entry_id]
        now = self._batch.clock.monotonic()
        self._learn_of_pushes(watch, reply, now)
        return entry, judge(entry, watch, reply, now, self._batch.config.polling.give_up_seconds)

    def _learn_of_pushes(self, watch: Watch, reply: LookReply, now: float) -> None:
        """Whether an end had to be looked for, though it should have been told."""
        if not isinstance(reply, Observation):
            return
        if reply.status is RunStatus.RUNNING:
            self._batch.hearing.saw_running(watch.age_seconds(now))
        elif watch.is_to_be_told:
            self._batch.hearing.found_untold()
