"""One look at the list for many runs, or one look a run: by what a page was measured to save."""

import pytest

from pipeline.core.sweeping import LEAST_WATCHED, How, Yield, how_to_look


@pytest.mark.parametrize(
    ("due", "watched", "overdue", "how"),
    [
        (1, 1, 0.0, How.SINGLY),
        (LEAST_WATCHED - 1, LEAST_WATCHED - 1, 99.0, How.SINGLY),
        (1, 100, 0.0, How.NOT_YET),
        (24, 100, 2.4, How.NOT_YET),
        (25, 100, 0.0, How.BY_SWEEP),
        (2, 100, 2.5, How.BY_SWEEP),
        (1, 100, 2.5, How.SINGLY),
        (74, 5000, 2.5, How.SINGLY),
        (75, 5000, 2.5, How.BY_SWEEP),
        (1250, 5000, 0.0, How.BY_SWEEP),
    ],
)
def test_a_sweep_waits_for_company_but_not_for_long(
    due: int, watched: int, overdue: float, how: How
) -> None:
    """A quarter of the runs are due, or the first has been for a quarter of its wait of 10 s."""
    chosen = how_to_look(
        due=due, watched=watched, overdue_seconds=overdue, wait_seconds=10.0, yield_=Yield()
    )
    assert chosen is how


def test_a_list_that_tells_of_too_few_rests() -> None:
    """Each sweep that did not pay makes the rest longer; one that pays ends it."""
    once = Yield().after_sweep(pages=4, due_seen=5, watched=50)
    assert once.rest == 32
    rested = once
    for _ in range(32):
        assert (
            how_to_look(due=50, watched=50, overdue_seconds=9, wait_seconds=1, yield_=rested)
            is How.SINGLY
        )
        rested = rested.after_look()
    assert rested.rest == 0
    twice = rested.after_sweep(pages=4, due_seen=5, watched=50)
    assert twice.rest == 64
    assert twice.after_sweep(pages=4, due_seen=6, watched=50) == Yield(pages=4)


def test_a_sweep_is_expected_to_cost_what_the_last_one_did() -> None:
    """Six pages for a hundred runs, since the list holds others: then nine must be due."""
    costly = Yield().after_sweep(pages=6, due_seen=20, watched=100)

    def how(due: int, yield_: Yield) -> How:
        return how_to_look(due=due, watched=100, overdue_seconds=9, wait_seconds=1, yield_=yield_)

    assert (how(8, costly), how(9, costly)) == (How.SINGLY, How.BY_SWEEP)
    for _ in range(6):
        costly = costly.after_look()
    assert how(2, costly) is How.BY_SWEEP


def test_the_longest_rest_is_bounded() -> None:
    """However often it did not pay, a page is tried again some day."""
    tried = Yield()
    for _ in range(100):
        tried = tried.after_sweep(pages=1, due_seen=0, watched=1000)
    assert tried.rest == 512
