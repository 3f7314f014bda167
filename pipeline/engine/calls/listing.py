"""The service's list of runs, read as a whole though it grows meanwhile. Owns the passes over it.

Owns also whose its runs are, by the ledger, and that several who ask get one reading. Must not know
who asks for a page, at which pace, nor what a listing shows of an attempt in doubt: that is
`core.reconciling`'s.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias

from pipeline.core.doubts import digest_of
from pipeline.core.model import RunId, State
from pipeline.core.reconciling import Claims, Listed, Listing, listed
from pipeline.core.replies import Missing, RunPage
from pipeline.engine.clock import Clock
from pipeline.ledger.store import Ledger

PASSES: Final = 4
"""So often the list is gone through, until it was read as a whole."""
CATCH_UPS: Final = 20
"""So often, beside, only its front is read again, where the newest runs may stand."""

Pages: TypeAlias = Callable[[int], Awaitable[RunPage | Missing | None]]
"""Asks for a page by its number, from 1; ``None`` where the service does not give it."""


@dataclass(slots=True)
class _Reading:
    """The list as far as it was read. It is whole once the distinct runs are as many as said."""

    began_at: float
    runs: dict[RunId, Listed] = field(default_factory=dict)
    total: int | None = None
    pages_before: int = 0
    """How many pages the last pass took that went through the list."""
    has_order: bool = True
    """Whether the newest runs may stand in front, by all that was read."""

    def add(self, page: RunPage) -> bool:
        """Take a page in; tells whether it brought a run that was not known.

        A list that shrank is another list: what was read of it is void.
        """
        if self.total is not None and (page.total is None or page.total < self.total):
            self.runs.clear()
        self.total = page.total
        before = len(self.runs)
        self.runs.update((seen.run_id, listed(seen)) for seen in page.runs)
        return len(self.runs) > before

    @property
    def is_whole(self) -> bool:
        return self.total is not None and len(self.runs) == self.total


class _End(Enum):
    """How one pass over the list ended."""

    THROUGH = auto()
    """With the list's last page, or because it was whole by then."""
    CAUGHT_UP = auto()
    """With a page that joins on to what was known: those before it told of what came meanwhile."""
    OUTRUN = auto()
    """Nothing joined on to what was known, of as many pages as the pass before took: the list
    grows faster than it is read."""
    NO_PAGE = auto()
    """The service did not give a page."""
    NO_LIST = auto()
    """It has none."""


_FOR_NOW: Final = frozenset({_End.OUTRUN, _End.NO_PAGE})
"""It is not read any further now; the next reading may fare better."""


async def read_listing(pages: Pages, began_at: float) -> Listing | None:
    """All runs of the workflow, as far as they can be read; ``None``: there is no list.

    While a long list is read, more runs begin than a page holds. Where the newest stand in front,
    a short look there tells of them, and of fewer that began since, until a page tells of all.
    """
    reading = _Reading(began_at)
    ends: Counter[_End] = Counter()
    while not reading.is_whole and ends[_End.THROUGH] < PASSES:
        may_catch_up = ends[_End.THROUGH] > 0 and reading.has_order
        end = await _pass(reading, pages, may_catch_up=may_catch_up)
        if end is _End.NO_LIST:
            return None
        ends[end] += 1
        if end in _FOR_NOW or ends[_End.CAUGHT_UP] > CATCH_UPS:
            break
    return Listing(began_at, reading.runs, reading.is_whole)


async def _pass(reading: _Reading, pages: Pages, *, may_catch_up: bool) -> _End:
    """Go through the list from its first page on."""
    number, items = 1, 0
    in_this_pass: set[RunId] = set()
    while not reading.is_whole:
        page = await pages(number)
        if page is None or isinstance(page, Missing):
            return _End.NO_LIST if page is not None and number == 1 else _End.NO_PAGE
        items += len(page.runs)
        ids = {seen.run_id for seen in page.runs}
        joins_on = not reading.runs.keys().isdisjoint(ids - in_this_pass)
        brought_news = reading.add(page)
        # Page after page of the same runs is no list that goes on, whatever total it tells.
        if ids <= in_this_pass or _is_last(page, items, brought_news=brought_news):
            break
        if may_catch_up and joins_on:
            if number > 1:
                return _End.CAUGHT_UP
            # The front is known, and runs are missing all the same: they stand elsewhere.
            reading.has_order = may_catch_up = False
        elif may_catch_up and number == reading.pages_before:
            return _End.OUTRUN
        in_this_pass |= ids
        number += 1
    reading.pages_before = number
    return _End.THROUGH


def _is_last(page: RunPage, items: int, *, brought_news: bool) -> bool:
    """Whether a pass ends with this page, once it gave so many items."""
    if page.total is None:
        # Such a list might give the same page for ever.
        return not brought_news
    return items >= page.total


def claims_on(listing: Listing, ledger: Ledger) -> Claims:
    """Who owns what of the listing, by the ledger as it now is."""
    tokens = [run.token for run in listing.runs.values() if run.token is not None]
    bearers = ledger.bearers(tokens)
    starting = ledger.enrolled_anywhere(State.STARTING)
    return Claims(
        runs=ledger.owners([*listing.runs]).keys(),
        tokens={t for t, owner in bearers.items() if owner.state is not State.UNCONFIRMED},
        ledger_token=ledger.token,
        starting={digest_of(row.variables) for row in starting},
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """The list, and whose its runs were once it had been read."""

    listing: Listing
    claims: Claims


class Readings:
    """Reads the list for all who ask: each gets a reading that was begun after they asked.

    Several chunks of one worker may have rows in doubt at once. If each read the whole list, at a
    pace that is theirs together, it would grow faster than it is read, and never be whole.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._asking = 0
        self._begun = 0
        """Readings are numbered in the order in which they were begun."""
        self._last_number = 0
        self._last: Reading | None = None

    async def read(
        self, pages: Pages, claims: Callable[[Listing], Awaitable[Claims]]
    ) -> Reading | None:
        """The list, by these pages unless somebody else reads it first; ``None``: there is none."""
        begun_before = self._begun
        self._asking += 1
        try:
            async with self._one_at_a_time:
                if self._last_number <= begun_before:
                    await self._read(pages, claims)
                return self._last
        finally:
            self._asking -= 1
            if not self._asking:
                # It is as large as the list, and nobody waits for it.
                self._last = None

    async def _read(self, pages: Pages, claims: Callable[[Listing], Awaitable[Claims]]) -> None:
        self._begun += 1
        number = self._begun
        listing = await read_listing(pages, self._clock.monotonic())
        self._last = None if listing is None else Reading(listing, await claims(listing))
        # Whoever was cut off on the way leaves the reading to the next.
        self._last_number = number
