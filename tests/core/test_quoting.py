"""What rows will cost and take, by the runs that ended."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.money.quoting import PastRun, Range, Terms, quote

TERMS = Terms(
    starts_per_second=1.0,
    burst=1,
    max_in_flight=500,
    looks_per_second=20.0,
    retries=0,
    credits_per_run=None,
)


def runs(*credits_: float | None, seconds: float | None = 10.0) -> list[PastRun]:
    """Runs that cost so much, each of the same length."""
    return [PastRun(cost, seconds, has_failed=False) for cost in credits_]


@pytest.mark.parametrize(
    ("past", "terms", "expected", "priced"),
    [
        ([], {}, None, 0),
        (runs(None, None), {}, None, 0),
        (runs(2.0), {}, Range(200, 200, 200), 1),
        (runs(1.0, 2.0, 6.0), {}, Range(100, 300, 600), 3),
        (runs(1.0, None, 3.0), {}, Range(100, 200, 300), 2),
        (runs(0.0), {}, Range(0, 0, 0), 1),
        ([], {"credits_per_run": 4.0}, Range(400, 400, 400), 0),
        (runs(None), {"credits_per_run": 4.0}, Range(400, 400, 400), 0),
        (runs(2.0), {"credits_per_run": 4.0}, Range(200, 200, 200), 1),
        (runs(2.0), {"retries": 3}, Range(200, 200, 800), 1),
    ],
)
def test_a_hundred_rows_cost_what_past_runs_cost(
    past: list[PastRun], terms: dict[str, float], expected: Range | None, priced: int
) -> None:
    """The mean, between the least and the most; what the config says only where no run does."""
    quoted = quote(100, past, replace(TERMS, **terms))  # type: ignore[arg-type]  # its fields
    assert (quoted.credits, quoted.priced_runs) == (expected, priced)


def test_what_is_spent_already_is_added_to_all_of_a_quote() -> None:
    """The least, the most and what lies between."""
    assert Range(1, 2, 4).plus(10) == Range(11, 12, 14)


def test_runs_that_fail_are_paid_for_as_often_as_the_config_allows() -> None:
    """With `retry.failed: 2` and every other run failing, a row needs 1 + 1/2 + 1/4 runs."""
    past = [PastRun(2.0, None, has_failed=True), PastRun(2.0, None, has_failed=False)]
    assert quote(100, past, replace(TERMS, retries=2)).credits == Range(200, 350, 600)


@pytest.mark.parametrize(
    ("rows", "run_seconds", "terms", "seconds"),
    [
        (0, 10.0, {}, 0.0),
        (1, 10.0, {}, 10.0),
        (61, 10.0, {}, 70.0),
        (61, 10.0, {"burst": 11}, 60.0),
        (61, 10.0, {"starts_per_second": 2.0}, 40.0),
        (100, 50.0, {"max_in_flight": 10}, 500.0),
        (1000, 1.0, {"starts_per_second": 500.0}, 50.0),
    ],
)
def test_a_batch_takes_as_long_as_what_is_slowest(
    rows: int, run_seconds: float, terms: dict[str, float], seconds: float
) -> None:
    """The starts and the last run; or the runs in flight; or a look at each run."""
    quoted = quote(rows, runs(1.0, seconds=run_seconds), replace(TERMS, **terms))  # type: ignore[arg-type]  # its fields
    assert quoted.seconds == Range(seconds, seconds, seconds)
    assert quoted.timed_runs == 1


def test_without_a_timed_run_the_starts_alone_are_told() -> None:
    """Nobody knows how long the last run takes, and no number stands for it."""
    quoted = quote(61, runs(2.0, seconds=None), TERMS)
    assert (quoted.seconds, quoted.timed_runs) == (Range(60, 60, 60), 0)


COSTS = st.floats(0, 1e6)


@settings(deadline=None, max_examples=200)
@given(st.lists(COSTS, min_size=1, max_size=30), st.data())
def test_no_total_of_runs_like_the_past_ones_is_out_of_the_range(
    costs: list[float], data: st.DataObject
) -> None:
    """However their costs are spread: the range is one that a person can rely on."""
    to_come = data.draw(st.lists(st.sampled_from(costs), max_size=30))
    quoted = quote(len(to_come), runs(*costs), TERMS)
    assert quoted.credits is not None
    low, high = quoted.credits.low, quoted.credits.high
    slack = 1e-9 * high
    assert low - slack <= sum(to_come) <= high + slack
    assert low - slack <= quoted.credits.expected <= high + slack


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0, 4000), min_size=1, max_size=9),
    st.integers(1, 600),
    st.integers(0, 3),
)
def test_the_expected_time_lies_in_its_range(
    rows: int, seconds: list[float], max_in_flight: int, retries: int
) -> None:
    """Longer runs and more attempts never make a batch shorter."""
    past = [PastRun(None, taken, has_failed=taken > 1000) for taken in seconds]
    terms = replace(TERMS, max_in_flight=max_in_flight, retries=retries)
    found = quote(rows, past, terms).seconds
    assert found.low <= found.expected * (1 + 1e-9)
    assert found.expected <= found.high * (1 + 1e-9)
