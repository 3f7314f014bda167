"""Completions by push: the whole engine on virtual time, with deliveries and all their faults."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import pytest

from pipeline.core.model import Json, Observation, RunId, RunStatus, State
from pipeline.core.replies import CreditsReached, Delivery, LookReply, Missing, Unreadable
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.calls.pushes import Pushes
from pipeline.simulator.faults import Faults
from pipeline.simulator.outputs import outputs
from pipeline.simulator.posting import LATE_PUSH_SECONDS
from tests.world import WORKFLOW, Universe, a_config, a_sheet

T = TypeVar("T")

ROWS = 100


def a_listening_universe(folder: Path, rows: int = ROWS, **parts: object) -> Universe:
    universe = Universe(folder, **{"duration_seconds": 30.0, **parts})  # type: ignore[arg-type]
    universe.sheet = a_sheet(rows)
    universe.listen()
    return universe


def looks(universe: Universe) -> int:
    return len(universe.remote.looks_at) + len(universe.remote.lists_at)


def assert_all_is_told(universe: Universe) -> None:
    """Every row is complete, with its own outputs and its credits, and was started once."""
    starts = universe.starts_by_company()
    assert set(starts.values()) == {1}
    assert universe.tally().count(State.COMPLETE) == len(starts) == len(universe.sheet.rows)
    assert universe.tally().credits == 2 * len(starts)
    runs = {run.id: run for run in universe.service._runs.values()}  # noqa: SLF001 - the witness
    for standing in universe.standings().values():
        assert standing.attempt is not None
        run = runs[standing.attempt.run_id]
        assert standing.attempt.outputs == outputs(run.start_variables)


@pytest.mark.parametrize("duration_seconds", [0.1, 2.0, 30.0, 240.0])
def test_few_polls_are_needed_where_pushes_come(tmp_path: Path, duration_seconds: float) -> None:
    """At most 0.2 requests a run beside its start, whether runs are short or long."""
    universe = a_listening_universe(tmp_path, duration_seconds=duration_seconds)
    assert universe.call() is None
    assert_all_is_told(universe)
    assert looks(universe) <= 0.2 * ROWS, looks(universe)


def test_few_polls_are_needed_where_some_runs_are_short_and_most_are_long(tmp_path: Path) -> None:
    """The short ones, told of first, make nobody look at each long one."""
    universe = a_listening_universe(
        tmp_path, rows=3 * ROWS, duration_seconds=240.0, faults=Faults(push_early=0.3)
    )
    assert universe.call() is None
    assert_all_is_told(universe)
    assert looks(universe) <= 0.2 * 3 * ROWS, looks(universe)


@pytest.mark.parametrize("fault", ["push_doubled", "push_forged", "push_late"])
def test_what_pushes_do_wrong_is_harmless(tmp_path: Path, fault: str) -> None:
    """Told twice, of runs that never were, or long after: no row is another for it."""
    universe = a_listening_universe(tmp_path, faults=Faults(**{fault: 1.0}))
    assert universe.call() is None
    assert_all_is_told(universe)


def test_a_push_before_the_starts_reply_counts_once_that_is_read(tmp_path: Path) -> None:
    """What was told of a run that nobody knew yet is not lost: it needs no look."""
    universe = a_listening_universe(tmp_path, faults=Faults(push_early=1.0))
    assert universe.call() is None
    assert_all_is_told(universe)
    assert looks(universe) == 0


def test_a_push_without_outputs_or_credits_leads_to_one_look(tmp_path: Path) -> None:
    """The look at this very run tells the rest, and no further one is needed."""
    universe = a_listening_universe(tmp_path, rows=20, faults=Faults(push_bare=1.0))
    assert universe.call() is None
    assert_all_is_told(universe)
    assert universe.remote.lists_at == []
    by_push = 20
    until_the_first_push = 6
    assert by_push <= len(universe.remote.looks_at) <= by_push + until_the_first_push


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_a_lost_push_is_made_up_for_by_polls(tmp_path: Path, share: float) -> None:
    """Whatever share is lost, every row ends; with a tenth lost, polls stay few."""
    universe = a_listening_universe(tmp_path, faults=Faults(push_lost=share))
    assert universe.call() is None
    assert_all_is_told(universe)
    assert share > 0.1 or looks(universe) <= 0.3 * ROWS, looks(universe)


def test_where_no_push_comes_at_all_the_batch_is_hardly_later(tmp_path: Path) -> None:
    """A tunnel that leads nowhere costs no more than two of the longest waits."""
    seconds = {}
    for name, lost in (("polled", None), ("deaf", 1.0)):
        (folder := tmp_path / name).mkdir()
        universe = Universe(folder, duration_seconds=30.0, faults=Faults(push_lost=lost or 0))
        universe.sheet = a_sheet(ROWS)
        if lost:
            universe.listen()
        began_at = universe.clock.epoch
        assert universe.call() is None
        seconds[name] = universe.clock.epoch - began_at
    assert seconds["deaf"] <= seconds["polled"] + 120


def test_a_push_after_the_run_was_given_up_completes_its_row(tmp_path: Path) -> None:
    """Nobody watches such a run any more, and it is paid for: what it gave is taken."""
    universe = a_listening_universe(
        tmp_path,
        rows=10,
        duration_seconds=20.0,
        limits={"rate": "6/min"},
        polling={"give_up": "5s"},
    )
    universe.call()
    counted = universe.tally()
    assert counted.count(State.EXPIRED) + counted.count(State.COMPLETE) == 10
    assert counted.count(State.COMPLETE) >= 7
    assert counted.credits == 2 * counted.count(State.COMPLETE)


def test_a_push_for_an_attempt_that_was_given_up_for_a_newer_one_counts(tmp_path: Path) -> None:
    """Its credits are on record, and the newer attempt goes on."""
    universe = a_listening_universe(
        tmp_path, rows=5, duration_seconds=60.0, polling={"give_up": "10s"}
    )
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 5
    universe.ask_again()
    universe.config = a_config(tmp_path)
    universe.call()
    assert universe.tally().count(State.COMPLETE) == 5
    ended = [run for run in universe.service._runs.values() if run.has_ended(universe.clock.epoch)]  # noqa: SLF001 - the witness
    assert len(ended) > 5
    assert universe.tally().credits == 2 * len(ended)


STILL_RUNS = Observation(RunId(""), RunStatus.RUNNING, "PROCESSING")


@pytest.mark.parametrize("given", [{"Email": "Dear Ada"}, None], ids=["whole", "bare"])
@pytest.mark.parametrize("reply", [STILL_RUNS, Missing(), Unreadable("it is too large")])
@pytest.mark.parametrize("is_owed", [True, False], ids=["retry owed", "to be given up"])
def test_an_end_told_while_a_look_is_out_outweighs_a_look_that_did_not_see_it(
    tmp_path: Path,
    *,
    given: dict[str, Json] | None,
    reply: LookReply,
    is_owed: bool,
) -> None:
    """The row is complete: it is neither given up nor paid for anew."""
    universe = an_expired_universe(tmp_path, is_owed=is_owed)
    look = universe.remote.look
    replies = [reply]

    async def overtaken(run_id: RunId) -> LookReply:
        if not replies:
            return await look(run_id)
        offer_end(universe, run_id, given)
        await asyncio.sleep(61 if not is_owed else 1)
        return replies.pop()

    universe.remote.look = overtaken  # type: ignore[method-assign]
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    assert (universe.tally().count(State.COMPLETE), universe.tally().credits) == (1, 2)


@pytest.mark.parametrize("is_owed", [True, False], ids=["retry owed", "given up"])
def test_an_end_told_while_a_look_is_made_durable_is_not_lost(
    tmp_path: Path, *, is_owed: bool
) -> None:
    """It is dealt with once the run is given up, and before a new attempt of the row leaves."""
    universe = an_expired_universe(tmp_path, is_owed=is_owed)
    run_ids: list[RunId] = []

    async def in_vain(run_id: RunId) -> LookReply:
        await asyncio.sleep(61)
        run_ids.append(run_id)
        return STILL_RUNS

    async def slow(call: Callable[[], T], /) -> T:
        if run_ids:
            offer_end(universe, run_ids.pop(), {"Email": "Dear Ada"})
            await asyncio.sleep(1)
        return call()

    universe.remote.look = in_vain  # type: ignore[method-assign]
    universe.blocking = slow
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    assert (universe.tally().count(State.COMPLETE), universe.tally().credits) == (1, 2)


def test_a_call_does_not_end_while_a_delivery_waits() -> None:
    """What was told while a look was out is recalled in the very moment in which all is done."""
    inbox = Inbox()
    pushes = Pushes(None, inbox, None, None)  # type: ignore[arg-type]  # asked for nothing
    assert pushes.is_idle
    inbox.offer(Delivery(CreditsReached(None), 100))
    assert not pushes.is_idle


def an_expired_universe(folder: Path, *, is_owed: bool) -> Universe:
    """One row whose run was given up and has ended since; a new attempt may be owed to it."""
    universe = Universe(folder, duration_seconds=600, polling={"give_up": "60s"})
    universe.sheet = a_sheet(1)
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 1
    universe.clock.epoch += 3600
    if is_owed:
        universe.ask_again()
    universe.listens = True
    return universe


def offer_end(universe: Universe, run_id: RunId, given: dict[str, Json] | None) -> None:
    """The service tells unasked that a run is complete, and perhaps what it gave."""
    assert universe.inbox is not None
    seen = Observation(run_id, RunStatus.COMPLETE, "COMPLETE", given, credits=2.0)
    universe.inbox.offer(Delivery(seen, 100))


@pytest.mark.parametrize(("workflow_id", "stops"), [(WORKFLOW, True), ("WCFG-2", False)])
def test_credits_at_their_limit_are_heeded_for_this_workflow(
    tmp_path: Path,
    workflow_id: str,
    stops: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Nothing more is started, what runs is watched on; another workflow's limit is not ours."""
    universe = a_listening_universe(tmp_path, rows=20, limits={"rate": "1/s"})

    async def tell() -> None:
        await universe.clock.sleep(5.0)
        assert universe.inbox is not None
        universe.inbox.offer(Delivery(CreditsReached(workflow_id), 100))

    stop = universe.call(meanwhile=tell)
    assert (stop is not None and stop.reason is StopReason.CREDITS_AT_LIMIT) == stops
    ended = universe.tally().count(State.COMPLETE)
    assert ended == len(universe.service._runs)  # noqa: SLF001 - the witness
    assert (ended < 20) == stops


