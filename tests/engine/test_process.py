"""The engine on virtual time, over the simulator without sockets and a real ledger."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path

import pytest

from pipeline.core.model import Observation, Row, RunId, RunStatus, State
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    HaltReason,
    LookReply,
    Missing,
    NotConnected,
    Refused,
    RunPage,
    StartReply,
    TryLater,
    Unreachable,
)
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.calls.starter import INTENDED_AT_ONCE
from pipeline.errors import LedgerLost
from pipeline.ledger.records import Enrolled
from pipeline.ledger.store import Ledger
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.world import Remote, Universe, a_sheet


def in_turn(*replies: StartReply | None) -> Callable[[], StartReply | None]:
    """The service's replies instead of its own, one a call; ``None`` and afterwards its own."""
    left = list(replies)
    return lambda: left.pop(0) if left else None


def always(reply: LookReply) -> Callable[[], LookReply | None]:
    """One reply for every look."""
    return lambda: reply


def once_each(count: int) -> dict[str, int]:
    """One run for each of so many rows."""
    return {f"Company {n}": 1 for n in range(2, count + 2)}


def test_every_row_is_started_once_and_seen_to_end(tmp_path: Path) -> None:
    """A fresh batch: each row has one run, each run's outcome and credits are in the ledger."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(40)
    assert universe.call() is None
    tally = universe.tally()
    assert tally.count(State.COMPLETE) == 40
    assert tally.credits == 80
    assert universe.starts_by_company() == once_each(40)


def test_a_finished_batch_sends_nothing(tmp_path: Path) -> None:
    """The same command over a finished batch makes no call at all."""
    universe = Universe(tmp_path)
    universe.call()
    universe.remote.starts_at.clear()
    universe.remote.looks_at.clear()
    assert universe.call() is None
    assert (universe.remote.starts_at, universe.remote.looks_at) == ([], [])


def test_starts_keep_the_pace(tmp_path: Path) -> None:
    """At 10/s, with a burst of 3: never more in a window than the rate, 20 ms and burst allow."""
    universe = Universe(tmp_path, limits={"rate": "10/s", "burst": 3})
    universe.sheet = a_sheet(100)
    universe.call()
    moments = universe.remote.starts_at
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            window = moments[last] - begin
            assert last - first + 1 <= 10 * (window + 0.020) + 3 + 1
    assert len(moments) / (moments[-1] - moments[0]) >= 0.99 * 10


def test_no_more_runs_are_in_flight_than_allowed(tmp_path: Path) -> None:
    """`max_in_flight` bounds the runs that are started and not seen to end."""
    universe = Universe(tmp_path, duration_seconds=20, limits={"rate": "100/s", "max_in_flight": 5})
    universe.sheet = a_sheet(20)
    seen = []

    async def meanwhile() -> None:
        for _ in range(60):
            await asyncio.sleep(1)
            with_run = universe.service.count(universe.clock.now()).body
            assert isinstance(with_run, dict)
            seen.append(with_run["accepted"])

    universe.call(meanwhile=meanwhile)
    # Runs take 10 s at least, and each is looked at within a few seconds of its end.
    assert seen[8] == 5
    assert universe.tally().count(State.COMPLETE) == 20


@pytest.mark.parametrize("rate", ["2/s", "1000/s", "100000/s"])
def test_only_few_rows_wait_to_be_sent_with_their_intents_made(tmp_path: Path, rate: str) -> None:
    """Whatever may start, a process that dies leaves few rows in doubt that were never sent."""
    universe = Universe(tmp_path, limits={"rate": rate, "max_in_flight": 1000})
    universe.sheet = a_sheet(600)
    waiting: list[int] = []

    def count_those_that_wait() -> None:
        with sqlite3.connect(tmp_path / "batch.ledger") as connection:
            (intended,) = connection.execute("SELECT count(*) FROM attempt").fetchone()
        waiting.append(intended - len(universe.remote.starts_at))

    universe.remote.before_start = count_those_that_wait
    assert universe.call(limit=300) is None
    assert max(waiting) <= (1 if rate == "2/s" else 2 * INTENDED_AT_ONCE)


def test_an_interrupt_sends_nothing_more_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """Ctrl-C in the middle: no start leaves after it, and the next call pays for no row twice."""
    universe = Universe(tmp_path, duration_seconds=20)
    universe.sheet = a_sheet(40)

    async def meanwhile() -> None:
        await asyncio.sleep(2)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    stop = universe.call(meanwhile=meanwhile)
    assert stop is not None
    assert stop.reason is StopReason.INTERRUPTED
    assert max(universe.remote.starts_at) <= 2
    tally = universe.tally()
    assert tally.count(State.RUNNING) > 0
    assert tally.count(State.PLANNED) > 0
    # What was not sent was taken back, and no reply was lost: nothing is in doubt.
    assert tally.count(State.UNCONFIRMED) == 0
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 40
    assert universe.starts_by_company() == once_each(40)


def test_a_resume_writes_nothing_of_runs_that_still_run(tmp_path: Path) -> None:
    """A next call over many running rows costs looks, and no commit for each."""
    universe = Universe(tmp_path, duration_seconds=5000)
    universe.sheet = a_sheet(8)

    async def meanwhile() -> None:
        await asyncio.sleep(2)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    universe.call(meanwhile=meanwhile)
    assert universe.tally().count(State.RUNNING) == 8
    saved: list[int] = []

    def spied(ledger: Ledger) -> None:
        save = ledger.save
        ledger.save = lambda entries: (saved.append(len(entries)), save(entries))[1]  # type: ignore[method-assign, func-returns-value]

    universe.call(meanwhile=meanwhile, before=spied)
    assert saved == []
    assert len(universe.remote.looks_at) >= 8


def test_a_reply_that_outlasts_the_patience_of_a_stop_is_a_doubt(tmp_path: Path) -> None:
    """A start whose reply is not waited for any longer is looked for, and never sent by guess."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(3)
    hang = asyncio.Event()
    own_start = universe.remote.start

    async def hanging_start(*arguments: object) -> StartReply:
        await own_start(*arguments)  # type: ignore[arg-type]
        await hang.wait()
        raise AssertionError

    universe.remote.start = hanging_start  # type: ignore[method-assign]

    async def meanwhile() -> None:
        await asyncio.sleep(0.15)
        universe.switch.ask(Stop(StopReason.TERMINATED, "terminated"))

    universe.call(meanwhile=meanwhile)
    begun = universe.starts_by_company()
    assert 1 <= len(begun) < 3
    assert universe.tally().count(State.UNCONFIRMED) == len(begun)
    universe.remote.start = own_start  # type: ignore[method-assign]
    universe.call()
    assert universe.starts_by_company() == once_each(3)
    assert universe.tally().count(State.COMPLETE) == 3


