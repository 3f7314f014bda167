"""When to look again, and how long to wait after a failure."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.backoff import Backoff, next_look_seconds, try_again_seconds

DEFAULT: Final = Backoff(first_seconds=5, max_seconds=60, jitter=0.3)
AGES: Final = st.floats(0, 1e7)
CHANCES: Final = st.floats(0, 1, exclude_max=True)
EXAMPLES: Final = settings(deadline=None, max_examples=100)


@pytest.mark.parametrize(
    ("age_seconds", "wait_seconds"),
    [(0, 5), (9, 5), (10, 5), (30, 15), (120, 60), (121, 60), (86_400, 60)],
)
def test_a_run_is_looked_at_after_half_its_age(age_seconds: float, wait_seconds: float) -> None:
    """Never sooner than `first`, never later than `max`."""
    assert next_look_seconds(age_seconds, DEFAULT, chance=0.5) == pytest.approx(wait_seconds)


@EXAMPLES
@given(AGES, CHANCES)
def test_jitter_spreads_the_wait_by_its_share(age_seconds: float, chance: float) -> None:
    """By at most `jitter` to either side, so that runs started together are not seen together."""
    even = next_look_seconds(age_seconds, DEFAULT, chance=0.5)
    wait = next_look_seconds(age_seconds, DEFAULT, chance)
    assert 0.7 * even - 1e-9 <= wait <= 1.3 * even + 1e-9
    assert 3.5 - 1e-9 <= wait <= 78 + 1e-9


@EXAMPLES
@given(AGES, AGES, CHANCES)
def test_an_older_run_is_never_looked_at_sooner(one: float, other: float, chance: float) -> None:
    """The wait grows with the age."""
    younger, older = sorted((one, other))
    assert next_look_seconds(younger, DEFAULT, chance) <= next_look_seconds(older, DEFAULT, chance)


def test_without_jitter_chance_changes_nothing() -> None:
    """A jitter of 0 is a wait that can be foretold."""
    even = Backoff(first_seconds=5, max_seconds=60, jitter=0)
    assert {next_look_seconds(30, even, chance) for chance in (0, 0.3, 0.99)} == {15}


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