def events_alone_name_credits(universe: Universe, *, are_named: bool = True) -> None:
    """Neither looks nor the list name any, as the service documents it; or nothing does."""
    settings = universe.service._settings  # noqa: SLF001 - another service
    changed = replace(settings, credits_in_run=False, credits_in_event=are_named)
    universe.service._settings = changed  # noqa: SLF001 - as above


@pytest.mark.parametrize("limits", [{"rate": "10/s"}, {"rate": "10/s", "max_credits": 500}])
@pytest.mark.parametrize(
    "faults", [{}, {"push_late": 0.15}, {"push_doubled": 0.3, "push_early": 0.3}]
)
def test_credits_that_events_alone_name_are_known(
    tmp_path: Path, limits: dict[str, object], faults: dict[str, float]
) -> None:
    """Of each run, failed or complete, seen to end by a look or told of: a cap stops nothing."""
    universe = a_listening_universe(
        tmp_path, fail=0.3, duration_seconds=5.0, limits=limits, faults=Faults(**faults)
    )
    events_alone_name_credits(universe)
    assert universe.call() is None
    tally = universe.tally()
    assert tally.count(State.FAILED) > 10
    assert (tally.credits, tally.credits_unknown) == (2 * ROWS, 0)
    errors = {s.attempt.error for s in universe.standings().values() if s.attempt is not None}
    assert len(errors) == 2, "the look that was made says why a run failed"