@pytest.mark.parametrize("doubtful", [Doubtful("HTTP 500"), Doubtful("the connection was cut")])
def test_a_doubtful_start_is_held_and_the_others_go_on(tmp_path: Path, doubtful: Doubtful) -> None:
    """Where nothing is looked for, a lost reply costs one row a decision, and no other anything."""
    universe = Universe(tmp_path, retry={"unconfirmed": "hold"})
    universe.remote.before_start = in_turn(None, doubtful)
    assert universe.call() is None
    universe.call()
    tally = universe.tally()
    assert tally.count(State.UNCONFIRMED) == 1
    assert tally.count(State.COMPLETE) == 9
    assert sum(universe.starts_by_company().values()) == 9
    (held,) = [s for s in universe.standings().values() if s.state is State.UNCONFIRMED]
    assert held.attempt is not None
    assert held.attempt.error is not None
    assert doubtful.why in held.attempt.error


def test_a_refused_start_fails_its_row_alone(tmp_path: Path) -> None:
    """A row that the service refuses is failed with the service's own words, and costs nothing."""
    universe = Universe(tmp_path)
    universe.remote.before_start = in_turn(None, Refused("Company: too short"))
    assert universe.call() is None
    tally = universe.tally()
    assert (tally.count(State.FAILED), tally.count(State.COMPLETE)) == (1, 9)
    assert tally.credits == 18
    (failed,) = [s for s in universe.standings().values() if s.state is State.FAILED]
    assert failed.attempt is not None
    assert "Company: too short" in (failed.attempt.error or "")


