"""When to look: few looks beside those of an oracle that knows how long runs take."""

from collections.abc import Mapping, Sequence
from math import exp
from statistics import NormalDist, fmean
from typing import Final

import pytest

from pipeline.core.timing.backoff import LookWaits
from pipeline.core.timing.durations import Durations, Scale
from pipeline.core.timing.lookout import Lookout
from tests.core.oracle import Draw, Oracle
from tests.core.watching import Watched, watch

DEFAULT: Final = LookWaits(first_seconds=5, max_seconds=60, jitter=0.3)
NORMAL: Final = NormalDist()


def log_normal(median_seconds: float, spread: float) -> Draw:
    """Durations whose logarithm is normal."""
    return lambda chance: median_seconds * exp(spread * NORMAL.inv_cdf(max(1e-9, chance)))


def constant(seconds: float) -> Draw:
    """Durations that are all the same."""
    return lambda _: seconds


DISTRIBUTIONS: Final[Mapping[str, Draw]] = {
    "constant": constant(60),
    "long constant": constant(400),
    "uniform": lambda chance: 30 + 60 * chance,
    "uniform from 0": lambda chance: 90 * chance,
    "log-normal": log_normal(60, 0.8),
    "narrow log-normal": log_normal(60, 0.3),
    "two humps": lambda chance: 8 + 6 * chance if chance < 0.6 else 60 + 150 * chance,
    "two far humps": lambda chance: 20 + 10 * chance if chance < 0.5 else 200 + 100 * chance,
}
PRICES: Final = (0.0, pytest.param(30.0, marks=pytest.mark.slow))
"""Seconds for which a look keeps others waiting: none where the pace has room."""


def regret(watched: Sequence[Watched], draw: Draw) -> float:
    """Looks a run over those of the oracle at the same mean lag, of runs up to its cut."""
    oracle = Oracle.of(draw, DEFAULT)
    kept = [run for run in watched if run.duration_seconds <= oracle.cut_seconds]
    return fmean(run.looks for run in kept) / oracle.fewest_looks(
        fmean(run.lag_seconds for run in kept)
    )


@pytest.mark.parametrize("look_seconds", PRICES)
@pytest.mark.parametrize(
    "name",
    [
        *("constant", "uniform", "log-normal", "two humps"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("long constant", "uniform from 0", "narrow log-normal", "two far humps")
        ),
    ],
)
def test_after_a_hundred_ends_looks_cost_little_more_than_the_oracles(
    name: str, look_seconds: float
) -> None:
    """At most 1.3 times as many, whatever the distribution and the price of a look."""
    draw = DISTRIBUTIONS[name]
    watched = watch(Lookout(DEFAULT), lambda _: draw, 600, look_seconds)
    learnt = [run for run in watched if run.started_after_ends >= 100]
    assert len(learnt) > 350
    assert regret(learnt, draw) <= 1.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (constant(60), constant(120)),
        (constant(60), constant(30)),
        (constant(30), DISTRIBUTIONS["uniform"]),
        (DISTRIBUTIONS["uniform"], log_normal(200, 0.3)),
        (log_normal(200, 0.3), DISTRIBUTIONS["two humps"]),
    ],
)
@pytest.mark.parametrize("look_seconds", [0.0, 20.0])
def test_a_sudden_change_is_learnt_within_a_hundred_runs(
    before: Draw, after: Draw, look_seconds: float
) -> None:
    """Slower, faster or of another shape: looks are as few as ever, and soon the lag is as little.

    Give or take what a look is worth. That runs got faster shows by the few early looks alone, so
    the lag takes up to two hundred.
    """
    changes_at = 250

    def which(number: int) -> Draw:
        return before if number < changes_at else after

    watched = watch(Lookout(DEFAULT), which, 800, look_seconds)
    ended_before = sum(run.number < changes_at for run in watched)
    changed = [run for run in watched if run.started_after_ends >= ended_before + 100]
    assert len(changed) > 200
    assert regret(changed, after) <= 1.3
    fresh = watch(Lookout(DEFAULT), lambda _: after, 400, look_seconds)
    usual_lag = fmean(run.lag_seconds for run in fresh if run.started_after_ends >= 100)
    later = [run for run in changed if run.started_after_ends >= ended_before + 200]
    assert fmean(run.lag_seconds for run in later) <= 1.5 * usual_lag + max(5.0, look_seconds)


def test_before_anything_ended_the_wait_is_half_the_age() -> None:
    """A first batch begins with the plain rule."""
    lookout = Lookout(DEFAULT)
    assert lookout.wait_seconds(40, 0, 0, 0.5) == pytest.approx(20)
    assert lookout.wait_seconds(0, 0, 0, 0.0) == pytest.approx(5)


def test_a_plan_can_be_asked_without_lot_once_there_is_one() -> None:
    """Where nothing was learnt there is none; then it is what waits are spread around."""
    lookout = Lookout(DEFAULT)
    assert lookout.planned_seconds(0) == 0
    for _ in range(100):
        lookout.saw_running(0, 1000)
        lookout.saw_end(1000, 1030)
    assert lookout.planned_seconds(0) == 0
    waits = [lookout.wait_seconds(0, 0, 0, chance) for chance in (0.0, 0.5, 0.999)]
    assert min(waits) <= lookout.planned_seconds(0) <= max(waits)
    assert lookout.planned_seconds(9000) == 0


def test_the_longest_wait_binds_once_a_run_has_outlived_the_others() -> None:
    """`max` may be passed while a run is as young as those that were seen, and not after."""
    lookout = Lookout(DEFAULT)
    for _ in range(100):
        lookout.saw_running(0, 1000)
        lookout.saw_end(1000, 1030)
    waits = {age: lookout.wait_seconds(age, 0, age, 0.5) for age in (0, 500, 1040, 1500, 9000)}
    assert waits[0] > 950
    assert 450 < waits[500] < 560
    assert all(5 <= waits[age] <= 60 for age in (1040, 1500, 9000))


@pytest.mark.parametrize("first_seconds", [0.0, 0.05, 5.0, 120.0])
@pytest.mark.parametrize("max_seconds", [0.1, 60.0])
def test_no_wait_is_shorter_than_first(first_seconds: float, max_seconds: float) -> None:
    """Whatever was learnt, and even where the bounds are odd."""
    bounds = LookWaits(first_seconds, max(first_seconds, max_seconds), 0.3)
    lookout = Lookout(bounds)
    for number in range(50):
        lookout.saw_end(0, 0.01 * 1.3 ** (number % 40))
    for age in (0, 0.01, 3, 70, 4000):
        for chance in (0, 0.05, 0.5, 0.99):
            assert lookout.wait_seconds(age, 0, 0, chance) >= first_seconds


def test_little_is_remembered() -> None:
    """Memory does not grow with the runs, nor with looks at a run that never ends."""
    lookout = Lookout(DEFAULT)
    for number in range(5000):
        lookout.saw_end(number % 7, 60)
        lookout.saw_running(number, number + 100)
    assert len(lookout._durations._steps) <= 1500  # noqa: SLF001  # nothing else tells of memory
    assert lookout._durations.ends <= 300  # noqa: SLF001  # likewise


def test_so_many_of_the_newest_ends_are_remembered_and_no_more() -> None:
    """Each that comes puts the oldest out, with the steps that led to it."""
    durations = Durations(Scale(5))
    for _ in range(700):
        durations.saw_running(0, 20)
        durations.saw_end(20, 40)
    assert durations.ends == 300
