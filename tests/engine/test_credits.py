"""The cap on credits: kept by reservation, over all calls, and told when it stops the starts."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from pipeline.core.model import Observation, RunId, RunStatus, State
from pipeline.core.replies import LookReply, Missing
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.simulator.faults import Faults
from tests.world import Universe, a_sheet


def capped(folder: Path, max_credits: float, **sections: object) -> Universe:
    """Forty rows at two credits a run, under a cap."""
    limits = {"rate": "100/s", "max_credits": max_credits}
    universe = Universe(folder, **{"limits": limits, **sections})  # type: ignore[arg-type]
    universe.sheet = a_sheet(40)
    return universe


def raised(universe: Universe, max_credits: float | None, per_run: float | None = None) -> None:
    """The person edits the cap in the config."""
    limits = replace(universe.config.limits, max_credits=max_credits, credits_per_run=per_run)
    universe.config = replace(universe.config, limits=limits)


def serves(universe: Universe, **settings: object) -> None:
    """The service goes on in another way: the workflow's runs are of another kind."""
    service = universe.service
    service._settings = replace(service._settings, **settings)  # type: ignore[arg-type]  # noqa: SLF001


@pytest.mark.parametrize(("cap", "paid"), [(0, 0), (1, 1), (2, 1), (3, 1), (10, 5), (11, 5)])
def test_a_cap_is_never_passed(tmp_path: Path, cap: float, paid: int) -> None:
    """So many runs as it pays for, whatever is in flight together; then one line, resumable.

    Before a cost is seen, nobody knows that one run may pass a cap of 1.
    """
    universe = capped(tmp_path, cap)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CAP_REACHED
    assert f"limits.max_credits is {cap:g}" in stop.message
    assert sum(universe.starts_by_company().values()) == paid
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.count(State.PLANNED)) == (paid, 40 - paid)


def test_until_a_cost_is_seen_one_run_is_out_at_a_time(tmp_path: Path) -> None:
    """Then as many as the cap allows."""
    universe = capped(tmp_path, 80)
    assert universe.call() is None
    first, second = universe.remote.starts_at[:2]
    ended = [run.ends_at for run in universe.service._runs.values()][0]  # noqa: SLF001, RUF015
    assert universe.clock.epoch - 1e6 < ended
    assert second - first > 0.5
    assert sum(universe.starts_by_company().values()) == 40


def test_raised_the_same_command_goes_on(tmp_path: Path) -> None:
    """What was spent before counts: the rest is sent, and no row twice."""
    universe = capped(tmp_path, 20)
    universe.call()
    raised(universe, 60)
    universe.call()
    assert sum(universe.starts_by_company().values()) == 30
    raised(universe, None)
    assert universe.call() is None
    assert set(universe.starts_by_company().values()) == {1}
    assert universe.tally().count(State.COMPLETE) == 40


def test_a_cap_that_just_pays_for_all_stops_nothing(tmp_path: Path) -> None:
    """The last row's run is the last that it allows; the call ends by itself, and so the next."""
    universe = capped(tmp_path, 80)
    assert universe.call() is None
    assert universe.call() is None


def test_what_is_in_doubt_is_reserved(tmp_path: Path) -> None:
    """A held row may have been paid for: its credits are not spent a second time."""
    universe = capped(tmp_path, 20, faults=Faults(lost_reply=0.3), retry={"unconfirmed": "hold"})
    universe.call()
    assert sum(universe.starts_by_company().values()) == 10
    tally = universe.tally()
    assert tally.count(State.UNCONFIRMED) + tally.count(State.COMPLETE) == 10


def test_what_stops_a_batch_is_told_to_the_last_digit(tmp_path: Path) -> None:
    """Whoever raises the cap by it raises it by enough."""
    universe = capped(tmp_path, 1358025.58)
    serves(universe, credits=123456.78)
    stop = universe.call()
    assert stop is not None
    assert stop.what == (
        "limits.max_credits is 1,358,025.58: 1,358,024.58 are spent, "
        "and one more may cost 123,456.78"
    )


def without_credits(universe: Universe) -> None:
    """The service names no credits of any run."""
    look = universe.remote.look

    async def bare(run_id: RunId) -> LookReply:
        reply = await look(run_id)
        return structs.replace(reply, credits=None) if isinstance(reply, Observation) else reply

    universe.remote.look = bare  # type: ignore[method-assign]