def test_all_starts_heed_the_wait_that_one_was_asked_for(tmp_path: Path) -> None:
    """After a 429 with Retry-After no start leaves within it; looks go on; no row is lost."""
    universe = Universe(tmp_path)
    universe.remote.before_list = Missing
    universe.sheet = a_sheet(30)
    universe.remote.before_start = in_turn(*[None] * 10, TryLater(30.0))
    assert universe.call() is None
    moments = universe.remote.starts_at
    pauses = [late - early for early, late in pairwise(moments) if late - early > 1]
    assert len(pauses) == 1
    assert pauses[0] >= 30
    asked_at = moments[10]
    assert any(asked_at < moment < asked_at + 30 for moment in universe.remote.looks_at)
    assert universe.tally().count(State.COMPLETE) == 30
    assert universe.starts_by_company() == once_each(30)


def test_a_storm_of_refusals_passes(tmp_path: Path) -> None:
    """429 after 429, with no word on how long: ever longer pauses, no doubt, no stop."""
    universe = Universe(tmp_path)
    universe.remote.before_start = in_turn(*[TryLater(None)] * 12)
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 10
    assert universe.starts_by_company() == once_each(10)
    gaps = [late - early for early, late in pairwise(universe.remote.starts_at[:12])]
    assert all(gap >= 0.05 for gap in gaps)
    assert gaps[8] > 10


def test_all_looks_heed_the_wait_that_one_was_asked_for(tmp_path: Path) -> None:
    """A 429 on a look pauses the looks, and no start; there is no list that would spare them."""
    universe = Universe(tmp_path, polling={"first": "1s"})
    universe.service = Service(Settings(list_runs=False))
    universe.remote = Remote(universe.service, universe.clock)
    universe.sheet = a_sheet(60)
    asked_at: list[float] = []

    def refuse_once() -> LookReply | None:
        if asked_at:
            return None
        asked_at.append(universe.remote.looks_at[-1])
        return TryLater(20.0)

    universe.remote.before_look = refuse_once
    universe.remote.before_list = Missing
    universe.call()
    later = [moment for moment in universe.remote.looks_at if moment > asked_at[0]]
    assert min(later) >= asked_at[0] + 20
    assert any(asked_at[0] < moment < asked_at[0] + 5 for moment in universe.remote.starts_at)
    assert universe.tally().count(State.COMPLETE) == 60


@pytest.mark.parametrize(
    ("halt", "reason"),
    [
        (HaltReason.KEY_REFUSED, StopReason.KEY_REFUSED),
        (HaltReason.WORKFLOW_NOT_FOUND, StopReason.WORKFLOW_NOT_FOUND),
        (HaltReason.CREDITS_AT_LIMIT, StopReason.CREDITS_AT_LIMIT),
    ],
)
def test_a_refusal_that_only_a_person_can_mend_stops_the_starts(
    tmp_path: Path, halt: HaltReason, reason: StopReason
) -> None:
    """Key, workflow, credits: no start after it, no row failed for it, and later it goes on."""
    universe = Universe(tmp_path, duration_seconds=20)
    universe.sheet = a_sheet(30)
    universe.remote.before_start = in_turn(*[None] * 5, Halted(halt, "no"))
    stop = universe.call()
    assert stop is not None
    assert stop.reason is reason
    assert len(universe.remote.starts_at) <= 7
    tally = universe.tally()
    assert tally.count(State.FAILED, State.UNCONFIRMED) == 0
    if reason is StopReason.CREDITS_AT_LIMIT:
        # What is in flight was paid for, and is watched to its end.
        assert tally.count(State.RUNNING) == 0
        assert tally.count(State.COMPLETE) >= 5
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 30
    assert universe.starts_by_company() == once_each(30)


def test_a_key_refused_on_a_look_stops_at_once(tmp_path: Path) -> None:
    """The runs in flight stay running in the ledger, and the next call sees them end."""
    universe = Universe(tmp_path)
    universe.remote.before_list = Missing
    universe.remote.before_look = always(Halted(HaltReason.KEY_REFUSED, "no"))
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.KEY_REFUSED
    assert universe.tally().count(State.RUNNING) >= 1
    universe.remote.before_look = lambda: None
    universe.call()
    assert universe.tally().count(State.COMPLETE) == 10
    assert universe.starts_by_company() == once_each(10)


