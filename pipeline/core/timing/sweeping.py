"""One look at the list for many runs, or one look a run? Owns the choice, and what it learns.

A page of the list may tell of a hundred runs. How many of them are ours and due is measured, and
nothing about the list's order is taken for granted. Must not know clocks, nor how a page is asked
for.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from math import ceil
from typing import Final

from pipeline.core.model import RunId
from pipeline.core.replies import RunPage

LEAST_WATCHED: Final = 10
"""For fewer runs a page is not worth a try."""
RUNS_A_PAGE: Final = 100
DUE_SHARE: Final = 0.35
"""A sweep waits until so many of the watched runs are due: it tells of the others too."""
PATIENCE_SHARE: Final = 0.4
"""Where too few are due for a sweep, no look is put off for longer than this share of its wait."""
LEAST_YIELD: Final = 2.5
"""Looks that a page must spare on average; a look at one run spares one."""
MOST_SPARED_A_DUE: Final = 4.0
"""A sweep that met nearly none of those that were due tells little of the next one."""
PAGE_LOOKS: Final = 2.0
"""What a page is worth in looks: at one, long tails are swept for next to nothing."""
LONGEST_REST: Final = 64
"""So many times the first rest is the longest, however often sweeps were in vain."""


REST_A_PAGE: Final = 8
"""A first sweep in vain is made up for by so many single looks for each of its pages."""


class How(Enum):
    """How the runs that are due are looked at."""

    SINGLY = auto()
    BY_SWEEP = auto()
    NOT_YET = auto()
    """More of them will be due in a moment, and a sweep will tell of all."""


@dataclass(frozen=True, slots=True)
class Yield:
    """What sweeps have brought so far. `rest` counts the single looks until the next is tried."""

    rest: int = 0
    fruitless: int = 0
    """Sweeps in a row that did not pay."""
    pages: int = 0
    """What the last sweep read; each single look since makes it count for less."""
    spared_a_due: float = 1.0
    """Looks that the last sweep spared for each that was due."""

    def after_look(self) -> "Yield":
        """One more run was looked at singly."""
        return replace(self, rest=max(0, self.rest - 1), pages=max(0, self.pages - 1))

    def after_sweep(self, pages: int, spared: float, due_seen: int, watched: int) -> "Yield":
        """A sweep of so many pages spared so many looks, and told of so many that were due."""
        spared_a_due = min(MOST_SPARED_A_DUE, (spared + 1) / (due_seen + 1))
        if spared >= LEAST_YIELD * pages:
            return Yield(pages=pages, spared_a_due=spared_a_due)
        times = min(2**self.fruitless, LONGEST_REST)
        rest = times * min(max(watched, LEAST_WATCHED), REST_A_PAGE * pages)
        return Yield(rest, self.fruitless + 1, pages, spared_a_due)


@dataclass(slots=True)
class Swept:
    """What one sweep has read so far."""

    pages: int = 0
    due: int = 0
    """Runs that were due, and were told of."""
    spared: float = 0.0
    """Looks that this spared."""
    barren: int = 0
    """So many pages in a row, the newest last, told of no run that is watched."""
    is_whole: bool = False
    """Whether the list came to its end."""
    _read: set[RunId] = field(default_factory=set)

    def read(self, page: RunPage | None) -> RunPage | None:
        """Take a page in; gives it where it tells of any run that the pages before did not."""
        self.pages += 1
        if page is None or not page.runs:
            self.is_whole = True
            return None
        runs = {seen.run_id for seen in page.runs}
        # One that never changes is no page of a list that goes on.
        if runs <= self._read:
            self.barren += 1
            return None
        self._read |= runs
        self.is_whole |= page.total is not None and len(self._read) >= page.total
        return page

    def found(self, watched: int, due: int, spared: float) -> None:
        """A page told of so many watched runs; so many of them were due."""
        self.due += due
        self.spared += spared
        self.barren = 0 if watched else self.barren + 1


def looks_spared(early_seconds: float, wait_seconds: float) -> float:
    """The share of a look that is spared by being told, so early, that a run still runs.

    `early_seconds` is how long before it was due (0: it was), `wait_seconds` how long the next
    look may wait by plan: what counts is by how much it comes later than it would have.
    """
    return 1.0 if early_seconds <= 0 else max(0.0, 1 - early_seconds / wait_seconds)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How the runs stand that are watched, when the first of them is due."""

    due: int
    watched: int
    overdue_seconds: float
    """How long the first has been due."""
    wait_seconds: float
    """How long it was to wait before."""
    price_seconds: float
    """A look is worth so much of one run's lag."""
    is_passed_over: bool = False
    """Whether the last sweep did not come to the first of them, though it was due."""


def how_to_look(waiting: Waiting, yield_: Yield) -> How:
    """How to look now: at this run, at the list, or at neither yet.

    A sweep leaves when those that are due have lost together what its pages are worth; that costs
    least where they come to be due evenly.
    """
    due, watched = waiting.due, waiting.watched
    # Those that a sweep did not come to are looked at singly, as many as it read pages. Where they
    # wait on for longer than they were to wait at all, there are too many for that.
    is_behind = waiting.overdue_seconds > waiting.wait_seconds
    is_left_over = waiting.is_passed_over and (yield_.pages > 0 or not is_behind)
    if watched < LEAST_WATCHED or yield_.rest or is_left_over:
        return How.SINGLY
    pages = max(yield_.pages, ceil(watched / RUNS_A_PAGE))
    lost_seconds = due * waiting.overdue_seconds / 2
    is_ripe = (
        due >= DUE_SHARE * watched or lost_seconds >= PAGE_LOOKS * pages * waiting.price_seconds
    )
    if due * yield_.spared_a_due >= LEAST_YIELD * pages:
        return How.BY_SWEEP if is_ripe else How.NOT_YET
    is_patient = waiting.overdue_seconds < PATIENCE_SHARE * waiting.wait_seconds
    return How.NOT_YET if is_patient else How.SINGLY
