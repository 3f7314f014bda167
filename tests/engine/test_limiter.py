"""A service that takes less than the config says, as the engine meets it."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.core.replies import Doubtful, LookReply, StartReply, TryLater
from pipeline.remote.wire import HttpReply, start_reply
from tests.core.hidden import Bucket, FixedWindow, Hidden, SlidingWindow
from tests.world import Universe, a_sheet


def told_nothing(_wait_seconds: float, _now: float) -> float | None:
    """A Retry-After that is absent, or nonsense."""
    return None


def told_whole_seconds(wait_seconds: float, _now: float) -> float | None:
    """A Retry-After in seconds."""
    return float(int(wait_seconds) + 1)


def told_a_date(wait_seconds: float, now: float) -> float | None:
    """A Retry-After as a date, whose seconds are whole."""
    return float(int(now + wait_seconds) + 1) - now


@pytest.mark.parametrize(
    "told",
    [
        told_a_date,
        *(
            pytest.param(told, marks=pytest.mark.slow)
            for told in (told_nothing, told_whole_seconds)
        ),
    ],
)
@pytest.mark.parametrize(
    ("limit", "make"),
    [
        (10, lambda limit: Bucket(limit, limit)),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                (15, lambda limit: Bucket(limit, limit)),
                (15, lambda limit: FixedWindow(limit, 1.0)),
                (25, lambda limit: SlidingWindow(limit, 1.0)),
                (100, lambda limit: SlidingWindow(limit, 1.0)),
            )
        ),
    ],
)
def test_the_starts_learn_what_the_service_takes(
    tmp_path: Path,
    limit: int,
    make: Callable[[int], Hidden],
    told: Callable[[float, float], float | None],
) -> None:
    """After 300 starts 0.9 of the limit is reached and 2 % are refused; the pauses are kept."""
    assert_learnt(tmp_path, limit, make(limit), told)


@pytest.mark.parametrize(
    ("limit", "ahead_seconds"),
    [
        (40, 0.0),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in ((12, 0.25), (25, 0.5), (30, 0.8), (40, 0.25), (60, 0.5), (100, 0.0))
        ),
    ],
)
def test_a_window_that_is_full_is_known_though_it_says_nothing(
    tmp_path: Path, limit: int, ahead_seconds: float
) -> None:
    """Whenever it begins: it is kept to, and not filled again each second."""
    window = FixedWindow(limit, 1.0, ahead_seconds)
    assert_learnt(tmp_path, limit, window, told_nothing)


def assert_learnt(
    folder: Path,
    limit: int,
    hidden: Hidden,
    told: Callable[[float, float], float | None],
) -> None:
    """Starts at three times a limit: from the 300th on it is kept to."""
    universe = Universe(folder, limits={"rate": f"{3 * limit}/s", "max_in_flight": 2000})
    universe.sheet = a_sheet(1500)
    refused_at: list[float] = []
    windows: list[tuple[float, float]] = []

    def limited() -> StartReply | None:
        now = universe.clock.monotonic()
        wait_seconds = hidden.wait_seconds(now)
        if not wait_seconds:
            return None
        refused_at.append(now)
        after_seconds = told(wait_seconds, now)
        if after_seconds is not None:
            windows.append((now, now + after_seconds))
        return TryLater(after_seconds)

    universe.remote.before_start = limited
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 1500
    starts = universe.remote.starts_at
    assert not [at for at in starts for begin, end in windows if begin + 0.06 < at < end]
    later = starts[300:]
    refused = [at for at in refused_at if at >= later[0]]
    paused_seconds = sum(end - max(begin, later[0]) for begin, end in windows if end > later[0])
    seconds = later[-1] - later[0] - paused_seconds
    assert (len(later) - len(refused)) / seconds >= 0.9 * limit
    assert len(refused) <= 0.02 * len(later)


def test_looks_that_are_refused_slow_no_start_down(tmp_path: Path) -> None:
    """The two classes of calls learn apart."""
    universe = Universe(tmp_path, limits={"rate": "20/s"}, polling={"rate": "50/s", "first": "1s"})
    universe.sheet = a_sheet(600)
    hidden = Bucket(25, 5)

    def limited() -> LookReply | None:
        wait_seconds = hidden.wait_seconds(universe.clock.monotonic())
        return TryLater(None) if wait_seconds else None

    universe.remote.before_look = limited
    assert universe.call() is None
    starts = universe.remote.starts_at
    assert len(starts) == 600
    assert len(starts) / (starts[-1] - starts[0]) >= 0.99 * 20


def test_a_stray_refusal_lets_the_starts_go_on_at_their_rate(tmp_path: Path) -> None:
    """One 429 in a hundred starts: a short rest each, and the rate as before."""
    universe = Universe(tmp_path, limits={"rate": "20/s", "max_in_flight": 2000})
    universe.sheet = a_sheet(500)

    def stray() -> StartReply | None:
        return TryLater(None) if len(universe.remote.starts_at) % 100 == 50 else None

    universe.remote.before_start = stray
    assert universe.call() is None
    gaps = sorted(late - early for early, late in pairwise(universe.remote.starts_at))
    assert gaps[len(gaps) // 2] == pytest.approx(1 / 20)
    assert max(gaps) <= 0.2


@pytest.mark.parametrize(
    "share", [0.10, *(pytest.param(s, marks=pytest.mark.slow) for s in (0.05, 0.25))]
)
def test_starts_refused_by_chance_hold_the_others_up_by_little(
    tmp_path: Path, share: float
) -> None:
    """A service that refuses so many at any rate is asked at 0.85 of the rate or more."""
    universe = Universe(tmp_path, limits={"rate": "50/s", "max_in_flight": 5000})
    universe.sheet = a_sheet(1500)
    lot = random.Random(1)  # noqa: S311  # chance, not secrecy
    universe.remote.before_start = lambda: TryLater(None) if lot.random() < share else None
    assert universe.call() is None
    later = universe.remote.starts_at[300:]
    assert len(later) / (later[-1] - later[0]) >= 0.85 * 50


@pytest.mark.parametrize(
    ("header", "least_seconds", "most_seconds"),
    [("Fri, 02 Jan 1970 00:00:07 GMT", 7, 7.1), ("soon", 0, 0.1), ("-3", 0, 0.1)],
)
def test_what_a_refusal_says_is_kept_to(
    tmp_path: Path, header: str, least_seconds: float, most_seconds: float
) -> None:
    """From the header to the next start: a date is waited for, nonsense counts as nothing said."""
    reply = HttpReply(429, b"", header, now=86400.0)
    refusals = [start_reply(reply)]
    universe = Universe(tmp_path, limits={"rate": "20/s"})
    universe.sheet = a_sheet(3)
    universe.remote.before_start = lambda: refusals.pop() if refusals else None
    assert universe.call() is None
    first, second, *_ = universe.remote.starts_at
    assert least_seconds <= second - first <= most_seconds + 0.1


def test_one_lost_call_in_many_holds_nothing_up(tmp_path: Path) -> None:
    """A start in twenty is refused by the row's own fault or lost: the pace is kept."""
    universe = Universe(
        tmp_path, limits={"rate": "20/s", "max_in_flight": 2000}, retry={"unconfirmed": "hold"}
    )
    universe.sheet = a_sheet(600)
    own_start = universe.remote.start

    async def lossy(*arguments: object) -> StartReply:
        reply = await own_start(*arguments)  # type: ignore[arg-type]
        return lost if len(universe.remote.starts_at) % 20 == 7 else reply

    lost = Doubtful("the connection was cut")
    universe.remote.start = lossy  # type: ignore[method-assign]
    assert universe.call() is None
    starts = universe.remote.starts_at
    assert len(starts) / (starts[-1] - starts[0]) >= 0.97 * 20
