"""What stands between two awaits: each was once a fault."""

import asyncio
from pathlib import Path

import pytest

from pipeline.core.model import Observation, RunId, RunStatus, State
from pipeline.core.replies import (
    Accepted,
    Halted,
    HaltReason,
    LookReply,
    StartReply,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.calls.starter import Starter
from pipeline.ledger.records import Opening
from pipeline.simulator.faults import Faults
from tests.ledger.builders import a_ledger, ids_of, stands
from tests.virtual import VirtualClock, run_virtually
from tests.world import Universe, a_config, a_sheet


def test_a_doubt_that_the_loop_still_holds_is_not_queued_from_the_sheet(tmp_path: Path) -> None:
    """On the disk it may be planned again already: it comes by `again`, and not twice."""
    with a_ledger(tmp_path, "a", "b") as ledger:
        a, b = ids_of(ledger)

        class Direct:
            async def read(self, call: object) -> object:
                return call(ledger)  # type: ignore[operator]

        async def scenario() -> list[int]:
            config = a_config(tmp_path)
            opening: Opening = ledger.opening()
            batch = Batch(config, opening, Direct(), VirtualClock(), lambda: 0.5)  # type: ignore[arg-type]
            batch.doubts.add(a, is_inherited=True)
            starter = Starter(batch, None, None, None, float("inf"))  # type: ignore[arg-type]
            await starter._fetch()  # noqa: SLF001 - the race is in it
            return [row.entry.id for row in starter._queue]  # noqa: SLF001

        assert run_virtually(scenario()) == [b]


def test_a_run_that_is_known_is_never_written_over(tmp_path: Path) -> None:
    """Whatever is saved under its number later: the second lock on that door."""
    with a_ledger(tmp_path, "a") as ledger:
        (a,) = ids_of(ledger)
        ledger.save([stands(a, State.RUNNING)])
        ledger.save([stands(a, State.STARTING)])
        (standing,) = ledger.every_attempt()
        assert standing.attempt is not None
        assert standing.attempt.run_id == f"WRUN-{a}"


def test_a_second_refusal_is_no_second_ctrl_c(tmp_path: Path) -> None:
    """Starts that are under way are waited for: each was accepted, and is known as running."""
    universe = Universe(tmp_path, limits={"rate": "100/s"}, duration_seconds=500)
    universe.sheet = a_sheet(60)
    start = universe.remote.start
    calls = 0
    refused: list[int] = []

    async def slow(*arguments: object) -> StartReply:
        nonlocal calls
        calls += 1
        if calls in {40, 41}:
            # Both have left before either is refused.
            await asyncio.sleep(0.1)
            refused.append(calls)
            return Halted(HaltReason.KEY_REFUSED, "no")
        reply = await start(*arguments)  # type: ignore[arg-type]
        await asyncio.sleep(1)
        return reply

    universe.remote.start = slow  # type: ignore[method-assign]
    stop = universe.call()
    assert stop is not None
    assert len(refused) == 2
    tally = universe.tally()
    assert tally.count(State.UNCONFIRMED) == 0
    assert tally.count(State.RUNNING) == sum(universe.starts_by_company().values()) > 30


@pytest.mark.parametrize(
    "reply", [Unreadable("it is too large"), TryLater(1.0)], ids=["too large", "429 for ever"]
)
def test_a_retry_of_a_run_that_can_not_be_seen_is_made_in_the_end(
    tmp_path: Path, reply: LookReply
) -> None:
    """One more look is owed, but none that never comes: after `give_up` the retry is due."""
    universe = Universe(tmp_path, duration_seconds=500_000, polling={"give_up": "10min"})
    universe.sheet = a_sheet(1)
    universe.call()
    universe.ask_again()
    look = universe.remote.look

    async def bad(run_id: RunId) -> LookReply:
        await look(run_id)
        return reply

    universe.remote.look = bad  # type: ignore[method-assign]
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 2}


