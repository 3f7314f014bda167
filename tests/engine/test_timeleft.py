"""The time that is left follows from how fast rows start and how long runs take."""

import pytest

from pipeline.engine.progress.timeleft import Sight, TimeLeft


def after(seconds: int, *, rate: float, a_run: float, rows: int = 10**9) -> tuple[TimeLeft, int]:
    """Rows that start at a rate and run so long, looked at once a second; and how many run."""
    time_left, running = TimeLeft(0.0), 0
    for now in range(1, seconds + 1):
        started = min(rows, int(now * rate))
        ended = min(rows, max(0, int((now - a_run) * rate)))
        running = started - ended
        time_left.see(Sight(now, started, ended), running)
    return time_left, running


@pytest.mark.parametrize("a_run", [5, 30, 100])
@pytest.mark.parametrize("rate", [0.5, 1, 10])
def test_it_is_the_starts_that_are_left_and_one_run_more(rate: float, a_run: float) -> None:
    """Long before the end, the estimate is within a tenth of what it will be."""
    time_left, running = after(1000, rate=rate, a_run=a_run)
    left = time_left.left_seconds(600, running)
    assert left == pytest.approx(600 / rate + a_run, rel=0.1)
    assert time_left.ends_a_second == pytest.approx(rate, rel=0.1)


def test_once_all_are_started_it_is_the_rest_of_the_last_run() -> None:
    """The tail of a batch counts down, and does not hang on the pace of starts."""
    time_left, running = after(110, rate=1, a_run=40, rows=100)
    assert time_left.left_seconds(0, running) == pytest.approx(30, abs=6)


def test_nothing_is_told_before_a_run_has_ended() -> None:
    """Nobody knows then how long one takes."""
    time_left, running = after(20, rate=1, a_run=60)
    assert time_left.left_seconds(100, running) is None
    assert time_left.ends_a_second is None


def test_nothing_left_takes_no_time() -> None:
    """A batch with nothing to do says so."""
    assert TimeLeft(0.0).left_seconds(0, 0) == 0


def test_a_new_pace_shows_within_the_window() -> None:
    """A rate that was changed an hour ago is no part of the estimate."""
    time_left, _ = after(3600, rate=1, a_run=10)
    started, ended = 3600, 3590
    for now in range(3601, 3900):
        started, ended = started + 10, ended + 10
        time_left.see(Sight(now, started, ended), 10)
    assert time_left.ends_a_second == pytest.approx(10)
