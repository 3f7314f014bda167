"""The progress line: one line, within the terminal, whose parts stand where they stood."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.progress.progressline import Figures, Scale, progress_line

SCALE = Scale(total=12_000, max_in_flight=500, max_credits=30_000)
FIGURES = Figures(
    done=12_000, running=500, failed=12_000, credits=24_000, ends_a_second=1, left_seconds=35_999
)


def test_all_of_it_fits_eighty_columns_at_12000_rows() -> None:
    """Nothing that a person should know is left out of a usual terminal."""
    line = progress_line(FIGURES, SCALE, 79)
    assert line == "12000/12000 500 running 12000 failed 24000/30000 credits 60/min 9:59:59 left"


figures = st.builds(
    Figures,
    done=st.integers(0, 12_000),
    running=st.integers(0, 500),
    failed=st.integers(0, 12_000),
    credits=st.floats(0, 30_000),
    ends_a_second=st.none() | st.floats(1e-3, 9_999),
    left_seconds=st.none() | st.floats(0, 86_400 * 400),
)


@settings(deadline=None, max_examples=200)
@given(now=figures, later=figures, columns=st.integers(40, 200))
def test_no_part_moves(now: Figures, later: Figures, columns: int) -> None:
    """Whatever the figures become, each part ends in the column where it ended before."""
    ends = [
        [match.end() for match in re.finditer(r"(/12000|running|failed|credits|left|[/]\w+)", line)]
        for line in (progress_line(f, SCALE, columns) for f in (now, later))
    ]
    assert ends[0] == ends[1]


@settings(deadline=None, max_examples=200)
@given(now=figures, total=st.integers(1, 10**7), columns=st.integers(20, 200))
def test_the_line_is_never_wider_than_the_terminal(now: Figures, total: int, columns: int) -> None:
    """A line that wraps can't be redrawn: the screen would fill."""
    capped = replace(now, done=min(now.done, total), failed=min(now.failed, total))
    assert len(progress_line(capped, Scale(total, 500, None), columns)) <= columns


@pytest.mark.parametrize(
    ("credits_", "cap", "words"),
    [
        (12_345.67, 1_000_000, "  12346/1000000"),
        (1.4, 12.5, "   1/12.5"),
        (0.0028, 0.012, "0.0028/0.012"),
        (0.1 + 0.2, 9, "0.3/9"),
        (0.0028, None, "0.0028"),
        (1_358_024.58, None, "1358025"),
    ],
)
def test_a_little_is_not_told_as_nothing(credits_: float, cap: float | None, words: str) -> None:
    """Whole credits are enough where they are many; a cap is told as the config has it."""
    line = progress_line(replace(FIGURES, credits=credits_), replace(SCALE, max_credits=cap), 99)
    assert f" {words} credits" in line


@pytest.mark.parametrize(
    ("ends_a_second", "words"),
    [
        (None, "-/min"),
        (1 / 3600 * 30, "30/h"),
        (1, "60/min"),
        (2, "2.0/s"),
        (500, "500/s"),
    ],
)
def test_a_pace_is_told_in_a_unit_that_suits_it(ends_a_second: float | None, words: str) -> None:
    """Slow and fast batches show figures that can be read."""
    assert f" {words} " in progress_line(replace(FIGURES, ends_a_second=ends_a_second), SCALE, 99)


def test_where_only_doubts_are_waited_for_they_take_the_place_of_the_clock() -> None:
    """`0:00 left` for half a minute tells nobody what goes on."""
    line = progress_line(FIGURES, SCALE, 99)
    doubts = progress_line(replace(FIGURES, left_seconds=0, in_doubt=3), SCALE, 99)
    assert doubts.endswith("/min    3 in doubt")
    assert len(doubts) == len(line)


@pytest.mark.parametrize(
    ("left_seconds", "words"),
    [(None, "-:--"), (0, "0:00"), (61, "1:01"), (3_661, "1:01:01"), (36_000, "10 h")],
)
def test_the_time_left_is_told_as_a_clock_does(left_seconds: float | None, words: str) -> None:
    """Unknown is said as such, and hours without seconds nobody waits for."""
    line = progress_line(replace(FIGURES, left_seconds=left_seconds), SCALE, 99)
    assert line.endswith(f" {words} left")