def test_a_service_that_can_not_be_reached_stops_the_starts_after_a_few(tmp_path: Path) -> None:
    """No connection: six tries within a minute, no row in doubt, none failed."""
    universe = Universe(tmp_path)
    universe.remote.before_start = lambda: NotConnected("connection refused")
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.SERVICE_GONE
    assert len(universe.remote.starts_at) == 6
    assert universe.remote.starts_at[-1] < 60
    assert universe.tally().count(State.PLANNED) == 10


def test_a_service_that_loses_every_reply_puts_only_a_few_rows_in_doubt(tmp_path: Path) -> None:
    """Fast starts into a service that dies: those under way are in doubt, then one at a time."""
    universe = Universe(tmp_path, limits={"rate": "100/s"})
    universe.sheet = a_sheet(500)

    def lost() -> StartReply | None:
        return Doubtful("HTTP 502") if len(universe.remote.starts_at) > 50 else None

    universe.remote.before_start = lost
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.SERVICE_GONE
    # Those that left within the one latency, and four more, each after a longer pause.
    assert universe.tally().count(State.UNCONFIRMED) <= 100 * 0.05 + 5


def test_a_service_that_does_not_answer_looks_stops_the_batch(tmp_path: Path) -> None:
    """Looks without an answer: after six in a row the batch stops, and the runs stay running."""
    universe = Universe(tmp_path)
    universe.remote.before_list = Missing
    universe.remote.before_look = always(Unreachable("HTTP 503"))
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.SERVICE_GONE
    assert universe.tally().count(State.RUNNING) == 10
    universe.remote.before_look = lambda: None
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 10


@pytest.mark.parametrize("has_list", [True, False])
@pytest.mark.parametrize(
    "reply", [Unreachable("the service answered 500"), TryLater(None)], ids=["500", "429"]
)
def test_a_run_that_can_not_be_looked_at_expires_by_itself(
    tmp_path: Path, reply: LookReply, *, has_list: bool
) -> None:
    """The service answers all else: no batch stops for one run, and none waits for ever."""
    universe = Universe(tmp_path, polling={"give_up": "10min"})
    universe.sheet = a_sheet(5)
    if not has_list:
        universe.remote.before_list = Missing
    look = universe.remote.look
    bad: list[RunId] = []

    async def but_for_one(run_id: RunId) -> LookReply:
        bad.append(run_id)
        seen = await look(run_id)
        return reply if run_id == bad[0] else seen

    universe.remote.look = but_for_one  # type: ignore[method-assign]
    began_at = universe.clock.epoch
    assert universe.call() is None
    assert universe.clock.epoch - began_at < 720
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.count(State.EXPIRED)) == (4, 1)


def test_runs_that_can_not_be_looked_at_hold_up_no_others(tmp_path: Path) -> None:
    """The first thirty answer 500 for ever: those after them are seen to end as soon as ever."""
    universe = Universe(tmp_path, limits={"rate": "1/s"}, polling={"give_up": "10min"})
    universe.sheet = a_sheet(300)
    universe.remote.before_list = lambda: RunPage(0, ())
    look = universe.remote.look
    bad: set[RunId] = set()

    async def but_for_thirty(run_id: RunId) -> LookReply:
        if len(bad) < 30:
            bad.add(run_id)
        return Unreachable("the service answered 500") if run_id in bad else await look(run_id)

    universe.remote.look = but_for_thirty  # type: ignore[method-assign]
    assert universe.call() is None
    ends = {run.id: run.ends_at for run in universe.service._runs.values()}  # noqa: SLF001
    seen = [s.attempt for s in universe.standings().values() if s.attempt is not None]
    lags = sorted((a.ended_at or 0) - ends[str(a.run_id)] for a in seen if a.run_id not in bad)
    assert len(lags) == universe.tally().count(State.COMPLETE) == 270
    assert lags[135] < 8


