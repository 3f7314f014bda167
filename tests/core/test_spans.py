"""A length of time as a person is told it."""

import pytest

from pipeline.core.timing.spans import span


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (0.05, "0.05 s"),
        (2, "2 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_time_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    """No unit that is nothing, and none that is too small to matter."""
    assert span(seconds) == told
