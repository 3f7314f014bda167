"""Outcomes that surprise: each is counted once, paid for once, and told."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.core.events import FreshAsked, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Json, Observation, RoundKind, RunId, RunStatus, State
from pipeline.core.replies import (
    Doubtful,
    Halted,
    HaltReason,
    LookReply,
    Missing,
    RunPage,
    StartReply,
    Unreadable,
)
from pipeline.core.rules import Context
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.simulator.faults import Faults
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.world import WORKFLOW, Universe, a_sheet


def of_one_run(universe: Universe, change: Callable[[LookReply], LookReply]) -> None:
    """Looks at the first run that is looked at are answered otherwise; its siblings as ever."""
    look = universe.remote.look
    chosen: list[RunId] = []

    async def changed(run_id: RunId) -> LookReply:
        chosen.append(run_id)
        reply = await look(run_id)
        return change(reply) if run_id == chosen[0] else reply

    universe.remote.look = changed  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Missing(), "does not know this run any more"),
        (Unreadable("the reply is larger than 16 MiB"), "larger than 16 MiB"),
        (
            Unreadable("the service answered 200 with another run than the one asked for"),
            "another",
        ),
        (
            Observation(RunId("x"), RunStatus.RUNNING, "PAUSED"),
            "had not ended after 1 h of watching",
        ),
    ],
    ids=["vanished", "fifty megabytes", "another run", "an unknown status for an hour"],
)
def test_a_run_that_can_not_be_seen_to_end_expires_alone(
    tmp_path: Path, reply: LookReply, error: str
) -> None:
    """The others complete; it is expired within `give_up`, told why, and never paid for unseen."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(5)
    of_one_run(universe, lambda _: reply)
    assert universe.call() is None
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.count(State.EXPIRED)) == (4, 1)
    (expired,) = [s for s in universe.standings().values() if s.state is State.EXPIRED]
    assert expired.attempt is not None
    assert error in (expired.attempt.error or "")
    assert universe.call() is None
    assert set(universe.starts_by_company().values()) == {1}


def test_a_run_that_completes_with_nothing_is_complete(tmp_path: Path) -> None:
    """COMPLETE without output or credits: the row is complete, its credits are unknown."""
    universe = Universe(tmp_path)
    universe.remote.before_list = Missing

    def bare(reply: LookReply) -> LookReply:
        assert isinstance(reply, Observation)
        return replace(reply, outputs=None, credits=None)

    of_one_run(universe, bare)
    assert universe.call() is None
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits_unknown, tally.credits) == (10, 1, 18)


def test_a_failed_run_that_turned_complete_is_found_by_a_sweep(tmp_path: Path) -> None:
    """The list tells of it while a doubt is looked for: its outputs are used, and paid for once."""
    universe = Universe(tmp_path, faults=Faults(lost_reply=0.2))

    def failed(reply: LookReply) -> LookReply:
        assert isinstance(reply, Observation)
        if reply.status is RunStatus.RUNNING:
            return reply
        return replace(reply, status=RunStatus.FAILED, outputs=None, credits=None, message="no")

    of_one_run(universe, failed)
    assert universe.call() is None
    assert universe.remote.lists_at
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits) == (10, 20)


def test_a_run_that_a_retry_left_behind_is_counted_when_it_ends(tmp_path: Path) -> None:
    """Its credits count; the newer attempt, complete, keeps its outputs."""
    universe = Universe(tmp_path, duration_seconds=1500, polling={"give_up": "20min"})
    universe.sheet = a_sheet(1)
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 1
    universe.ask_again()
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 2}
    for _ in range(5):
        universe.call()
        universe.clock.epoch += 250
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits) == (1, 4)


def test_a_run_left_behind_completes_the_row_where_the_newer_came_to_nothing(
    tmp_path: Path,
) -> None:
    """What was paid for and is there is used: the row is complete by its older attempt."""
    universe = Universe(tmp_path, duration_seconds=1500, polling={"give_up": "20min"})
    universe.sheet = a_sheet(1)
    universe.call()
    universe.ask_again()
    look = universe.remote.look
    first: list[RunId] = []
    with universe.ledger() as ledger:
        first += [
            s.attempt.run_id for s in ledger.every_attempt() if s.attempt and s.attempt.run_id
        ]

    async def the_newer_fails(run_id: RunId) -> LookReply:
        reply = await look(run_id)
        if run_id in first or not isinstance(reply, Observation):
            return reply
        return Observation(run_id, RunStatus.FAILED, "FAILED", credits=1.0, message="no")

    universe.remote.look = the_newer_fails  # type: ignore[method-assign]
    for _ in range(5):
        universe.call()
        universe.clock.epoch += 250
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits) == (1, 3)
    (standing,) = universe.standings().values()
    assert standing.attempt is not None
    assert standing.attempt.run_id == first[0]


