"""A list of runs that grows, shrinks or repeats itself while it is read."""

import asyncio
import random

import pytest

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.reconciling import Listing
from pipeline.core.replies import Missing, RunPage
from pipeline.engine.calls.listing import CATCH_UPS, PASSES, read_listing
from pipeline.remote.client import RUNS_A_PAGE


def a_page(total: int | None, *numbers: int) -> RunPage:
    """A page of runs that go by these numbers."""
    runs = (Observation(RunId(f"WRUN-{n}"), RunStatus.COMPLETE, "COMPLETE") for n in numbers)
    return RunPage(total, tuple(runs))


def read(*pages: RunPage | Missing | None) -> tuple[Listing | None, list[int]]:
    """What comes of these answers, the last of them for ever, and the pages that were asked for."""
    answers = list(pages)
    asked: list[int] = []

    async def answer(number: int) -> RunPage | Missing | None:
        asked.append(number)
        assert len(asked) < 100, "the reading does not end"
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return asyncio.run(read_listing(answer, began_at=7.0)), asked


FIRST = a_page(101, *range(100))


@pytest.mark.parametrize(
    ("pages", "asked", "runs"),
    [
        ([a_page(0)], [1], 0),
        ([a_page(2, 1, 2)], [1], 2),
        ([FIRST, a_page(101, 100)], [1, 2], 101),
        # One more was begun meanwhile, and pushed one that is known into the second page.
        ([FIRST, a_page(102, 99, 100), a_page(102, 101, *range(99))], [1, 2, 1], 102),
        # It shrank: what was read is of another list.
        ([FIRST, a_page(100), a_page(100, *range(1, 101))], [1, 2, 1], 100),
    ],
)
def test_a_list_is_whole_once_its_distinct_runs_are_as_many_as_the_last_total(
    pages: list[RunPage], asked: list[int], runs: int
) -> None:
    """Over one pass or more; a total that fell begins anew."""
    listing, numbers = read(*pages)
    assert listing is not None
    assert (listing.is_whole, len(listing.runs), listing.began_at) == (True, runs, 7.0)
    assert numbers == asked


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (a_page(3, 1, 2), [1, 2] * PASSES),
        (a_page(1, 1, 2), [1] * PASSES),
        (a_page(None, *range(RUNS_A_PAGE)), [1, 2, *[1] * (PASSES - 1)]),
        (a_page(None), [1] * PASSES),
        (a_page(250, *range(RUNS_A_PAGE)), [1, 2] * PASSES),
        (a_page(1_000_000, *range(RUNS_A_PAGE)), [1, 2] * PASSES),
        (None, [1]),
    ],
    ids=[
        "too few",
        "too many",
        "the same page for ever, without a total",
        "nothing, without a total",
        "the same page for ever",
        "the same page for ever, and a total of far more",
        "no page is given",
    ],
)
def test_a_list_that_can_not_be_read_whole_ends_all_the_same(
    page: RunPage | None, asked: list[int]
) -> None:
    """It is read a few times, never for ever, and is known as not whole."""
    listing, numbers = read(page)
    assert listing is not None
    assert not listing.is_whole
    assert numbers == asked


def test_where_there_is_no_list_there_is_no_listing() -> None:
    """404 or 405 on its first page; on a later one it is only not whole."""
    assert read(Missing()) == (None, [1])
    listing, numbers = read(FIRST, Missing())
    assert listing is not None
    assert (listing.is_whole, numbers) == (False, [1, 2])


def test_a_list_whose_pages_become_smaller_is_read_whole() -> None:
    """What was read before does not join on to the smaller pages: the next pass reads them all."""
    pages = [a_page(25, *range(n, min(n + 10, 25))) for n in (0, 10, 20)]
    first = a_page(25, *range(20))
    listing, numbers = read(first, pages[1], *pages)
    assert listing is not None
    assert (listing.is_whole, len(listing.runs)) == (True, 25)
    assert numbers == [1, 2, 1, 2, 3]


def read_growing(runs: int, begun_a_page: int, *, newest_first: bool) -> tuple[Listing | None, int]:
    """The reading of a list to which so many runs come between two pages; how many were asked."""
    begun, asked = [*range(runs)], 0
    chance = random.Random(7)  # noqa: S311  # chance

    async def answer(number: int) -> RunPage:
        nonlocal asked
        asked += 1
        for _ in range(begun_a_page):
            begun.insert(0 if newest_first else chance.randrange(len(begun)), len(begun))
        first = (number - 1) * RUNS_A_PAGE
        return a_page(len(begun), *begun[first : first + RUNS_A_PAGE])

    return asyncio.run(read_listing(answer, began_at=7.0)), asked


@pytest.mark.parametrize("begun_a_page", [1, 10, 20, 40])
def test_a_list_that_begins_with_the_newest_is_read_whole_though_it_grows(
    begun_a_page: int,
) -> None:
    """Rows in doubt are settled while starts go on, and not only once these have ended."""
    listing, asked = read_growing(5000, begun_a_page, newest_first=True)
    assert listing is not None
    assert listing.is_whole
    # Of a page's runs, only those are new that no page before it has pushed down.
    catches_up_by = RUNS_A_PAGE / (RUNS_A_PAGE - 2 * begun_a_page)
    assert asked <= 5000 / RUNS_A_PAGE * catches_up_by + CATCH_UPS


@pytest.mark.parametrize("begun_a_page", [60, 90, 100])
def test_a_list_that_outruns_its_reader_is_given_up_for_now(begun_a_page: int) -> None:
    """Nothing is asked for in vain for longer than one pass over the list took."""
    listing, asked = read_growing(500, begun_a_page, newest_first=True)
    assert listing is not None
    assert not listing.is_whole
    assert asked <= 2 * 500 / (RUNS_A_PAGE - begun_a_page + 1) + CATCH_UPS


@pytest.mark.parametrize("begun_a_page", [47, 48, 49, 50, 51])
def test_a_list_that_keeps_pace_with_its_reader_is_not_read_for_ever(begun_a_page: int) -> None:
    """Its front is looked at again a few times, and never the whole once more."""
    listing, asked = read_growing(2000, begun_a_page, newest_first=True)
    assert listing is not None
    through = 2000 // (RUNS_A_PAGE - begun_a_page) + 1
    assert asked <= (CATCH_UPS + 2) * through


def test_a_list_without_order_that_grows_is_given_up_for_now() -> None:
    """Nothing is looked for in front where the newest don't stand there."""
    listing, asked = read_growing(2000, 20, newest_first=False)
    assert listing is not None
    assert not listing.is_whole
    # Each pass is longer by a quarter than the one before.
    assert asked <= 2000 / (RUNS_A_PAGE - 20) * (1 + 1.25 + 1.25**2 + 1.25**3) + PASSES
