"""A row that waits for its new attempt: its last run may end until that attempt leaves."""

from pathlib import Path

import pytest

from pipeline.core.events import FreshAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Observation, RoundKind, RunId, RunStatus, State
from pipeline.core.replies import (
    Halted,
    HaltReason,
    LookReply,
    Missing,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.core.rules import Context
from pipeline.engine.batch.stop import StopReason
from tests.world import Universe, a_config, a_sheet

A_DAY_SECONDS = 86_400


def expired(folder: Path, rows: int, *, runs_take_seconds: float) -> Universe:
    """All rows were started and given up after 20 s; their runs go on for about so long."""
    universe = Universe(folder, duration_seconds=runs_take_seconds, polling={"give_up": "20s"})
    universe.sheet = a_sheet(rows)
    universe.call()
    assert universe.tally().count(State.EXPIRED) == rows
    return universe


def at_rate(universe: Universe, rate: str, **polling: str) -> None:
    """From now on starts leave at this rate, and runs are watched for long."""
    given = {"give_up": "1h", **polling}
    universe.config = a_config(universe.folder, polling=given, limits={"rate": rate})


def starts(universe: Universe) -> int:
    """How many runs the service began."""
    return sum(universe.starts_by_company().values())


def waiting_since_yesterday(folder: Path, rows: int) -> Universe:
    """A retry sent one row's new attempt; the others' runs went on, and ended in the night."""
    universe = expired(folder, rows, runs_take_seconds=200)
    universe.ask_again()
    at_rate(universe, "10/s")
    universe.call(limit=1)
    assert universe.tally().count(State.PLANNED) == rows - 1
    universe.clock.epoch += A_DAY_SECONDS
    return universe


@pytest.mark.parametrize(("rate", "late_seconds"), [("60/min", 6), ("12/min", 4), ("2/h", 4)])
def test_a_run_that_ends_before_its_successor_leaves_is_not_paid_for_again(
    tmp_path: Path, rate: str, late_seconds: float
) -> None:
    """However long rows wait for their turn, what is paid for anew ran seconds before."""
    universe = expired(tmp_path, 40, runs_take_seconds=60)
    first = {run.start_variables["Company"]: run for run in universe.service._runs.values()}  # noqa: SLF001 - the witness
    at_rate(universe, rate)
    universe.ask_again()
    universe.call()
    again = list(universe.service._runs.values())[40:]  # noqa: SLF001 - as above
    assert universe.tally().count(State.COMPLETE) == 40
    for run in again:
        assert run.created_at - first[run.start_variables["Company"]].ends_at < late_seconds
    assert 0 < len(again) < 40


def test_rows_that_wait_are_looked_at_once_more_at_the_most(tmp_path: Path) -> None:
    """One look tells that the run goes on, one more as its turn comes; starts keep their pace."""
    universe = expired(tmp_path, 60, runs_take_seconds=100_000)
    at_rate(universe, "60/min", first="1h", max="1h")
    universe.ask_again()
    universe.remote.looks_at.clear()
    universe.remote.starts_at.clear()
    universe.call(limit=60)
    sent_at = universe.remote.starts_at
    assert starts(universe) == 120
    assert sum(at < sent_at[-1] for at in universe.remote.looks_at) <= 2 * 60
    assert sent_at[-1] - sent_at[0] < 60


def test_a_run_that_ended_over_night_is_found_before_its_row_is_paid_for(tmp_path: Path) -> None:
    """A plain `run` the next day looks first, too."""
    universe = waiting_since_yesterday(tmp_path, 8)
    universe.call()
    assert starts(universe) == 9
    assert universe.tally().count(State.COMPLETE) == 8


def test_many_rows_that_waited_over_night_are_told_of_by_the_list(tmp_path: Path) -> None:
    """A look at each would be a request a row, where one page tells of a hundred."""
    universe = waiting_since_yesterday(tmp_path, 200)
    universe.remote.looks_at.clear()
    universe.remote.lists_at.clear()
    universe.call()
    assert starts(universe) == 201
    assert len(universe.remote.lists_at) + len(universe.remote.looks_at) < 20


def test_a_run_that_ended_is_found_where_nothing_may_be_paid_for(tmp_path: Path) -> None:
    """Looks are free: at the cap on credits a row is complete by the run that it waited for."""
    universe = waiting_since_yesterday(tmp_path, 3)
    universe.config = a_config(tmp_path, limits={"max_credits": 1})
    universe.call()
    assert starts(universe) == 4
    assert universe.tally().count(State.COMPLETE) == 3


def test_a_row_that_waits_for_a_far_slot_holds_no_stop_up(tmp_path: Path) -> None:
    """At the cap the call ends with what was in flight, and not with the next slot."""
    universe = expired(tmp_path, 3, runs_take_seconds=100_000)
    limits = {"rate": "2/h", "max_credits": 80, "credits_per_run": 2}
    universe.config = a_config(tmp_path, limits=limits)
    with universe.ledger() as ledger:
        given_up = [s.attempt.run_id for s in ledger.every_attempt() if s.attempt]
    universe.ask_again()
    look = universe.remote.look

    async def the_newer_costs_all(run_id: RunId) -> LookReply:
        if run_id in given_up:
            return await look(run_id)
        return Observation(run_id, RunStatus.COMPLETE, "COMPLETE", {"a": "b"}, 80.0)

    universe.remote.look = the_newer_costs_all  # type: ignore[method-assign]
    began_at = universe.clock.epoch
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CAP_REACHED
    assert starts(universe) == 4
    assert universe.clock.epoch - began_at < 200


def test_what_fresh_left_aside_is_not_looked_at(tmp_path: Path) -> None:
    """`--fresh` pays again, whatever became of the earlier run."""
    universe = expired(tmp_path, 3, runs_take_seconds=200)
    with universe.ledger() as ledger:
        entries = ledger.entries(State.EXPIRED)
        context = Context(universe.clock.epoch)
        ledger.begin_round(
            RoundKind.FRESH,
            universe.clock.epoch,
            lambda number: [step(entry, FreshAsked(number), context)[0] for entry in entries],
        )
    universe.clock.epoch += A_DAY_SECONDS
    at_rate(universe, "1/min", first="5min")
    universe.call()
    assert starts(universe) == 6
    assert universe.tally().count(State.COMPLETE) == 3


def looked_at_in_vain(universe: Universe, reply: LookReply, times: int) -> None:
    """Once the retry has looked at all of them, so many looks are answered by this."""
    look = universe.remote.look
    looks = 0

    async def in_vain(run_id: RunId) -> LookReply:
        nonlocal looks
        looks += 1
        return reply if 3 < looks <= 3 + times else await look(run_id)

    universe.remote.look = in_vain  # type: ignore[method-assign]


@pytest.mark.parametrize("reply", [TryLater(2.0), Unreachable("500"), Unreadable("too large")])
@pytest.mark.parametrize(("times", "paid"), [(2, 1), (1000, 3)])
def test_a_look_in_vain_is_tried_again(
    tmp_path: Path, reply: LookReply, times: int, paid: int
) -> None:
    """But for so often only: a run that can't be seen keeps nobody from a new attempt for ever."""
    universe = expired(tmp_path, 3, runs_take_seconds=200)
    at_rate(universe, "6/h", first="2h", max="2h")
    universe.ask_again()
    looked_at_in_vain(universe, reply, times)
    universe.call(limit=3)
    assert starts(universe) - 3 == paid


def test_a_key_that_is_refused_on_such_a_look_stops_the_batch(tmp_path: Path) -> None:
    """As on any other call: nothing is paid for behind it."""
    universe = expired(tmp_path, 3, runs_take_seconds=200)
    at_rate(universe, "2/h", first="2h", max="2h")
    universe.ask_again()
    looked_at_in_vain(universe, Halted(HaltReason.KEY_REFUSED, "no"), 1000)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.KEY_REFUSED
    assert starts(universe) == 4


def test_a_run_that_the_service_forgot_is_paid_for_anew(tmp_path: Path) -> None:
    """That it is not known any more is an answer, too."""
    universe = expired(tmp_path, 3, runs_take_seconds=200)
    at_rate(universe, "2/h", first="2h", max="2h")
    universe.ask_again()
    looked_at_in_vain(universe, Missing(), 2)
    universe.call(limit=3)
    assert starts(universe) == 6


def test_a_clock_that_is_set_back_hides_no_outputs(tmp_path: Path) -> None:
    """The earlier run completed after the newer was sent, whatever moments the ledger holds."""
    universe = Universe(tmp_path, duration_seconds=1500, polling={"give_up": "20min"})
    universe.sheet = a_sheet(1)
    universe.call()
    with universe.ledger() as ledger:
        (first,) = [s.attempt.run_id for s in ledger.every_attempt() if s.attempt]
    universe.ask_again()
    is_set_back = False

    async def look(run_id: RunId) -> LookReply:
        nonlocal is_set_back
        if run_id == first and starts(universe) == 2:
            universe.clock.epoch -= 0 if is_set_back else 7200
            is_set_back = True
            return Observation(run_id, RunStatus.COMPLETE, "COMPLETE", {"a": "b"}, 2.0)
        if run_id == first or not is_set_back:
            return Observation(run_id, RunStatus.RUNNING, "PROCESSING")
        return Observation(run_id, RunStatus.FAILED, "FAILED", credits=1.0, message="no")

    universe.remote.look = look  # type: ignore[method-assign]
    universe.call()
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits) == (1, 3)
    universe.ask_again()
    universe.call()
    assert starts(universe) == 2