@pytest.mark.parametrize("rows", [1, 10])
def test_a_service_that_answers_all_with_5xx_stops_the_batch(tmp_path: Path, rows: int) -> None:
    """Also the list: nothing tells that it is there, whatever the number of runs in flight."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(rows)
    universe.remote.before_look = always(Unreachable("the service answered 503"))
    universe.remote.before_list = always(Unreachable("the service answered 503"))
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.SERVICE_GONE
    assert universe.tally().count(State.RUNNING) == rows


def test_looks_that_are_refused_for_want_of_credits_are_told_as_that(tmp_path: Path) -> None:
    """The batch stops as where nobody answers, and says what is to be done; then it goes on."""
    universe = Universe(tmp_path)
    refusal = Unreachable("no credits left", lacks_credits=True)
    universe.remote.before_look = always(refusal)
    universe.remote.before_list = always(refusal)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.CREDITS_BAR_LOOKS
    assert "no credits left" in stop.message
    assert "once the workspace has credits again" in stop.message
    assert universe.tally().count(State.RUNNING) == 10
    universe.remote.before_look = universe.remote.before_list = lambda: None
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 10


def test_a_few_looks_without_an_answer_are_nothing(tmp_path: Path) -> None:
    """Four looks in vain, then answers: every row is complete."""
    universe = Universe(tmp_path)
    replies: list[LookReply] = [Unreachable("HTTP 500")] * 4
    universe.remote.before_look = lambda: replies.pop() if replies else None
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 10


def test_too_many_failures_stop_the_starts_and_the_rest_is_watched(tmp_path: Path) -> None:
    """`max_failures`: nothing more is started, what is in flight is seen to its end."""
    universe = Universe(
        tmp_path,
        fail=1.0,
        limits={"rate": "2/s", "max_failures": 5},
        polling={"first": "1s"},
    )
    universe.sheet = a_sheet(100)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.TOO_MANY_FAILURES
    tally = universe.tally()
    assert 5 <= tally.count(State.FAILED) < 30
    assert tally.count(State.RUNNING) == 0
    assert tally.count(State.FAILED) + tally.count(State.PLANNED) == 100


def test_failures_are_counted_within_one_call(tmp_path: Path) -> None:
    """Rows that failed in an earlier call do not stop the next one."""
    universe = Universe(tmp_path, fail=1.0, limits={"rate": "1/s", "max_failures": 5})
    universe.sheet = a_sheet(30)
    universe.call()
    before = universe.tally().count(State.FAILED)
    universe.call()
    assert universe.tally().count(State.FAILED) >= min(30, before + 5)


def test_a_share_of_failures_is_of_the_rows_that_a_pilot_sends(tmp_path: Path) -> None:
    """A fifth of ten rows is two, and not a fifth of the sheet."""
    limits = {"rate": "1/s", "max_failures": "20%"}
    universe = Universe(tmp_path, fail=1.0, duration_seconds=0, limits=limits)
    universe.sheet = a_sheet(100)
    stop = universe.call(limit=10)
    assert stop is not None
    assert stop.reason is StopReason.TOO_MANY_FAILURES
    assert universe.tally().count(State.FAILED) < 10


def test_a_share_of_failures_is_also_of_the_rows_that_were_under_way(tmp_path: Path) -> None:
    """A batch of which all was started is not stopped by the first that fails."""
    limits = {"rate": "100/s", "max_failures": "50%"}
    universe = Universe(tmp_path, fail=0.2, duration_seconds=60, limits=limits)
    universe.sheet = a_sheet(100)

    async def interrupt() -> None:
        await asyncio.sleep(10)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "it was interrupted"))

    assert universe.call(meanwhile=interrupt) is not None
    assert universe.tally().count(State.RUNNING) == 100
    assert universe.call() is None
    assert 0 < universe.tally().count(State.FAILED) < 50


@pytest.mark.parametrize(
    ("limit", "most", "failed"), [(7, None, 7), ("10%", None, 8), ("10%", 40, 4), (5, None, 5)]
)
def test_failures_are_counted_over_a_pilot_and_the_rest(
    tmp_path: Path, limit: int | str, most: int | None, failed: int
) -> None:
    """They are one call: a share is of all rows that it sends, and what failed first counts on."""
    limits = {"rate": "1/s", "max_in_flight": 1, "max_failures": limit}
    universe = Universe(tmp_path, fail=1.0, duration_seconds=0, limits=limits)
    universe.sheet = a_sheet(80)
    course = Course(most, pilot=5)
    stop = universe.call(course=course)
    assert (stop is None) == (failed > 5)
    if stop is None:
        assert universe.tally().count(State.FAILED) == 5
        course.end_pilot()
        stop = universe.call(course=course)
    assert stop is not None
    assert stop.what == f"limits.max_failures was reached after {failed} failed rows"
    assert universe.tally().count(State.FAILED) == failed


def test_a_run_that_failed_gets_the_attempts_that_the_config_grants(tmp_path: Path) -> None:
    """`retry.failed: 2`: three attempts a row at the most, all of them paid and counted."""
    universe = Universe(tmp_path, fail=1.0, retry={"failed": 2})
    universe.sheet = a_sheet(4)
    universe.call()
    tally = universe.tally()
    assert tally.count(State.FAILED) == 4
    assert tally.credits == 4 * 3 * 2
    assert universe.starts_by_company() == {f"Company {n}": 3 for n in range(2, 6)}
    universe.call()
    assert sum(universe.starts_by_company().values()) == 12


def test_a_run_that_does_not_end_expires_and_is_looked_at_again_for_free(tmp_path: Path) -> None:
    """`give_up`: the row is expired; the next call looks again, and starts nothing."""
    universe = Universe(tmp_path, duration_seconds=5000, polling={"give_up": "30min"})
    universe.sheet = a_sheet(2)
    assert universe.call() is None
    assert universe.tally().count(State.EXPIRED) == 2
    universe.clock.epoch += 5000
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == 2
    assert universe.starts_by_company() == once_each(2)


def test_a_run_that_the_service_never_knew_expires_within_minutes(tmp_path: Path) -> None:
    """404 after 404: the row is expired, and is not paid for again."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(2)
    universe.remote.before_look = always(Missing())
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 2
    assert 300 <= max(universe.remote.looks_at) < 900


