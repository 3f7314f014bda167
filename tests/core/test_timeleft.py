"""How long a batch still takes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.timing.timeleft import Lately, Left, Owed, Pace, time_left

STEADY = [10.0] * 20
PACE = Pace(interval_seconds=1.0, max_in_flight=500, seen_interval_seconds=None)


@pytest.mark.parametrize(
    ("owed", "pace", "expected"),
    [
        (Owed(0, 0), PACE, Left(0, 0, 0)),
        (Owed(0, 3), PACE, Left(0, 10, 10)),
        (Owed(60, 3), PACE, Left(70, 70, 70)),
        # Of late they left at half of the rate.
        (Owed(60, 3), Pace(1.0, 500, 2.0), Left(70, 130, 130)),
        # Faster than the config says: its rate was adjusted.
        (Owed(60, 3), Pace(1.0, 500, 0.5), Left(40, 40, 70)),
        # Only two at a time, so that one leaves every five seconds.
        (Owed(60, 2), Pace(1.0, 2, None), Left(310, 310, 310)),
    ],
)
def test_the_range_follows_what_holds_the_batch_up(owed: Owed, pace: Pace, expected: Left) -> None:
    """The rate, the starts of late, or the runs in flight: whichever is the slowest."""
    assert time_left(owed, pace, STEADY) == expected


def test_quick_and_slow_runs_make_the_range() -> None:
    """The short end takes a quick last run, the long end one that is slower than 95 of 100.

    The likely time takes a usual one.
    """
    left = time_left(Owed(1, 0), PACE, [float(n) for n in range(101)])
    assert left == Left(1 + 25, 1 + 50, 1 + 95)


def test_before_a_run_has_ended_nobody_knows() -> None:
    """No figure is made up."""
    assert time_left(Owed(10, 1), PACE, []) is None


def test_how_long_a_pause_lasts_nobody_knows() -> None:
    """Where rows wait for it to end; what was started goes on to its end all the same."""
    paused = Pace(1.0, 500, None, is_paused=True)
    assert time_left(Owed(10, 1), paused, STEADY) is None
    assert time_left(Owed(0, 1), paused, STEADY) == Left(0, 10, 10)


@settings(deadline=None, max_examples=100)
@example(1, 0, [20972.516431789503], None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 500),
    st.lists(st.floats(0, 1e5), min_size=1, max_size=30),
    st.none() | st.floats(1e-3, 1e4),
)
def test_what_is_likely_lies_in_the_range(
    to_start: int, in_flight: int, durations: list[float], seen: float | None
) -> None:
    """The line on the terminal and the live page never contradict each other."""
    left = time_left(Owed(to_start, in_flight), Pace(1.0, 500, seen), durations)
    assert left is not None
    assert 0 <= left.shortest_seconds <= left.likely_seconds <= left.longest_seconds


@pytest.mark.parametrize("a_run", [5, 30, 100])
@pytest.mark.parametrize("rate", [0.5, 1, 10])
def test_it_is_the_starts_that_are_left_and_one_run_more(rate: float, a_run: float) -> None:
    """Long before the end, what is likely is within a tenth of what it will be."""
    starts = Lately(0, 0)
    for now in range(1, 1000):
        starts.see(now, int(now * rate))
    assert starts.a_second == pytest.approx(rate, rel=0.1)
    # The config would allow ten times as many.
    pace = Pace(0.1 / rate, 10**6, starts.interval_seconds)
    left = time_left(Owed(600, int(a_run * rate)), pace, [a_run] * 300)
    assert left is not None
    assert left.likely_seconds == pytest.approx(600 / rate + a_run, rel=0.1)


def test_once_all_are_started_it_is_the_rest_of_the_last_run() -> None:
    """The tail of a batch counts down, and does not hang on the pace of starts."""
    starts = Lately(0, 0)
    for now in range(1, 111):
        starts.see(now, min(now, 100))
    pace = Pace(1.0, 500, starts.interval_seconds, starts.still_seconds)
    assert time_left(Owed(0, 40), pace, [40.0] * 60) == Left(0, 30, 40)


def test_a_new_pace_shows_within_the_window() -> None:
    """A rate that was changed an hour ago is no part of the estimate."""
    starts = Lately(0, 0)
    for now in range(1, 3601):
        starts.see(now, now)
    for now in range(3601, 3900):
        starts.see(now, 3600 + 10 * (now - 3600))
    assert starts.a_second == pytest.approx(10)


def test_what_did_not_grow_of_late_has_no_pace() -> None:
    """Nothing is divided by nothing, and a clock that was set back makes no pace."""
    count = Lately(50, 7)
    count.see(60, 7)
    assert (count.a_second, count.interval_seconds, count.still_seconds) == (None, None, 10)
    count.see(20, 9)
    assert count.a_second is None
