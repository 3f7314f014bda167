"""When to look again, and how long to wait after a failure."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.timing.backoff import (
    LookWaits,
    look_again_seconds,
    next_look_seconds,
    rest_seconds,
    try_again_seconds,
)

DEFAULT: Final = LookWaits(first_seconds=5, max_seconds=60, jitter=0.3)
AGES: Final = st.floats(0, 1e7)
CHANCES: Final = st.floats(0, 1, exclude_max=True)
EXAMPLES: Final = settings(deadline=None, max_examples=100)


@pytest.mark.parametrize(
    ("age_seconds", "least", "most"),
    [(0, 5, 6.5), (10, 5, 6.5), (30, 10.5, 19.5), (100, 35, 60), (120, 42, 60), (86_400, 42, 60)],
)
def test_a_run_is_looked_at_after_half_its_age(
    age_seconds: float, least: float, most: float
) -> None:
    """Spread by `jitter` to either side, never sooner than `first`, never later than `max`."""
    assert next_look_seconds(age_seconds, DEFAULT, chance=0) == pytest.approx(least)
    assert next_look_seconds(age_seconds, DEFAULT, chance=1) == pytest.approx(most)


@EXAMPLES
@given(AGES, CHANCES)
def test_first_and_max_are_bounds(age_seconds: float, chance: float) -> None:
    """Whatever the age, and whatever the lot."""
    assert 5 <= next_look_seconds(age_seconds, DEFAULT, chance) <= 60


@EXAMPLES
@given(AGES, AGES, CHANCES)
def test_an_older_run_is_never_looked_at_sooner(one: float, other: float, chance: float) -> None:
    """The wait grows with the age."""
    younger, older = sorted((one, other))
    sooner, later = (next_look_seconds(age, DEFAULT, chance) for age in (younger, older))
    assert sooner <= later + 1e-9


def test_without_jitter_chance_changes_nothing() -> None:
    """A jitter of 0 is a wait that can be foretold."""
    even = LookWaits(first_seconds=5, max_seconds=60, jitter=0)
    assert {next_look_seconds(30, even, chance) for chance in (0, 0.3, 0.99)} == {15}


@pytest.mark.parametrize(
    ("in_vain", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (10_000, 60)]
)
def test_what_a_look_did_not_tell_is_asked_again_soon(in_vain: int, seconds: float) -> None:
    """First after `first`, then after twice as long each time, up to `max`."""
    even = LookWaits(first_seconds=5, max_seconds=60, jitter=0)
    assert look_again_seconds(in_vain, even, chance=0.5) == seconds


@pytest.mark.parametrize(
    ("refusals", "seconds"),
    [(1, 0.02), (2, 0.1), (3, 0.2), (4, 0.4), (10, 25.6), (11, 51.2), (12, 60), (10_000, 60)],
)
def test_one_refusal_costs_next_to_nothing_and_each_further_one_doubles(
    refusals: int, seconds: float
) -> None:
    """Up to a minute, and never so little as half of it."""
    assert rest_seconds(refusals, chance=0) == pytest.approx(seconds)
    assert rest_seconds(refusals, chance=1) == pytest.approx(seconds / 2)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (10_000, 60)],
)
def test_each_failure_doubles_the_wait(failures: int, seconds: float) -> None:
    """Up to a minute, and never so little as half of it."""
    assert try_again_seconds(failures, chance=0) == seconds
    assert try_again_seconds(failures, chance=1) == seconds / 2


@EXAMPLES
@given(st.integers(1, 100), CHANCES)
def test_a_service_that_asks_for_rest_gets_some(failures: int, chance: float) -> None:
    """The wait lies between half a second and a minute."""
    assert 0.5 <= try_again_seconds(failures, chance) <= 60
