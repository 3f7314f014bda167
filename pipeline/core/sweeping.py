"""One look at the list for many runs, or one look a run? Owns the choice, and what it learns.

A page of the list may tell of a hundred runs. How many of them are ours and due is measured, and
nothing about the list's order is taken for granted. Must not know clocks, nor how a page is read.
"""

from dataclasses import dataclass
from enum import Enum, auto
from math import ceil
from typing import Final

LEAST_WATCHED: Final = 10
"""For fewer runs a page is not worth a try."""
RUNS_A_PAGE: Final = 100
DUE_SHARE: Final = 0.25
"""A sweep waits until so many of the watched runs are due: it tells of the others too."""
PATIENCE_SHARE: Final = 0.25
"""But no look is put off for longer than this share of the wait that it had."""
LEAST_YIELD: Final = 1.5
"""Due looks that a page must save on average; a look at one run saves one."""
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

    def after_look(self) -> "Yield":
        """One more run was looked at singly."""
        return Yield(max(0, self.rest - 1), self.fruitless, max(0, self.pages - 1))

    def after_sweep(self, pages: int, due_seen: int, watched: int) -> "Yield":
        """A sweep of so many pages told of so many runs that were due."""
        if due_seen >= LEAST_YIELD * pages:
            return Yield(pages=pages)
        times = min(2**self.fruitless, LONGEST_REST)
        rest = times * min(max(watched, LEAST_WATCHED), REST_A_PAGE * pages)
        return Yield(rest, self.fruitless + 1, pages)


def how_to_look(
    *,
    due: int,
    watched: int,
    overdue_seconds: float,
    wait_seconds: float,
    yield_: Yield,
) -> How:
    """How to look now, where so many of the watched runs are due.

    `overdue_seconds` is how long the first of them has been due, `wait_seconds` how long it was to
    wait before.
    """
    if watched < LEAST_WATCHED or yield_.rest:
        return How.SINGLY
    worth_it = LEAST_YIELD * max(yield_.pages, ceil(watched / RUNS_A_PAGE))
    if due >= max(worth_it, DUE_SHARE * watched):
        return How.BY_SWEEP
    if overdue_seconds < PATIENCE_SHARE * wait_seconds:
        return How.NOT_YET
    return How.BY_SWEEP if due >= worth_it else How.SINGLY
