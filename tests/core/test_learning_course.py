"""The way of the search for a rate, step by step: bounds alone would let a lost rule pass."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pipeline.core.timing.backoff import rest_seconds
from pipeline.core.timing.learning import LearntRate
from pipeline.core.timing.pacing import Pace, Rate
from tests.core.hidden import Bucket, FixedWindow, Hidden, SlidingWindow


@dataclass(frozen=True)
class Service:
    """A service, and how it refuses."""

    limit: Callable[[], Hidden]
    asks_to_rest: bool = False
    says_nothing: bool = False
    refuses_by_chance: float = 0.0
    latency_seconds: float = 0.05


def course(service: Service, configured: float, calls: int) -> list[float]:
    """Each rate that is tried by so many calls which always wait."""
    limit = service.limit()
    learnt = LearntRate(configured)
    lot = random.Random(1)  # noqa: S311 - chance, not secrecy
    pace = Pace(Rate(configured, 1.0))
    replies: list[tuple[float, float, float]] = []
    rates = [configured]
    # Not from 0 on: what counts is how long it took, and not the clock.
    now = 1000.0
    in_a_row = 0
    while calls:
        due_at = max(pace.allowed_at(), now)
        # Where nothing is said, one call at a time asks whether the service takes more.
        if replies and (replies[0][0] <= due_at or (in_a_row and service.says_nothing)):
            now, sent_at, wait_seconds = heapq.heappop(replies)
            if wait_seconds:
                learnt.refused(sent_at, now, wait_seconds if service.asks_to_rest else 0.0)
                in_a_row += 1
                rest = rest_seconds(in_a_row, 0.5) if service.says_nothing else wait_seconds
                pace = pace.not_before(now + rest)
            else:
                learnt.taken(sent_at, now)
                in_a_row = 0
            if learnt.per_second != pace.rate.per_second:
                pace = pace.at(learnt.per_second)
                rates.append(round(learnt.per_second, 3))
            continue
        now, calls = due_at, calls - 1
        pace = pace.after_call(now)
        wait_seconds = limit.wait_seconds(now)
        if not wait_seconds and lot.random() < service.refuses_by_chance:
            wait_seconds = 0.01
        heapq.heappush(replies, (now + service.latency_seconds, now, wait_seconds))
    return rates


@pytest.mark.parametrize(
    ("service", "calls", "rates"),
    [
        pytest.param(
            Service(lambda: Bucket(10, 5)),
            900,
            "30 9.62 14.43 9.331 11.428 9.051 10.017 10.699 11.058 11.334 10.726 9.699 10.184 "
            "9.408",
            id="a bucket",
        ),
        pytest.param(
            Service(lambda: Bucket(10, 5), asks_to_rest=True),
            900,
            "30 10.217 15.325 9.91 12.138 9.613 10.638 11.363 10.319 10.829 10.01 10.411 9.709",
            id="a bucket, and rests",
        ),
        pytest.param(
            Service(lambda: Bucket(10, 10)),
            900,
            "10.3 9.699 9.995 10.245 10.3 9.938",
            id="a bucket that is nearly kept to",
        ),
        pytest.param(
            Service(lambda: FixedWindow(20, 1.0)),
            900,
            "30 19.066 20.02 21.54 19.419 20.39 18.836 19.598",
            id="a window",
        ),
        pytest.param(
            Service(lambda: FixedWindow(40, 1.0), says_nothing=True, latency_seconds=0.02),
            900,
            "120 76 38.8 39.77 40.764 36.48 38.199 39.154 40.133 37.98 39.042",
            id="a window that says nothing",
        ),
        pytest.param(
            Service(lambda: SlidingWindow(25, 1.0), says_nothing=True, latency_seconds=0.02),
            900,
            "75 24.25 24.856 25.478 20.527 21.554 23.19 24.078 24.68 25.297 23.94 24.609 25.224 "
            "23.871",
            id="a sliding window that says nothing",
        ),
        pytest.param(
            Service(lambda: FixedWindow(40, 2.0), says_nothing=True, latency_seconds=0.02),
            900,
            "60 37.218 47.256 53.248 45.838 48.657 44.463 46.513 43.129",
            id="a window of two seconds that says nothing",
        ),
        pytest.param(
            Service(lambda: SlidingWindow(50, 2.0), says_nothing=True, latency_seconds=0.02),
            900,
            "150 127.5 133.875 123.675 95 42.766 63.74 77.816 61.828",
            id="a sliding window of two seconds that says nothing",
        ),
        pytest.param(
            Service(lambda: FixedWindow(20, 1.0), asks_to_rest=True),
            900,
            "30 20.023 24.509 19.422 21.488 18.453 21.267 22.83 20.629 21.66 20.01 20.819 19.41",
            id="a window, and rests",
        ),
        pytest.param(
            Service(lambda: FixedWindow(20, 1.0)),
            900,
            "400 50 75 48.5 59.4 47.045 19 19.95 21.465 18.232 20.348 17.685 18.683 19.498 "
            "19.985 20.485 19.386 19.928",
            id="a window far below",
        ),
        pytest.param(
            Service(lambda: Bucket(2, 20)),
            500,
            "100 38 4.75 100 12.5 1.94 2.037",
            id="a bucket far below",
        ),
        pytest.param(
            Service(lambda: Bucket(2, 20), asks_to_rest=True),
            500,
            "100 38 4.75 100 12.5 2.374 100 12.5 2.374 100 12.5 2.374 100 12.5 2.374 100",
            id="a bucket far below, and rests",
        ),
        pytest.param(Service(lambda: SlidingWindow(2, 60.0)), 1800, "4", id="a window of a minute"),
        pytest.param(
            Service(lambda: SlidingWindow(2, 60.0), latency_seconds=3.0),
            1000,
            "4 1.9 2.757 3.321 3.645 3.818 3.914 4 3.796 1.297 1.362 1.466 1.636 1.928 2.469 "
            "3.142 3.545 3.766 1.363 2.335 1.47 2.424 1.425 1.831 2.107 2.26 2.341 2.399 2.459 "
            "1.887 1.981",
            id="a window of a minute, and calls out together",
        ),
        pytest.param(
            Service(lambda: FixedWindow(2, 10.0), latency_seconds=0.5),
            1500,
            "8 5.7 2.85 1.94 2.037 1.882 1.958 2.007 2.057 1.947 2.001 1.888 1.944",
            id="a window of ten seconds",
        ),
        pytest.param(
            Service(lambda: Bucket(10, 5), latency_seconds=2.0),
            900,
            "30 13.3 19.95 24.464 27.091 23.73 9.73 10.239 11.053 9.675 10.852 9.682 11.501 "
            "14.888 20.083 23.326 9.716 16.224 20.965 23.832",
            id="a bucket, and slow replies",
        ),
        pytest.param(
            Service(lambda: Bucket(1e9, 1e9), refuses_by_chance=0.1),
            1500,
            "50 37.722 32.708 50",
            id="chance",
        ),
        pytest.param(
            Service(lambda: Bucket(30, 30), refuses_by_chance=0.1),
            1500,
            "50 37.722 28.94 50 42.5 27.483 50 30.4 27.673 50 26.6 21.024 50 26.6",
            id="chance above a limit",
        ),
        pytest.param(
            Service(lambda: Bucket(1e9, 1e9), refuses_by_chance=0.4),
            1500,
            "50 30.864 17.963 50 23.75 10.841 50",
            id="much chance",
        ),
    ],
)
def test_the_search_goes_as_it_was_measured(service: Service, calls: int, rates: str) -> None:
    """Whoever changes the search measures it anew, and writes its new course here."""
    configured = float(rates.partition(" ")[0])
    assert " ".join(f"{rate:g}" for rate in course(service, configured, calls)) == rates
