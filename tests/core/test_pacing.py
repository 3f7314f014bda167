"""The pace: never above the rate in any window, and not below it where calls wait."""

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.timing.pacing import CATCH_UP_SECONDS, Pace, Rate, shift_seconds, spared

RATES: Final = st.builds(Rate, st.floats(0.5, 200), st.sampled_from([1.0, 60.0]))
GAPS: Final = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.019, 0.3, 7.0]), max_size=60)
EXAMPLES: Final = settings(deadline=None, max_examples=100)


def calls_at(pace: Pace, arrivals: Iterable[float], lateness: float = 0.0) -> Iterator[float]:
    """When each call leaves: once it has come, the pace allows it, and the loop has woken."""
    for arrival in arrivals:
        moment = max(arrival, pace.allowed_at() + lateness)
        pace = pace.after_call(moment)
        yield moment


@EXAMPLES
@given(RATES, st.integers(1, 20), GAPS)
def test_no_window_holds_more_than_the_rate(rate: Rate, burst: int, gaps: list[float]) -> None:
    """Any W seconds see at most rate x (W + 20 ms) + burst calls, however they come in."""
    moments = list(calls_at(Pace(rate, burst), accumulate(gaps)))
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            window_seconds = moments[last] - begin
            most = rate.per_second * (window_seconds + CATCH_UP_SECONDS) + burst
            assert last - first + 1 <= most + 1e-6


@pytest.mark.parametrize("lateness", [0.0, 0.001, 0.0199])
@pytest.mark.parametrize("rate", [Rate(60, 60.0), Rate(10, 1.0), Rate(50, 1.0), Rate(200, 1.0)])
def test_the_rate_is_reached_where_calls_always_wait(rate: Rate, lateness: float) -> None:
    """A loop that wakes up to 20 ms late still makes at least 99 % of the rate."""
    count = 10 + math.ceil(10 * rate.per_second)
    moments = list(calls_at(Pace(rate), [0.0] * count, lateness))
    reached = (count - 1) / (moments[-1] - moments[0])
    assert reached >= 0.99 * rate.per_second


def test_longer_lateness_is_not_made_good() -> None:
    """A loop that was stuck for minutes does not flood the service afterwards."""
    pace = Pace(Rate(10, 1.0)).after_call(0.0).after_call(300.0)
    assert pace.allowed_at() == pytest.approx(300.1 - CATCH_UP_SECONDS)


@pytest.mark.parametrize(("burst", "at_once"), [(1, 1), (2, 2), (5, 5)])
def test_a_burst_is_so_many_at_once(burst: int, at_once: int) -> None:
    """After a rest, `burst` calls may leave together, and then one an interval."""
    moments = list(calls_at(Pace(Rate(1, 1.0), burst), [100.0] * (burst + 2)))
    assert moments.count(100.0) == at_once
    assert moments[-1] - moments[-2] == pytest.approx(1.0)


def test_the_first_call_may_leave_at_once() -> None:
    """A new pace owes nothing, whatever the clock shows."""
    assert Pace(Rate(1, 3600.0)).allowed_at() == -math.inf


@pytest.mark.parametrize(
    ("rate", "per_second", "interval"),
    [(Rate(60, 60.0), 1.0, 1.0), (Rate(4, 1.0), 4.0, 0.25), (Rate(1, 3600.0), 1 / 3600, 3600.0)],
)
def test_a_rate_and_its_interval(rate: Rate, per_second: float, interval: float) -> None:
    """So many calls a second are one call each so many seconds."""
    assert (rate.per_second, rate.interval_seconds) == (per_second, interval)


@pytest.mark.parametrize(
    ("ahead_seconds", "rate", "wait_seconds"),
    [
        pytest.param(3600, Rate(1, 1), 1, id="after the hour's one call, one a second"),
        pytest.param(900, Rate(1, 1), 0.25, id="a quarter of the hour is left"),
        pytest.param(900, Rate(1, 7200), 1800, id="one in two hours"),
        pytest.param(-5, Rate(1, 1), 0, id="nothing has to wait"),
    ],
)
def test_at_another_rate_what_left_weighs_what_it_then_does(
    ahead_seconds: float, rate: Rate, wait_seconds: float
) -> None:
    """The part of an interval that is left to wait stays the same part."""
    pace = Pace(Rate(1, 3600), next_due_at=1000 + ahead_seconds).at_rate(rate, 1000)
    assert pace.rate == rate
    assert max(0, pace.allowed_at() - 1000) == pytest.approx(wait_seconds)


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [(Rate(10, 1.0), 0.13), (Rate(10, 2.0), 0.26), (Rate(60, 60.0), 0.3), (Rate(1, 3600.0), 0.3)],
)
def test_calls_of_several_workers_may_be_shifted_by_a_part_of_the_window(
    rate: Rate, seconds: float
) -> None:
    """By what they wait for each other, but of a short window only by what the rate can bear."""
    assert shift_seconds(rate) == pytest.approx(seconds)


def test_together_workers_keep_a_rate_that_bears_the_shift() -> None:
    """As many calls, in a window that is longer by it: none comes too early for the service."""
    rate = spared(Rate(60, 60.0))
    assert (rate.count, rate.seconds) == (60, pytest.approx(60.3))
