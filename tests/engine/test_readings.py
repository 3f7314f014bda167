"""Several chunks ask for the list of runs at once, and one reading is enough for them."""

import asyncio
from collections.abc import Awaitable, Callable

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.reconciling import Claims, Listing
from pipeline.core.replies import RunPage
from pipeline.engine.calls.listing import Reading, Readings
from tests.virtual import VirtualClock, run_virtually

PAGE_SECONDS = 1.0
NONE_CLAIMED = Claims(frozenset(), frozenset(), "ledger", frozenset())


async def no_claims(_: Listing) -> Claims:
    """Nobody owns any of them."""
    return NONE_CLAIMED


class Asked:
    """A list of one page that takes a while; counts how often it was asked for."""

    def __init__(self) -> None:
        self.times = 0

    async def page(self, _: int) -> RunPage:
        """The one page."""
        self.times += 1
        await asyncio.sleep(PAGE_SECONDS)
        seen = Observation(RunId(f"WRUN-{self.times}"), RunStatus.COMPLETE, "COMPLETE")
        return RunPage(1, (seen,))


def asked_at(
    *moments: float, cut_off: Callable[[list[asyncio.Task[Reading | None]]], Awaitable[None]]
) -> tuple[list[Reading | None], int]:
    """What those get who ask at these moments, and how often the page was asked for."""
    asked = Asked()

    async def asker(readings: Readings, moment: float) -> Reading | None:
        await asyncio.sleep(moment)
        return await readings.read(asked.page, no_claims)

    async def all_of_them() -> list[Reading | None]:
        readings = Readings(VirtualClock())
        tasks = [asyncio.create_task(asker(readings, moment)) for moment in moments]
        await cut_off(tasks)
        got = await asyncio.gather(*tasks, return_exceptions=True)
        return [one if not isinstance(one, BaseException) else None for one in got]

    return run_virtually(all_of_them()), asked.times


async def nobody(_: list[asyncio.Task[Reading | None]]) -> None:
    """All live on."""


async def the_first(tasks: list[asyncio.Task[Reading | None]]) -> None:
    """The first is cut off while it reads."""
    await asyncio.sleep(PAGE_SECONDS / 2)
    tasks[0].cancel()


def test_who_asks_while_the_list_is_read_shares_the_next_reading() -> None:
    """One that was begun before they asked may lack what they look for."""
    got, times = asked_at(0.0, 0.2, 0.4, 0.6, cut_off=nobody)
    first, *others = got
    assert times == 2
    assert first is not None
    assert first.listing.began_at == 0.0
    assert {one.listing.began_at for one in others if one} == {PAGE_SECONDS}
    assert all(others)


def test_a_reading_is_not_kept_once_nobody_waits() -> None:
    """Who asks later gets the list as it then is."""
    got, times = asked_at(0.0, 5.0, cut_off=nobody)
    assert times == 2
    assert [one.listing.began_at for one in got if one] == [0.0, 5.0]


def test_a_reader_that_is_cut_off_leaves_it_to_the_next() -> None:
    """Those who waited for it get a reading all the same."""
    got, times = asked_at(0.0, 0.2, 0.4, cut_off=the_first)
    assert times == 2
    assert [one is None for one in got] == [True, False, False]
