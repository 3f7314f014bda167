"""One look at the list for many runs, or one look a run: by what a page was measured to save."""

import dataclasses

import pytest
from msgspec.structs import replace

from pipeline.core.model import RunId
from pipeline.core.replies import RunPage
from pipeline.core.timing.sweeping import (
    LEAST_WATCHED,
    How,
    Swept,
    Waiting,
    Yield,
    how_to_look,
    looks_spared,
)
from tests.core.builders import an_observation


def how(due: int, watched: int = 100, overdue: float = 9.0, yield_: Yield | None = None) -> How:
    """How to look at runs that waited for ten seconds, where a look is worth five of lag."""
    return how_to_look(Waiting(due, watched, overdue, 10.0, 5.0), yield_ or Yield())


@pytest.mark.parametrize(
    ("due", "watched", "overdue", "chosen"),
    [
        (1, 1, 0.0, How.SINGLY),
        (LEAST_WATCHED - 1, LEAST_WATCHED - 1, 99.0, How.SINGLY),
        (2, 100, 3.9, How.NOT_YET),
        (2, 100, 4.0, How.SINGLY),
        (10, 100, 1.9, How.NOT_YET),
        (10, 100, 2.0, How.BY_SWEEP),
        (35, 100, 0.0, How.BY_SWEEP),
        (124, 5000, 4.0, How.SINGLY),
        (125, 5000, 7.9, How.NOT_YET),
        (125, 5000, 8.0, How.BY_SWEEP),
        (1750, 5000, 0.0, How.BY_SWEEP),
    ],
)
def test_a_sweep_waits_for_company_but_not_for_long(
    due: int, watched: int, overdue: float, chosen: How
) -> None:
    """A third of the runs are due, or those that are lost as much as the pages are worth."""
    assert how(due, watched, overdue) is chosen


def test_a_list_that_tells_of_too_few_rests() -> None:
    """Each sweep that did not pay makes the rest longer; one that pays ends it."""
    once = Yield().after_sweep(pages=4, spared=9.9, due_seen=5, watched=50)
    assert once.rest == 32
    rested = once
    for _ in range(32):
        assert how(50, 50, yield_=rested) is How.SINGLY
        rested = rested.after_look()
    assert rested.rest == 0
    twice = rested.after_sweep(pages=4, spared=9.9, due_seen=5, watched=50)
    assert twice.rest == 64
    paid = twice.after_sweep(pages=4, spared=10, due_seen=10, watched=50)
    assert paid == Yield(pages=4)


def test_a_sweep_is_expected_to_cost_what_the_last_one_did() -> None:
    """Six pages for a hundred runs, since the list holds others: then fifteen must be due."""
    costly = Yield().after_sweep(pages=6, spared=20, due_seen=20, watched=100)
    assert (how(14, yield_=costly), how(15, yield_=costly)) == (How.SINGLY, How.BY_SWEEP)
    for _ in range(6):
        costly = costly.after_look()
    assert how(7, yield_=costly) is How.BY_SWEEP


def test_what_a_sweep_spares_beside_the_due_looks_counts() -> None:
    """It told of ends before these were due, too: then half as many that are due are enough."""
    richer = Yield().after_sweep(pages=6, spared=41, due_seen=20, watched=100)
    assert (how(7, overdue=20, yield_=richer), how(8, overdue=20, yield_=richer)) == (
        How.SINGLY,
        How.BY_SWEEP,
    )


@pytest.mark.parametrize(
    ("early_seconds", "wait_seconds", "share"),
    [(0, 20, 1.0), (-3, 20, 1.0), (5, 20, 0.75), (20, 20, 0.0), (50, 20, 0.0)],
)
def test_a_look_that_comes_early_spares_the_less_of_one(
    early_seconds: float, wait_seconds: float, share: float
) -> None:
    """A run that is known to run until its look is due gains nothing by an earlier one."""
    assert looks_spared(early_seconds, wait_seconds) == share


def test_what_a_sweep_did_not_come_to_is_looked_at_singly() -> None:
    """However many are due: the next sweep would not come to it either."""
    waiting = Waiting(50, 100, 9.0, 10.0, 5.0, is_passed_over=True)
    assert how_to_look(waiting, Yield()) is How.SINGLY


def test_the_longest_rest_is_bounded() -> None:
    """However often it did not pay, a page is tried again some day."""
    tried = Yield()
    for _ in range(100):
        tried = tried.after_sweep(pages=1, spared=0, due_seen=0, watched=1000)
    assert tried.rest == 512


def a_page(*names: str, total: int | None = None) -> RunPage:
    """A page of the list that tells of these runs."""
    return RunPage(total, tuple(replace(an_observation(), run_id=RunId(n)) for n in names))


def test_a_page_counts_where_it_tells_of_a_run_that_was_not_read_before() -> None:
    """One that never changes is no page of a list that goes on, and tells of nothing."""
    swept = Swept()
    first, second = a_page("a", "b"), a_page("b", "c")
    assert swept.read(first) is first
    assert swept.read(first) is None
    assert (swept.pages, swept.barren) == (2, 1)
    assert swept.read(second) is second
    assert not swept.is_whole


@pytest.mark.parametrize("end", [None, a_page()])
def test_a_list_ends_with_a_page_that_tells_of_no_run(end: RunPage | None) -> None:
    """It is asked for no more of them."""
    swept = Swept()
    assert swept.read(end) is None
    assert (swept.pages, swept.is_whole) == (1, True)


def test_a_list_ends_once_as_many_runs_were_read_as_it_has() -> None:
    """Those that were read twice count once."""
    swept = Swept()
    swept.read(a_page("a", "b", total=3))
    swept.read(a_page("a", "b", total=3))
    assert not swept.is_whole
    swept.read(a_page("b", "c", total=3))
    assert swept.is_whole


def test_pages_that_tell_of_no_watched_run_are_counted_until_one_does() -> None:
    """After so many in a row, a sweep is given up; what the others spared is kept."""
    swept = Swept()
    for _ in range(2):
        swept.found(watched=0, due=0, spared=0.0)
    assert swept.barren == 2
    swept.found(watched=3, due=2, spared=2.5)
    swept.found(watched=1, due=1, spared=1.0)
    assert (swept.barren, swept.due, swept.spared) == (0, 3, 3.5)


def test_a_look_that_comes_a_little_early_is_spared_in_part() -> None:
    """Half of its wait early, it spares half of a look, however short the wait is."""
    assert looks_spared(early_seconds=0.5, wait_seconds=1.0) == 0.5


def test_what_sweeps_left_over_is_swept_again_where_single_looks_fall_behind() -> None:
    """A sweep that was cut short must not leave thousands of runs to a look each."""
    left_over = Waiting(3000, 3600, 10.1, 10.0, 5.0, is_passed_over=True)
    assert how_to_look(left_over, Yield()) is How.BY_SWEEP
    in_time = dataclasses.replace(left_over, overdue_seconds=10.0)
    assert how_to_look(in_time, Yield()) is How.SINGLY
    # As many single looks come between two sweeps as the first one read pages.
    just_swept = Yield(pages=2)
    assert how_to_look(left_over, just_swept) is How.SINGLY
    assert how_to_look(left_over, just_swept.after_look().after_look()) is How.BY_SWEEP
    assert how_to_look(left_over, Yield(rest=1)) is How.SINGLY
