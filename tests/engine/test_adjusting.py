"""What a person changes of a running batch: heeded within two seconds, by starts alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.core.replies import Halted, HaltReason, TryLater
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.ledger.opening import join_ledger
from pipeline.ledger.store import Ledger
from tests.core.hidden import Bucket
from tests.world import EPOCH, Universe, a_sheet


def adjusts(
    universe: Universe, *moments: tuple[float, Mapping[str, str]]
) -> Callable[[], Awaitable[None]]:
    """Another process changes this, each so many seconds after the call began."""

    async def beside() -> None:
        for moment, changes in moments:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            with join_ledger(universe.folder / "batch.ledger") as ledger:
                assert ledger is not None
                assert ledger.adjust(changes)

    return beside


def call(universe: Universe, *moments: tuple[float, Mapping[str, str]]) -> Stop | None:
    """One call, in which this is changed at these moments."""
    return universe.call(
        meanwhile=adjusts(universe, *moments), before=lambda ledger: ledger.take_adjustments()
    )


def a_universe(folder: Path, rows: int, **sections: object) -> Universe:
    """So many rows, started one a second unless told otherwise."""
    universe = Universe(folder, **{"limits": {"rate": "1/s"}, **sections})  # type: ignore[arg-type]
    universe.sheet = a_sheet(rows)
    return universe


def starts_between(universe: Universe, first: float, last: float) -> int:
    """Starts that left within these seconds of the call."""
    return sum(first <= moment < last for moment in universe.remote.starts_at)


def test_another_rate_holds_within_two_seconds(tmp_path: Path) -> None:
    """One a second at first; then ten, then one in ten seconds, without a burst between."""
    universe = a_universe(tmp_path, 60)
    faster, slower = {"limits.rate": "10/s"}, {"limits.rate": "6/min"}
    assert call(universe, (5.5, faster), (8.5, slower)) is None
    assert starts_between(universe, 0, 5.4) == 6
    assert 10 <= starts_between(universe, 7.5, 8.5) <= 11
    assert starts_between(universe, 10.5, 20.5) == 1
    assert len(universe.remote.starts_at) == 60
    said = universe.said.getvalue()
    assert said.count("Adjusted until this call ends: limits.rate=10/s") == 1
    assert "limits.rate=6/min" in said


def test_a_start_that_waits_for_a_slow_rate_waits_no_longer(tmp_path: Path) -> None:
    """From one an hour to one a second: the second start leaves at once, not after the hour."""
    universe = a_universe(tmp_path, 5, limits={"rate": "1/h"})
    assert call(universe, (10, {"limits.rate": "1/s"})) is None
    assert max(universe.remote.starts_at) < 20


def test_what_the_service_refuses_stays_known_at_another_rate(tmp_path: Path) -> None:
    """It takes ten a second: raised from 40 to 80, the starts go on at ten; lowered, at two."""
    universe = a_universe(tmp_path, 400, limits={"rate": "40/s", "max_in_flight": 1000})
    hidden = Bucket(10, 10)

    def limited() -> TryLater | None:
        now = asyncio.get_running_loop().time()
        return TryLater(None) if hidden.wait_seconds(now) else None

    universe.remote.before_start = limited
    assert call(universe, (20, {"limits.rate": "80/s"}), (30, {"limits.rate": "2/s"})) is None
    assert 85 <= starts_between(universe, 20, 30) <= 120
    assert starts_between(universe, 32, 42) in {20, 21}


def test_a_paused_batch_starts_nothing_and_watches_on(tmp_path: Path) -> None:
    """Runs in flight are seen to end; taken up again, every row is started once."""
    universe = a_universe(tmp_path, 20, limits={"rate": "2/s"})
    assert call(universe, (3.2, {"paused": "true"}), (300, {"paused": "false"})) is None
    assert starts_between(universe, 5.5, 300) == 0
    assert max(m for m in universe.remote.looks_at if m < 300) > 5.5
    assert set(universe.starts_by_company().values()) == {1}
    assert universe.tally().count(State.COMPLETE) == 20
    paused = [line for line in universe.said.getvalue().splitlines() if line[:8] == "paused  "]
    assert paused
    assert all("-:-- left" in line for line in paused), "nobody knows how long a pause lasts"


def test_a_pause_leaves_no_intent_behind(tmp_path: Path) -> None:
    """Were the process to die meanwhile, no row would be in doubt."""
    universe = a_universe(tmp_path, 5, limits={"rate": "1/h"}, polling={"first": "1s"})
    begun: list[int] = []

    async def looks() -> None:
        await asyncio.sleep(2)
        with join_ledger(universe.folder / "batch.ledger") as ledger:
            assert ledger is not None
            assert ledger.entries(State.STARTING)
            ledger.adjust({"paused": "true"})
            await asyncio.sleep(4)
            assert not ledger.entries(State.STARTING)
            begun.append(len(universe.remote.starts_at))
            ledger.adjust({"paused": "false", "limits.rate": "10/s"})

    assert universe.call(meanwhile=looks, before=Ledger.take_adjustments) is None
    assert begun == [1]
    assert set(universe.starts_by_company().values()) == {1}


def test_fewer_or_more_may_be_in_flight(tmp_path: Path) -> None:
    """Two at a time, then ten."""
    universe = a_universe(
        tmp_path, 40, duration_seconds=30, limits={"rate": "10/s", "max_in_flight": 2}
    )
    call(universe, (10, {"limits.max_in_flight": "10"}))
    assert starts_between(universe, 0, 10) == 2
    assert starts_between(universe, 10, 15) >= 8


@pytest.mark.parametrize(
    ("cap", "runs", "reason", "over"),
    [
        (None, 5, StopReason.ADJUSTED_CAP_REACHED, "no limit in the config"),
        ("20", 5, StopReason.ADJUSTED_CAP_REACHED, "the config's 20"),
        ("8", 5, StopReason.CAP_REACHED, "the config's 8"),
    ],
)
def test_a_cap_that_comes_meanwhile_counts_what_was_spent(
    tmp_path: Path, cap: str | None, runs: int, reason: StopReason, over: str
) -> None:
    """Without a cap at first, or with another: it stops where it would have from the start.

    What was adjusted has ended by then: nothing needs raising where the config's leaves room.
    """
    limits: dict[str, object] = {"rate": "1/s"}
    if cap is not None:
        limits |= {"max_credits": int(cap)}
    universe = a_universe(tmp_path, 30, limits=limits, duration_seconds=1)
    stop = call(universe, (2.5, {"limits.max_credits": "10"}))
    assert stop is not None
    assert stop.reason is reason
    assert f"limits.max_credits is 10, set by `adjust` over {over}: 10 are spent" in stop.message
    assert ("raise it" in stop.message) == (reason is StopReason.CAP_REACHED)
    assert sum(universe.starts_by_company().values()) == runs


def test_a_cap_that_is_raised_in_time_stops_nothing(tmp_path: Path) -> None:
    """While runs are in flight the batch waits at its cap, and goes on where there is room."""
    universe = a_universe(
        tmp_path, 10, limits={"rate": "1/s", "max_credits": 6}, duration_seconds=60
    )
    assert call(universe, (80, {"limits.max_credits": "null"})) is None
    assert universe.tally().count(State.COMPLETE) == 10


def test_fewer_failures_may_stop_it_at_once(tmp_path: Path) -> None:
    """More rows have failed than now may: it does not wait for the next, in an hour."""
    universe = a_universe(
        tmp_path, 60, fail=1.0, duration_seconds=1, limits={"rate": "1/h", "burst": 5}
    )
    stop = call(universe, (20, {"limits.max_failures": "3"}))
    assert stop is not None
    assert stop.reason is StopReason.TOO_MANY_FAILURES
    assert universe.clock.epoch - EPOCH < 25


def test_what_was_changed_ends_with_its_call(tmp_path: Path) -> None:
    """The next call takes the config's limits, whether this one ended or its process died."""
    universe = a_universe(tmp_path, 4)
    call(universe, (1, {"limits.rate": "100/s"}))
    with join_ledger(universe.folder / "batch.ledger") as ledger:
        assert ledger is not None
        assert ledger.fact("adjusted") is None
        # As a process that was killed leaves it.
        ledger.take_adjustments()
        assert ledger.adjust({"limits.rate": "100/s"})
    universe.sheet = a_sheet(30)
    with universe.ledger() as held:
        assert held.fact("adjusted") is None
        assert not held.adjust({"limits.rate": "100/s"})


