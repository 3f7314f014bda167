"""The learnt rate: against services whose limit is a bucket or a window, and against chance."""

import heapq
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from pipeline.core.timing.learning import LearntRate
from pipeline.core.timing.pacing import Pace, Rate
from tests.core.hidden import Bucket, FixedWindow, Hidden, SlidingWindow

LATENCY_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Call:
    """A call, as the service saw it."""

    at: float
    is_taken: bool


def calls_to(hidden: Hidden, learnt: LearntRate, count: int, seed: int = 1) -> list[Call]:
    """So many calls that always wait; after a refusal they rest until the service has room."""
    lot = random.Random(seed)  # noqa: S311  # chance, not secrecy
    pace = Pace(Rate(learnt.per_second, 1.0))
    replies: list[tuple[float, float, float]] = []
    calls: list[Call] = []
    now = 0.0
    while len(calls) < count:
        due_at = max(pace.allowed_at(), now)
        if replies and replies[0][0] <= due_at:
            now, sent_at, wait_seconds = heapq.heappop(replies)
            if wait_seconds:
                learnt.refused(sent_at, now)
                pace = pace.not_before(now + wait_seconds)
            else:
                learnt.taken(sent_at, now)
            if learnt.per_second != pace.rate.per_second:
                pace = pace.at(learnt.per_second)
            continue
        now = due_at
        pace = pace.after_call(now)
        wait_seconds = hidden.wait_seconds(now)
        calls.append(Call(now, not wait_seconds))
        latency_seconds = LATENCY_SECONDS * (0.8 + 0.4 * lot.random())
        heapq.heappush(replies, (now + latency_seconds, now, wait_seconds))
    return calls


def refused_share(calls: Sequence[Call]) -> float:
    """The share of calls that were refused."""
    return sum(not call.is_taken for call in calls) / len(calls)


def taken_per_second(calls: Sequence[Call]) -> float:
    """Calls that were taken a second."""
    return sum(call.is_taken for call in calls) / (calls[-1].at - calls[0].at)


LIMITS: Final = (10, 25, 60)


@pytest.mark.parametrize("times", [1.03, 1.5, 3, 10])
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize(
    "kind", ["small bucket", "bucket of a second", "fixed window", "sliding window"]
)
def test_a_hidden_limit_is_found_within_three_hundred_calls(
    kind: str, limit: int, times: float
) -> None:
    """From then on at least 0.9 of it is reached, and at most 2 % of the calls are refused."""
    hidden: dict[str, Hidden] = {
        "small bucket": Bucket(limit, max(2.0, limit / 5)),
        "bucket of a second": Bucket(limit, limit),
        "fixed window": FixedWindow(limit, 1.0),
        "sliding window": SlidingWindow(limit, 1.0),
    }
    later = calls_to(hidden[kind], LearntRate(limit * times), 2300)[300:]
    assert taken_per_second(later) >= 0.9 * limit
    assert refused_share(later) <= 0.02


@pytest.mark.parametrize("every", [100, 400, 1000])
def test_a_stray_refusal_never_lowers_the_rate(every: int) -> None:
    """One now and then, whatever the rate: it stays as configured."""
    learnt = LearntRate(50)
    for number in range(5000):
        moment = number / 50
        if number % every == every - 1:
            learnt.refused(moment, moment + 0.05)
        else:
            learnt.taken(moment, moment + 0.05)
        assert learnt.per_second == 50


def test_a_stray_refusal_never_lowers_what_was_learnt() -> None:
    """One refusal by chance takes back no more than what is on trial."""
    learnt = LearntRate(100)
    calls_to(FixedWindow(20, 1.0), learnt, 1000)
    proven = learnt._proven  # noqa: SLF001  # what a trial falls back to shows nowhere else
    before = learnt.per_second
    learnt.refused(1e6, 1e6 + 0.05)
    assert learnt.per_second >= min(before, 0.97 * proven)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.05, 0.10, 0.25])