def test_a_service_that_lags_behind_its_own_starts_is_waited_for(tmp_path: Path) -> None:
    """404 right after the start is no end: the run is found a little later."""
    universe = Universe(tmp_path)
    replies: list[LookReply] = [Missing()] * 12
    universe.remote.before_look = lambda: replies.pop() if replies else None
    universe.call()
    assert universe.tally().count(State.COMPLETE) == 10


def test_a_status_word_never_seen_before_is_still_running_and_is_told(tmp_path: Path) -> None:
    """The batch waits on, and says which word it met and how often."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(1)
    replies: list[LookReply] = [Observation(RunId("x"), RunStatus.RUNNING, "PAUSED")] * 3
    universe.remote.before_look = lambda: replies.pop() if replies else None
    universe.call()
    assert universe.tally().count(State.COMPLETE) == 1
    assert "'PAUSED' (3 times)" in universe.said.getvalue()


def test_one_run_named_for_two_rows_leaves_the_second_in_doubt(tmp_path: Path) -> None:
    """A run belongs to one attempt; the row that was given another's run is held."""
    universe = Universe(tmp_path)
    universe.remote.before_start = in_turn(Accepted(RunId("WRUN-1")), Accepted(RunId("WRUN-1")))
    universe.remote.before_look = always(
        Observation(RunId("WRUN-1"), RunStatus.COMPLETE, "COMPLETE")
    )
    universe.call()
    tally = universe.tally()
    assert tally.count(State.UNCONFIRMED) == 1
    assert tally.count(State.COMPLETE) == 9


def test_a_limit_sends_so_many_new_attempts_and_no_more(tmp_path: Path) -> None:
    """`--limit 3` is a pilot of the first three rows; a 429 does not count."""
    universe = Universe(tmp_path)
    universe.remote.before_start = in_turn(None, TryLater(1.0))
    assert universe.call(limit=3) is None
    assert universe.starts_by_company() == once_each(3)
    assert universe.tally().count(State.PLANNED) == 7