def test_a_batch_that_has_stopped_takes_no_change(tmp_path: Path) -> None:
    """It watches on and starts nothing more: nobody is told that it goes on with a higher cap."""
    universe = a_universe(tmp_path, 10, limits={"rate": "10/s"}, duration_seconds=60)
    refused = Halted(HaltReason.CREDITS_AT_LIMIT, "none are left")
    universe.remote.before_start = lambda: refused if len(universe.remote.starts_at) > 4 else None
    took = []

    async def beside() -> None:
        for moment in (0.2, 10):
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            with join_ledger(universe.folder / "batch.ledger") as ledger:
                assert ledger is not None
                took.append(ledger.adjust({"limits.max_credits": "500"}))

    stop = universe.call(meanwhile=beside, before=lambda ledger: ledger.take_adjustments())
    assert stop is not None
    assert stop.reason is StopReason.CREDITS_AT_LIMIT
    assert took == [True, False]


def test_a_change_during_a_pilot_holds_for_the_rest_from_its_first_start(tmp_path: Path) -> None:
    """All of the pilot was sent when it came: it is said then, once, and the rest keeps to it."""
    universe = a_universe(tmp_path, 40, limits={"rate": "50/s", "burst": 10})
    course = Course(pilot=5)
    capped = adjusts(universe, (1, {"limits.max_credits": "20"}))
    stop = universe.call(course=course, before=Ledger.take_adjustments, meanwhile=capped)
    assert stop is None
    told = "Adjusted until this call ends: limits.max_credits=20"
    assert universe.said.getvalue().count(told) == 1
    course.end_pilot()

    def keep(ledger: Ledger) -> None:
        """Between the parts of a call the ledger stays open, and what was changed in it."""
        ledger.take_adjustments()
        assert ledger.adjust({"limits.max_credits": "20"})

    stop = universe.call(course=course, before=keep)
    assert stop is not None
    assert "set by `adjust` over no limit in the config: 20 are spent" in stop.message
    assert universe.said.getvalue().count(told) == 1
    assert sum(universe.starts_by_company().values()) == 10


def test_fewer_failures_stop_a_pilot_that_has_sent_its_rows(tmp_path: Path) -> None:
    """Two have failed, and more are watched: the rest is not asked about."""
    universe = a_universe(tmp_path, 40, fail=1.0, duration_seconds=2, limits={"rate": "30/min"})
    fewer = adjusts(universe, (9.5, {"limits.max_failures": "2"}))
    stop = universe.call(course=Course(pilot=5), before=Ledger.take_adjustments, meanwhile=fewer)
    assert stop is not None
    assert stop.reason is StopReason.TOO_MANY_FAILURES
    assert universe.tally().count(State.FAILED) == 5