def test_refusals_by_chance_do_not_bring_the_rate_down_for_good(share: float, seed: int) -> None:
    """Whatever the rate, that share is refused: at least 0.85 of the rate is gone on with."""
    lot = random.Random(seed)  # noqa: S311  # chance, not secrecy
    learnt = LearntRate(50)
    moments = []
    for moment in clock(learnt, 4000):
        tell = learnt.refused if lot.random() < share else learnt.taken
        tell(moment, moment + 0.01)
        moments.append(moment)
    later = moments[300:]
    assert len(later) / (later[-1] - later[0]) >= 0.85 * 50


def test_a_limit_that_comes_up_amid_chance_is_still_found() -> None:
    """A share that is borne hides no limit that refuses far more."""
    learnt = LearntRate(50)
    lot = random.Random(1)  # noqa: S311  # chance, not secrecy
    for moment in clock(learnt, 1000):
        tell = learnt.refused if lot.random() < 0.10 else learnt.taken
        tell(moment, moment + 0.01)
    assert learnt.per_second == 50
    later = calls_to(Bucket(10, 5), learnt, 1500)[500:]
    assert refused_share(later) <= 0.05


@pytest.mark.parametrize("seed", range(5))
def test_chance_that_is_over_tells_nothing_of_a_limit(seed: int) -> None:
    """What was borne is forgotten: the next refusals are a few, and no share of all before."""
    lot = random.Random(seed)  # noqa: S311  # chance, not secrecy
    learnt = LearntRate(500.0)
    for place in range(2600):
        share = 0.2 if place < 2000 else 0.0 if place < 2500 else 0.02
        reply = learnt.refused if lot.random() < share else learnt.taken
        reply(place / 500, place / 500 + 0.0001)
    assert learnt.per_second == 500


def test_a_limit_that_is_lifted_is_found_out() -> None:
    """What was learnt is tried again: from a fifth of the rate back to all of it."""
    learnt = LearntRate(50)
    calls_to(Bucket(10, 10), learnt, 600)
    assert learnt.per_second < 12
    for moment in clock(learnt, 6000, begin=1e4):
        learnt.taken(moment, moment + 0.01)
    assert learnt.per_second == 50


@pytest.mark.parametrize(("configured", "rate"), [(20, 20), (100, 100)])
def test_a_rate_that_was_never_refused_follows_the_config(configured: int, rate: int) -> None:
    """A person who raises or lowers `limits.rate` is obeyed at once."""
    learnt = LearntRate(50)
    learnt.configure(configured)
    assert learnt.per_second == rate


def test_what_the_service_refuses_stays_known_where_the_config_changes() -> None:
    """A higher rate in the config is no reason to be refused again, and a lower one is kept."""
    learnt = LearntRate(50)
    calls_to(Bucket(10, 10), learnt, 600)
    found = learnt.per_second
    learnt.configure(100)
    assert learnt.per_second == found < 12
    later = calls_to(Bucket(10, 10), learnt, 900)
    assert refused_share(later) <= 0.03
    learnt.configure(5)
    assert learnt.per_second == 5
    for moment in clock(learnt, 600, begin=1e4):
        learnt.taken(moment, moment + 0.01)
    assert learnt.per_second == 5


def test_refusals_until_a_call_is_taken_again_are_one() -> None:
    """A window that is full refuses every call until it opens: that shows no lower limit."""
    learnt = LearntRate(50)
    for number in range(60):
        learnt.taken(number / 50, number / 50 + 0.01)
    for number in range(60, 300):
        learnt.refused(number / 50, number / 50 + 0.01)
    assert learnt.per_second == 50


def clock(learnt: LearntRate, count: int, begin: float = 0.0) -> Iterable[float]:
    """The moments of so many calls at the rate as it is learnt."""
    moment = begin
    for _ in range(count):
        moment += 1 / learnt.per_second
        yield moment
