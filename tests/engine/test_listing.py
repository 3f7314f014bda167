"""A list of runs that grows, shrinks or repeats itself while it is read."""

import asyncio

import pytest

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.reconciling import Listing
from pipeline.core.replies import Missing, RunPage
from pipeline.engine.calls.listing import PASSES, read_listing
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