def test_rows_that_left_the_sheet_are_watched_and_not_started(tmp_path: Path) -> None:
    """A newer export without some rows: their runs are seen to end, their starts do not leave."""
    universe = Universe(tmp_path, duration_seconds=60)
    universe.sheet = a_sheet(30)

    async def meanwhile() -> None:
        await asyncio.sleep(1)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    universe.call(meanwhile=meanwhile)
    begun = universe.starts_by_company()
    assert 5 < len(begun) < 20
    universe.sheet = a_sheet(3)
    universe.call()
    assert universe.starts_by_company() == begun
    with universe.ledger() as ledger:
        assert ledger.entries(State.RUNNING) == []


def test_a_ledger_that_can_not_be_written_stops_the_batch(tmp_path: Path) -> None:
    """A full disk: no start leaves without its intent, and the call ends with that one fault."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(30)

    async def full_after_a_second(call: Callable[[], object], /) -> object:
        if universe.clock.monotonic() > 1:
            raise LedgerLost(place="ledger", wrong="disk full", remedy="make room")
        return call()

    universe.blocking = full_after_a_second  # type: ignore[assignment]
    with pytest.raises(LedgerLost, match="disk full"):
        universe.call()
    assert max(universe.remote.starts_at) <= 1.1


@pytest.mark.parametrize(
    "asked", ["opening", "enrolled", "next_planned", "superseded", "confirmed"]
)
def test_a_ledger_that_can_not_be_read_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """A disk that fails is no fault of this program, whatever was asked of it."""
    universe = Universe(tmp_path)
    universe.remote.before_start = in_turn(Doubtful("cut"))

    def broken(_ledger: Ledger, *_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Ledger, asked, broken)
    with pytest.raises(LedgerLost, match=r"batch.ledger.*can't be read \(disk I/O error\)"):
        universe.call()


@pytest.mark.parametrize("what", ["deleted", "replaced"])
def test_a_ledger_that_is_gone_stops_the_batch(tmp_path: Path, what: str) -> None:
    """Deleted or replaced under a running batch: it stops at once, and all it held is rescued."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(40)
    path = tmp_path / "batch.ledger"

    async def meanwhile() -> None:
        await asyncio.sleep(1)
        path.unlink()
        if what == "replaced":
            path.write_bytes(b"")

    with pytest.raises(LedgerLost, match=r"deleted, moved or replaced .*batch\.ledger\.rescued"):
        universe.call(meanwhile=meanwhile)
    assert max(universe.remote.starts_at) <= 1.2
    (tmp_path / "batch.ledger.rescued").rename(path)
    universe.call()
    # The start under way when the ledger was found gone is in doubt, as after a crash.
    assert set(universe.starts_by_company().values()) == {1}
    tally = universe.tally()
    assert tally.count(State.COMPLETE) + tally.count(State.UNCONFIRMED) == 40


def test_a_row_that_goes_back_to_wait_while_the_sheet_is_read_is_started_once(
    tmp_path: Path,
) -> None:
    """Its new state may be read from the ledger before the loop has heard of that commit."""
    universe = Universe(tmp_path, fail=1.0, limits={"rate": "1/s"}, retry={"failed": 1})
    universe.sheet = a_sheet(1)

    async def meanwhile() -> None:
        await asyncio.sleep(0.5)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    universe.call(meanwhile=meanwhile)
    assert universe.tally().count(State.RUNNING) == 1
    universe.clock.epoch += 100
    # The row that runs now stands below others whose turn is to come.
    (first,) = universe.sheet.rows
    others = tuple(Row(number, (f"Other {number}",)) for number in range(2, 5))
    universe.sheet = replace(universe.sheet, rows=(*others, Row(5, first.values)))
    ledger_calls = count(1)
    read: list[Enrolled] = []

    async def slow(call: Callable[[], object], /) -> object:
        is_first_read_of_the_sheet = next(ledger_calls) == 4
        if is_first_read_of_the_sheet:
            await asyncio.sleep(0.3)
            rows = call()
            assert isinstance(rows, list)
            read.extend(rows)
            return rows
        result = call()
        await asyncio.sleep(0.5)
        return result

    universe.blocking = slow  # type: ignore[assignment]
    universe.call()
    assert [row.row_number for row in read] == [2, 3, 4, 5]
    assert universe.starts_by_company() == {
        "Company 2": 2,
        **{f"Other {number}": 2 for number in range(2, 5)},
    }
