"""Rates, durations and limits as a person writes them."""

import math
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.values.units import (
    ValueFault,
    read_duration_seconds,
    read_failure_limit,
    read_rate,
)
from pipeline.core.money.budget import FailureLimit
from pipeline.core.timing.pacing import Rate

NUMBERS = st.decimals("0.000001", 999_999, places=6)
SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}


@settings(deadline=None, max_examples=100)
@given(NUMBERS, st.sampled_from(["s", "min", "h"]))
def test_a_rate_is_so_many_in_its_unit(number: Decimal, unit: str) -> None:
    """Any number above 0 with a unit is the rate that it says."""
    assert read_rate(f"{number:f}/{unit}") == Rate(float(number), SECONDS[unit])


@settings(deadline=None, max_examples=100)
@given(NUMBERS, st.sampled_from(list(SECONDS)))
def test_a_duration_is_in_seconds(number: Decimal, unit: str) -> None:
    """Any number with a unit is that many seconds."""
    seconds = read_duration_seconds(f"{number:f}{unit}")
    assert math.isclose(seconds, float(number) * SECONDS[unit])


@pytest.mark.parametrize("value", [0, 0.0, "0", "0s", "0ms"])
def test_no_time_at_all_needs_no_unit(value: object) -> None:
    """0 is 0 in every unit."""
    assert read_duration_seconds(value) == 0


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (1, FailureLimit(count=1)),
        (20, FailureLimit(count=20)),
        ("10%", FailureLimit(percent=10)),
        ("0.5%", FailureLimit(percent=0.5)),
        (None, None),
    ],
)
def test_failures_are_limited_by_a_count_or_a_share(value: object, limit: object) -> None:
    """A count from 1, a share, or nothing."""
    assert read_failure_limit(value) == limit


@pytest.mark.parametrize(
    ("read", "value", "remedy"),
    [
        (read_rate, 60, "N/s, N/min or N/h"),
        (read_rate, "60", "N/s, N/min or N/h"),
        (read_rate, "60/m", "N/s, N/min or N/h"),
        (read_rate, "-1/s", "N/s, N/min or N/h"),
        (read_rate, "0/s", "above 0"),
        (read_rate, "1/s\n", "N/s, N/min or N/h"),
        (read_rate, "\u0661/s", "N/s, N/min or N/h"),
        (read_rate, None, "N/s, N/min or N/h"),
        (read_duration_seconds, 5, "5s"),
        (read_duration_seconds, 0.5, "0.5s"),
        (read_duration_seconds, True, "min, h or d"),
        (read_duration_seconds, float("inf"), "min, h or d"),
        (read_duration_seconds, "5", "min, h or d"),
        (read_duration_seconds, "5m", "write 5min"),
        (read_duration_seconds, "-5s", "min, h or d"),
        (read_duration_seconds, [], "min, h or d"),
        (read_failure_limit, 0, "10%"),
        (read_failure_limit, True, "10%"),
        (read_failure_limit, 1.5, "10%"),
        (read_failure_limit, "10", "10%"),
        (read_failure_limit, "0%", "10%"),
        (read_failure_limit, "101%", "10%"),
    ],
)
def test_what_has_no_unit_or_a_wrong_one_says_what_to_write(
    read: Callable[[object], object], value: object, remedy: str
) -> None:
    """A wrong value is a fault whose remedy holds the right form."""
    with pytest.raises(ValueFault) as caught:
        read(value)
    assert remedy in caught.value.remedy


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="0159./%smindh \n", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is written, it is a finite number of seconds or a fault, never another error."""
    for read in (read_rate, read_duration_seconds, read_failure_limit):
        try:
            value = read(text)
        except ValueFault:
            continue
        number = getattr(value, "seconds", getattr(value, "percent", value))
        assert math.isfinite(number)