@pytest.mark.parametrize("kind", [None, RoundKind.RETRY, RoundKind.FRESH])
def test_a_run_that_completes_before_its_successor_leaves_saves_that_start(
    tmp_path: Path, kind: RoundKind | None
) -> None:
    """Whoever asked for the new attempt, the row takes the late result; `--fresh` pays anew."""
    universe = Universe(
        tmp_path, limits={"rate": "1/min"}, retry={"failed": int(kind is None), "settle": "10s"}
    )
    # The other row is in doubt, so that the list is read while this one waits for its turn.
    row, other = a_sheet(2).rows if kind is None else reversed(a_sheet(2).rows)
    universe.sheet = dataclasses.replace(universe.sheet, rows=(row,))
    first: list[RunId] = []
    look = universe.remote.look

    async def the_first_fails(run_id: RunId) -> LookReply:
        reply = await look(run_id)
        first.append(run_id)
        if run_id == first[0] and isinstance(reply, Observation):
            return replace(reply, status=RunStatus.FAILED, credits=None, message="no")
        return reply

    universe.remote.look = the_first_fails  # type: ignore[method-assign]
    if kind is not None:
        universe.call()
        with universe.ledger() as ledger:
            (failed,) = ledger.entries(State.FAILED)
            asked = RetryAsked if kind is RoundKind.RETRY else FreshAsked
            ledger.begin_round(
                kind, universe.clock.epoch, lambda n: [step(failed, asked(n), Context(0.0))[0]]
            )
    universe.sheet = a_sheet(2)
    start = universe.remote.start

    async def but_for_the_other(
        variables: Mapping[str, Json], metadata: Mapping[str, Json], _: object = None
    ) -> StartReply:
        reply = await start(variables, metadata)
        return Doubtful("cut") if variables["Company"] == other.values[0] else reply

    universe.remote.start = but_for_the_other  # type: ignore[method-assign]
    assert universe.call() is None
    paid = 2 if kind is RoundKind.FRESH else 1
    assert universe.starts_by_company() == {row.values[0]: paid, other.values[0]: 1}
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits) == (2, 2 + 2 * paid)


def test_a_key_that_is_refused_on_the_list_stops_the_batch(tmp_path: Path) -> None:
    """As on any other call: nothing more is sent, and the doubt stays one."""
    universe = Universe(tmp_path, faults=Faults(lost_reply=1))
    universe.sheet = a_sheet(1)

    async def meanwhile() -> None:
        await asyncio.sleep(5)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    universe.call(meanwhile=meanwhile)
    assert universe.tally().count(State.UNCONFIRMED) == 1
    universe.sheet = a_sheet(2)
    universe.remote.before_list = lambda: Halted(HaltReason.KEY_REFUSED, "no")
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.KEY_REFUSED
    assert len(universe.remote.lists_at) == 1
    assert universe.starts_by_company()["Company 2"] == 1
    assert universe.tally().count(State.UNCONFIRMED) >= 1
    universe.remote.before_list = lambda: None
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 2
    assert set(universe.starts_by_company().values()) == {1}


def test_a_list_that_shrinks_proves_nothing(tmp_path: Path) -> None:
    """Each page says of fewer runs than the one before: the row stays held."""
    universe = Universe(tmp_path, faults=Faults(lost_request=0.3))
    universe.sheet = a_sheet(4)
    list_runs = universe.remote.list_runs
    totals = iter(range(1000, 0, -1))

    async def shrinking(page: int) -> object:
        reply = await list_runs(page)
        return RunPage(next(totals), reply.runs) if isinstance(reply, RunPage) else reply

    universe.remote.list_runs = shrinking  # type: ignore[method-assign, assignment]
    universe.call()
    assert universe.tally().count(State.UNCONFIRMED) > 0
    assert set(universe.starts_by_company().values()) == {1}


def test_a_doubt_of_another_workflow_is_not_judged_by_this_ones_list(tmp_path: Path) -> None:
    """The config named another for a while: back again, its row is held, found and paid once."""
    universe = Universe(tmp_path, retry={"settle": "5s"})
    universe.sheet = a_sheet(1)
    start = universe.remote.start
    cut = [True]

    async def lost(
        variables: Mapping[str, Json], metadata: Mapping[str, Json], _: object = None
    ) -> StartReply:
        reply = await start(variables, metadata)
        return Doubtful("cut") if cut and cut.pop() else reply

    universe.remote.start = lost  # type: ignore[method-assign]
    universe.remote.before_list = lambda: Unreadable("no list today")
    universe.call()
    assert universe.tally().count(State.UNCONFIRMED) == 1
    # The other workflow: a list of its own, in which so many of its runs are the known ones.
    service, universe.service = universe.service, Service(Settings(duration_seconds=1))
    universe.remote.service = universe.service
    universe.remote.before_list = lambda: None
    universe.workflow = "WCFG-2"
    universe.sheet = a_sheet(120)
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 120
    with universe.ledger() as ledger:
        past = ledger.past_runs(universe.recipe.service, WORKFLOW)
        assert past == []
    universe.service = universe.remote.service = service
    universe.workflow = WORKFLOW
    universe.sheet = a_sheet(1)
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 1
    assert universe.starts_by_company() == {"Company 2": 1}


def test_a_ledger_from_a_backup_takes_no_run_of_the_one_that_was_lost(tmp_path: Path) -> None:
    """The same number is given once more, to another row: its token is another all the same."""
    universe = Universe(tmp_path, retry={"settle": "5s"})
    one, lost_one, new = a_sheet(3).rows
    universe.sheet = dataclasses.replace(universe.sheet, rows=(one,))
    universe.call()
    path = tmp_path / "batch.ledger"
    backup = path.read_bytes()
    universe.sheet = dataclasses.replace(universe.sheet, rows=(one, lost_one))
    universe.call()
    path.write_bytes(backup)
    universe.sheet = dataclasses.replace(universe.sheet, rows=(one, new))
    replies = [Doubtful("cut")]
    universe.remote.before_start = lambda: replies.pop() if replies else None
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 2
    begun = {str(row.values[0]): 1 for row in (one, lost_one, new)}
    assert universe.starts_by_company() == begun