def test_a_list_that_fails_is_no_service_that_is_gone(tmp_path: Path) -> None:
    """Starts and looks are answered: the doubt is held, and the batch goes on to its end."""
    universe = Universe(
        tmp_path, faults=Faults(lost_reply=0.3), limits={"rate": "60/h"}, duration_seconds=3
    )
    universe.sheet = a_sheet(20)
    universe.remote.before_list = lambda: Unreachable("the service answered 500")
    assert universe.call() is None
    tally = universe.tally()
    assert tally.count(State.UNCONFIRMED) > 0
    assert tally.count(State.COMPLETE) + tally.count(State.UNCONFIRMED) == 20


def test_a_list_that_lags_gives_no_run_up(tmp_path: Path) -> None:
    """It says that all still run, a day long: each is looked at by itself before it expires."""
    universe = Universe(tmp_path, duration_seconds=60, polling={"give_up": "10min"})
    universe.sheet = a_sheet(30)
    the_list_lags(universe)
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 30


def test_a_list_that_lags_brings_no_retry_about(tmp_path: Path) -> None:
    """It says that runs still go on which have ended: each is looked at before it is paid anew."""
    universe = Universe(tmp_path, duration_seconds=600, polling={"give_up": "60s"})
    universe.sheet = a_sheet(30)
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 30
    universe.clock.epoch += 3600
    universe.ask_again()
    the_list_lags(universe)
    assert universe.call() is None
    assert sum(universe.starts_by_company().values()) == 30
    assert universe.tally().count(State.COMPLETE) == 30


def the_list_lags(universe: Universe) -> None:
    """Its pages say of each run that it goes on."""
    list_runs = universe.remote.list_runs

    async def stale(page: int) -> object:
        reply = await list_runs(page)
        runs = tuple(
            Observation(seen.run_id, RunStatus.RUNNING, "PROCESSING")
            for seen in reply.runs  # type: ignore[union-attr]
        )
        return type(reply)(reply.total, runs)  # type: ignore[union-attr, call-arg]

    universe.remote.list_runs = stale  # type: ignore[method-assign, assignment]


def test_starts_that_were_ready_before_a_cost_was_known_do_not_leave(tmp_path: Path) -> None:
    """Runs turn out ten times as dear while starts wait for a 429 to pass: no more leave."""
    universe = Universe(
        tmp_path,
        duration_seconds=10,
        limits={"rate": "200/s", "max_credits": 60, "credits_per_run": 2},
    )
    universe.sheet = a_sheet(60)
    look = universe.remote.look
    universe.remote.before_list = lambda: Unreachable("500")
    replies: list[StartReply | None] = [None] * 5 + [TryLater(60.0)]
    universe.remote.before_start = lambda: replies.pop(0) if replies else None

    async def dear(run_id: RunId) -> LookReply:
        seen = await look(run_id)
        if isinstance(seen, Observation) and seen.credits:
            return Observation(run_id, seen.status, seen.word, seen.outputs, credits=20.0)
        return seen

    universe.remote.look = dear  # type: ignore[method-assign]
    universe.call()
    begun = sum(universe.starts_by_company().values())
    in_the_pause = [at for at in universe.remote.starts_at if at > 30]
    assert not in_the_pause, begun


def test_a_stop_asked_for_twice_by_a_person_does_not_wait(tmp_path: Path) -> None:
    """The second Ctrl-C cuts the waiting off, once and for all."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(3)

    async def never(*_: object) -> StartReply:
        await asyncio.sleep(1e6)
        return Accepted(RunId("WRUN-never"))

    universe.remote.start = never  # type: ignore[method-assign]

    async def meanwhile() -> None:
        for _ in range(3):
            await asyncio.sleep(0.2)
            universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    before = universe.clock.epoch
    universe.call(meanwhile=meanwhile)
    assert universe.clock.epoch - before < 3