def test_a_service_that_names_no_credits_stops_a_capped_batch(tmp_path: Path) -> None:
    """After one run, with the remedy; told what to reserve, the same command goes on."""
    universe = capped(tmp_path, 20)
    without_credits(universe)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CREDITS_UNKNOWN
    assert "limits.credits_per_run" in stop.message
    assert sum(universe.starts_by_company().values()) == 1
    raised(universe, 20, per_run=2)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CAP_REACHED
    assert sum(universe.starts_by_company().values()) == 10


def test_a_higher_cap_is_no_remedy_while_no_cost_is_known(tmp_path: Path) -> None:
    """The first run expires: whatever the cap, nobody knows what to reserve for it."""
    universe = capped(tmp_path, 10, polling={"give_up": "3s"})
    serves(universe, duration_seconds=1e6)
    for cap in (10, 100_000):
        raised(universe, cap)
        stop = universe.call()
        assert stop is not None
        assert stop.reason is StopReason.CREDITS_UNKNOWN
        assert "1 run may cost yet" in stop.message
        assert "say in limits.credits_per_run what a run costs" in stop.message
        assert "raise" not in stop.message
    assert sum(universe.starts_by_company().values()) == 1
    raised(universe, 10, per_run=2)
    universe.call()
    assert sum(universe.starts_by_company().values()) == 5


def test_runs_of_another_workflow_are_reserved_for_at_their_own_cost(tmp_path: Path) -> None:
    """The config names a cheap one, while dear runs of the former are left in flight."""
    universe = capped(tmp_path, 100)
    serves(universe, credits=10.0)
    universe.call(limit=3)
    serves(universe, duration_seconds=60.0)

    async def interrupt() -> None:
        await asyncio.sleep(5)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    universe.call(limit=7, meanwhile=interrupt)
    assert universe.tally().count(State.COMPLETE, State.RUNNING) == 10
    serves(universe, credits=1.0, duration_seconds=2.0)
    universe.workflow = "WCFG-cheap"
    for cap, starts in ((100, 10), (105, 15)):
        raised(universe, cap, per_run=1)
        stop = universe.call()
        assert stop is not None
        assert stop.reason is StopReason.CAP_REACHED
        assert "70 are reserved for 7 runs" in stop.message
        assert "of another workflow" in stop.message
        assert sum(universe.starts_by_company().values()) == starts


def test_a_dearer_run_is_reserved_for_from_then_on(tmp_path: Path) -> None:
    """The highest cost that was seen is what the next run may cost."""
    universe = capped(tmp_path, 20)
    look = universe.remote.look
    seen: list[RunId] = []

    async def first_is_dear(run_id: RunId) -> LookReply:
        seen.append(run_id)
        reply = await look(run_id)
        if run_id == seen[0] and isinstance(reply, Observation) and reply.credits:
            return structs.replace(reply, credits=9.0)
        return reply

    universe.remote.look = first_is_dear  # type: ignore[method-assign]
    universe.call()
    # 9 are spent, and a run may cost 9: one more, of 2; 11 and 9 are 20, so another; 13 and 9 not.
    assert sum(universe.starts_by_company().values()) == 3


def test_a_run_that_cost_nothing_tells_nothing_of_the_next(tmp_path: Path) -> None:
    """The first fails and is free: then too one run goes at a time, until a cost is seen."""
    universe = capped(tmp_path, 10)
    universe.remote.before_list = Missing
    look = universe.remote.look
    seen: list[RunId] = []

    async def first_fails(run_id: RunId) -> LookReply:
        seen.append(run_id)
        reply = await look(run_id)
        if run_id == seen[0] and isinstance(reply, Observation):
            return structs.replace(reply, status=RunStatus.FAILED, word="FAILED", credits=0.0)
        return reply

    universe.remote.look = first_fails  # type: ignore[method-assign]
    universe.call()
    # One for nothing, and five of 2.
    assert sum(universe.starts_by_company().values()) == 6


def test_a_person_may_say_that_runs_cost_nothing(tmp_path: Path) -> None:
    """By `limits.credits_per_run: 0` a free workflow is not held to one run at a time."""
    universe = capped(tmp_path, 10)
    raised(universe, 10, per_run=0)
    look = universe.remote.look

    async def free(run_id: RunId) -> LookReply:
        reply = await look(run_id)
        return structs.replace(reply, credits=0.0) if isinstance(reply, Observation) else reply

    universe.remote.before_list = Missing
    universe.remote.look = free  # type: ignore[method-assign]
    assert universe.call() is None
    assert universe.remote.starts_at[-1] < 1
