"""How long a batch still takes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.report.live.left import Left, Owed, Pace, time_left

STEADY = [10.0] * 20
PACE = Pace(interval_seconds=1.0, max_in_flight=500, seen_interval_seconds=None)


@pytest.mark.parametrize(
    ("owed", "pace", "expected"),
    [
        (Owed(0, 0), PACE, Left(0, 0)),
        (Owed(0, 3), PACE, Left(0, 10)),
        (Owed(60, 3), PACE, Left(70, 70)),
        # Of late they left at half of the rate.
        (Owed(60, 3), Pace(1.0, 500, 2.0), Left(70, 130)),
        # Faster than the config says: its rate was adjusted.
        (Owed(60, 3), Pace(1.0, 500, 0.5), Left(40, 70)),
        # Only two at a time, so that one leaves every five seconds.
        (Owed(60, 2), Pace(1.0, 2, None), Left(310, 310)),
    ],
)
def test_the_range_follows_what_holds_the_batch_up(owed: Owed, pace: Pace, expected: Left) -> None:
    """The rate, the starts of late, or the runs in flight: whichever is the slowest."""
    assert time_left(owed, pace, STEADY) == expected


def test_quick_and_slow_runs_make_the_range() -> None:
    """The short end takes a quick last run, the long end one that is slower than 95 of 100."""
    left = time_left(Owed(1, 0), PACE, [float(n) for n in range(101)])
    assert left == Left(1 + 25, 1 + 95)


def test_before_a_run_has_ended_nobody_knows() -> None:
    """No figure is made up."""
    assert time_left(Owed(10, 1), PACE, []) is None


@settings(deadline=None, max_examples=100)
@example(1, 0, [20972.516431789503], None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 500),
    st.lists(st.floats(0, 1e5), min_size=1, max_size=30),
    st.none() | st.floats(1e-3, 1e4),
)
def test_the_short_end_is_never_the_longer_one(
    to_start: int, in_flight: int, durations: list[float], seen: float | None
) -> None:
    """A range is one, whatever was seen."""
    left = time_left(Owed(to_start, in_flight), Pace(1.0, 500, seen), durations)
    assert left is not None
    assert 0 <= left.shortest_seconds <= left.longest_seconds