def test_credits_told_while_a_look_is_under_way_are_known(tmp_path: Path) -> None:
    """The look ends the run and names none; what came meanwhile is not lost."""
    limits = {"rate": "1/s", "max_credits": 50}
    universe = a_listening_universe(
        tmp_path, rows=1, duration_seconds=2.0, limits=limits, faults=Faults(push_late=1.0)
    )
    events_alone_name_credits(universe)
    look = universe.remote.look

    async def slow(run_id: RunId) -> LookReply:
        reply = await look(run_id)
        await universe.clock.sleep(LATE_PUSH_SECONDS)
        return reply

    universe.remote.look = slow  # type: ignore[method-assign]
    assert universe.call() is None
    assert universe.tally().credits == 2


def test_credits_that_are_not_told_either_stop_a_capped_batch(tmp_path: Path) -> None:
    """Once they were awaited for as long as the service may lag, and no longer."""
    universe = a_listening_universe(
        tmp_path,
        rows=20,
        limits={"rate": "1/s", "max_credits": 500},
        retry={"settle": "20s"},
        faults=Faults(push_lost=1.0),
    )
    events_alone_name_credits(universe)
    stopped_at = []
    ask = Batch.ask_to_stop

    def noted(batch: Batch, stop: Stop) -> None:
        stopped_at.append(batch.clock.monotonic())
        ask(batch, stop)

    with patch.object(Batch, "ask_to_stop", noted):
        stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CREDITS_UNKNOWN
    assert len(universe.remote.starts_at) == 1
    assert 20 < stopped_at[0] - universe.remote.looks_at[-1] < 21


def test_a_push_that_names_no_credits_ends_the_wait_for_them(tmp_path: Path) -> None:
    """Nothing more is told of this run, so a capped batch need not wait to be stopped."""
    universe = a_listening_universe(
        tmp_path,
        rows=20,
        duration_seconds=2.0,
        limits={"rate": "1/s", "max_credits": 500},
        retry={"settle": "10min"},
        faults=Faults(push_late=1.0),
    )
    events_alone_name_credits(universe, are_named=False)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CREDITS_UNKNOWN
    (ends_at,) = (run.ends_at for run in universe.service._runs.values())  # noqa: SLF001 - the witness
    assert LATE_PUSH_SECONDS <= universe.clock.epoch - ends_at < LATE_PUSH_SECONDS + 1


def test_credits_of_a_run_that_was_given_up_are_known_by_its_event(tmp_path: Path) -> None:
    """It failed, and the event does not say why: the look that does names no credits."""
    universe = a_listening_universe(
        tmp_path,
        rows=10,
        duration_seconds=20.0,
        fail=1.0,
        limits={"rate": "6/min"},
        polling={"give_up": "5s"},
    )
    events_alone_name_credits(universe)
    universe.call()
    attempts = [s.attempt for s in universe.standings().values() if s.attempt is not None]
    told = [attempt for attempt in attempts if attempt.state is State.FAILED]
    assert len(told) >= 7
    assert {attempt.credits for attempt in told} == {2}
    assert all("does not say why" not in (attempt.error or "") for attempt in told)
