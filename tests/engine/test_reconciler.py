"""Doubts are settled in sweeps over the list while the batch goes on: on virtual time."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from pipeline.core.doubts import Settle
from pipeline.core.events import RetryAsked, RunFound
from pipeline.core.lifecycle import step
from pipeline.core.model import (
    Attempt,
    Entry,
    Json,
    Observation,
    RoundKind,
    RunId,
    RunStatus,
    State,
    Token,
)
from pipeline.core.replies import (
    Doubtful,
    Halted,
    HaltReason,
    ListReply,
    LookReply,
    RunPage,
    StartReply,
    TryLater,
    Unreachable,
)
from pipeline.core.rules import Context
from pipeline.engine.batch.doubts import Doubts
from pipeline.engine.batch.stop import StopReason
from pipeline.ledger.store import Ledger
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.core.builders import an_entry
from tests.virtual import VirtualClock, run_virtually
from tests.world import KEY, WORKFLOW, Remote, Universe, a_sheet

SETTLE_SECONDS = 30.0
CUT = Doubtful("the connection was cut")


def a_universe(folder: Path, settings: Settings | None = None, **sections: object) -> Universe:
    """Ten rows at 10/s; runs take about two seconds."""
    universe = Universe(folder, **sections)
    if settings is not None:
        universe.service = Service(settings)
        universe.remote = Remote(universe.service, universe.clock)
    return universe


def lose(
    universe: Universe, *, replies: Collection[int] = (), requests: Collection[int] = ()
) -> None:
    """Cut the connection under the first start of these rows, after or before it arrived."""
    own_start = universe.remote.start
    cut_after = {f"Company {row}" for row in replies}
    cut_before = {f"Company {row}" for row in requests}

    async def start(
        variables: Mapping[str, Json], metadata: Mapping[str, Json], _: object = None
    ) -> StartReply:
        company = str(variables["Company"])
        if company in cut_before:
            cut_before.remove(company)
            return CUT
        reply = await own_start(variables, metadata)
        if company in cut_after:
            cut_after.remove(company)
            return CUT
        return reply

    universe.remote.start = start


def list_by(universe: Universe, change: Callable[[int, ListReply], ListReply]) -> list[int]:
    """Change what the list answers, by the number of the call; gives the pages asked for."""
    own_list = universe.remote.list_runs
    pages: list[int] = []

    async def list_runs(page: int) -> ListReply:
        pages.append(page)
        return change(len(pages), await own_list(page))

    universe.remote.list_runs = list_runs
    return pages


def begin_foreign(universe: Universe, company: str, count: int = 1) -> None:
    """Let a colleague begin runs in the same workflow, without this program."""
    body = json.dumps({"startVariables": {"Company": company}}).encode()
    for _ in range(count):
        universe.service.start(KEY, WORKFLOW, body, universe.clock.epoch)


def seconds_of_call(universe: Universe) -> float:
    """How long one call takes."""
    began_at = universe.clock.epoch
    assert universe.call() is None
    return universe.clock.epoch - began_at


def once_each(universe: Universe) -> bool:
    """Whether the service began one run for each row, and no more."""
    begun = universe.starts_by_company()
    return begun == {str(row.values[0]): 1 for row in universe.sheet.rows}


def counted(universe: Universe) -> tuple[int, int]:
    """Rows that are complete and in doubt."""
    tally = universe.tally()
    return tally.count(State.COMPLETE), tally.count(State.UNCONFIRMED)


@pytest.mark.parametrize("echoes", [True, False])
def test_a_start_whose_reply_was_lost_is_found(tmp_path: Path, *, echoes: bool) -> None:
    """By its token, or by its input where metadata is not given back; nothing is paid twice."""
    universe = a_universe(tmp_path, Settings(echo_metadata=echoes))
    lose(universe, replies={3, 7})
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert once_each(universe)
    assert universe.tally().credits == 20


@pytest.mark.parametrize(
    ("row", "settles"), [(3, 1), (11, 2)], ids=["a newer run is known", "none is newer"]
)
@pytest.mark.parametrize("echoes", [True, False])
def test_a_start_that_was_lost_is_sent_again_after_the_settle(
    tmp_path: Path, row: int, settles: int, *, echoes: bool
) -> None:
    """Once the list shows that it never began: one settle after, or two without a newer run."""
    universe = a_universe(tmp_path, Settings(echo_metadata=echoes))
    lose(universe, requests={row})
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert once_each(universe)
    *_, again_at = universe.remote.starts_at
    assert settles * SETTLE_SECONDS <= again_at < (settles + 0.5) * SETTLE_SECONDS


def test_without_a_list_a_doubt_is_held_and_holds_nothing_up(tmp_path: Path) -> None:
    """404 on the list: the call ends, and says why the row is held."""
    universe = a_universe(tmp_path, Settings(list_runs=False))
    lose(universe, replies={3}, requests={4})
    assert seconds_of_call(universe) <= 2 * SETTLE_SECONDS
    assert counted(universe) == (8, 2)
    assert len(universe.remote.lists_at) == 1
    said = universe.said.getvalue()
    assert "Rows held as unconfirmed: 2, since the service gives no list of runs" in said


def test_where_doubts_are_to_be_held_the_list_is_not_asked_for(tmp_path: Path) -> None:
    """`retry.unconfirmed: hold`: a person decides on each."""
    universe = a_universe(tmp_path, retry={"unconfirmed": "hold"})
    lose(universe, replies={3})
    assert seconds_of_call(universe) < SETTLE_SECONDS
    assert counted(universe) == (9, 1)
    assert universe.remote.lists_at == []


@pytest.mark.parametrize(
    "change",
    [
        lambda page: replace(page, total=page.total + 1),
        lambda page: replace(page, total=None),
        lambda page: replace(page, runs=page.runs[:-1]),
    ],
    ids=["one more is counted", "none are counted", "one is left out"],
)
def test_a_list_that_never_is_whole_holds(
    tmp_path: Path, change: Callable[[RunPage], RunPage]
) -> None:
    """Absence is not shown, so nothing is sent again; the call ends in the time promised."""
    universe = a_universe(tmp_path)
    lose(universe, requests={3})
    list_by(universe, lambda _, reply: change(reply))
    assert seconds_of_call(universe) <= 2 * SETTLE_SECONDS + 10
    assert counted(universe) == (9, 1)
    assert len(universe.remote.starts_at) == 9
    assert "could not be read as a whole" in universe.said.getvalue()


def test_what_a_list_shows_is_adopted_though_it_is_not_whole(tmp_path: Path) -> None:
    """A run that bears the token proves itself."""
    universe = a_universe(tmp_path)
    lose(universe, replies={3})
    list_by(universe, lambda _, reply: replace(reply, total=None))
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert once_each(universe)


def test_a_key_that_the_list_refuses_stops_the_batch(tmp_path: Path) -> None:
    """401: whoever made a new key gives the same command again."""
    universe = a_universe(tmp_path)
    lose(universe, replies={3})
    refused = Halted(HaltReason.KEY_REFUSED, "Invalid API key")
    list_by(universe, lambda _, __: refused)
    stop = universe.call()
    assert stop is not None
    assert stop.reason is StopReason.KEY_REFUSED
    assert counted(universe)[1] == 1


@pytest.mark.parametrize(
    "trouble", [TryLater(2.0), TryLater(None), Unreachable("the service answered 500")]
)
def test_a_page_that_was_not_given_is_asked_for_again(tmp_path: Path, trouble: ListReply) -> None:
    """429 and 5xx are no answer: the sweep goes on with the same page."""
    universe = a_universe(tmp_path)
    begin_foreign(universe, "A colleague's", 150)
    lose(universe, requests={3})
    pages = list_by(universe, lambda call, reply: trouble if call in {1, 3} else reply)
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert pages == [1, 1, 2, 2]


def test_a_run_that_a_person_named_is_no_touchstone_of_the_list(tmp_path: Path) -> None:
    """It was started by hand and bears no token of ours: other doubts are settled all the same."""
    universe = a_universe(tmp_path, retry={"unconfirmed": "hold"})
    lose(universe, requests={3})
    assert universe.call() is None
    begin_foreign(universe, "Company 3")
    (named,) = [*universe.service._runs][-1:]  # noqa: SLF001 - a person reads it on the page
    with universe.ledger() as ledger:
        (row,) = ledger.enrolled(State.UNCONFIRMED)
        event = RunFound(RunId(named), is_named=True)
        ledger.save([step(row.entry, event, Context(universe.clock.epoch))[0]])
    universe.config = replace(
        universe.config, retry=replace(universe.config.retry, unconfirmed="reconcile")
    )
    universe.sheet = a_sheet(20)
    lose(universe, requests={15})
    assert universe.call() is None
    assert counted(universe) == (20, 0)
    assert once_each(universe)


def test_a_list_of_many_pages_is_read_whole(tmp_path: Path) -> None:
    """250 runs of others, and ours, over three pages: what is not there is shown to be absent."""
    universe = a_universe(tmp_path)
    begin_foreign(universe, "A colleague's", 250)
    lose(universe, requests={3}, replies={4})
    pages = list_by(universe, lambda _, reply: reply)
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert pages == [1, 2, 3]
    assert max(universe.starts_by_company()[f"Company {row}"] for row in range(2, 12)) == 1


def test_a_list_that_grows_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    """Newest first: a run that a colleague begins pushes one of the next page's back into it."""
    universe = a_universe(tmp_path)
    begin_foreign(universe, "A colleague's", 150)
    lose(universe, requests={3})

    def growing(call: int, reply: ListReply) -> ListReply:
        if call == 1:
            begin_foreign(universe, "A colleague's", 5)
        return reply

    pages = list_by(universe, growing)
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert pages == [1, 2, 1]


@pytest.mark.parametrize(("foreign", "complete"), [("Company 3", 9), ("A colleague's", 10)])
@pytest.mark.parametrize("echoes", [True, False])
def test_a_colleagues_run_of_equal_input_holds_the_row(
    tmp_path: Path, foreign: str, complete: int, *, echoes: bool
) -> None:
    """It may be the row's own: not adopted where that can't be told, and nothing is sent again."""
    universe = a_universe(tmp_path, Settings(echo_metadata=echoes))
    begin_foreign(universe, foreign, 2)
    lose(universe, requests={3})
    assert universe.call() is None
    assert counted(universe) == (complete, 10 - complete)


def test_a_sweep_does_not_hold_the_starts_up(tmp_path: Path) -> None:
    """The list takes its time; rows are started at their pace meanwhile."""
    universe = a_universe(tmp_path, retry={"settle": "1s"})
    universe.sheet = a_sheet(200)
    lose(universe, requests={3})
    own_list = universe.remote.list_runs
    while_listing = []

    async def slow_list(page: int) -> ListReply:
        before = len(universe.remote.starts_at)
        await asyncio.sleep(5)
        while_listing.append(len(universe.remote.starts_at) - before)
        return await own_list(page)

    universe.remote.list_runs = slow_list
    assert universe.call() is None
    assert while_listing[0] == pytest.approx(50, abs=2)
    assert counted(universe) == (200, 0)


def test_what_a_killed_call_left_in_doubt_is_looked_for_at_once(tmp_path: Path) -> None:
    """Its run may be there to be found: the next call does not wait for the settle to adopt it."""
    universe = a_universe(tmp_path, retry={"unconfirmed": "hold"})
    lose(universe, replies={3})
    universe.call()
    universe.config = replace(
        universe.config, retry=replace(universe.config.retry, unconfirmed="reconcile")
    )
    assert seconds_of_call(universe) < SETTLE_SECONDS
    assert counted(universe) == (10, 0)
    assert universe.remote.lists_at == [0.0]


def test_the_settle_begins_with_the_first_that_is_heard_of_the_service(tmp_path: Path) -> None:
    """A service that was away may begin late what it had taken: the wait starts when it is back."""
    universe = a_universe(tmp_path, retry={"unconfirmed": "hold"})
    universe.sheet = a_sheet(2)
    lose(universe, requests={3})
    universe.call()
    universe.config = replace(
        universe.config, retry=replace(universe.config.retry, unconfirmed="reconcile")
    )
    list_after(universe, seconds=100)
    universe.remote.starts_at.clear()
    assert universe.call() is None
    assert universe.remote.starts_at == [pytest.approx(100 + 2 * SETTLE_SECONDS, abs=1)]
    assert counted(universe) == (2, 0)


def test_a_call_does_not_end_while_a_sweep_is_under_way(tmp_path: Path) -> None:
    """All runs end while the last list is read: what it shows is carried out all the same."""
    universe = a_universe(tmp_path, Settings(duration_seconds=62), polling={"max": "5s"})
    lose(universe, requests={11})
    list_after(universe, seconds=60)
    assert universe.call() is None
    assert counted(universe) == (10, 0)


def list_after(universe: Universe, *, seconds: float) -> None:
    """Let the first page take so long."""
    own_list = universe.remote.list_runs

    async def list_runs(page: int) -> ListReply:
        if not universe.remote.lists_at:
            await asyncio.sleep(seconds)
        return await own_list(page)

    universe.remote.list_runs = list_runs


def test_what_was_held_is_looked_for_again_by_the_next_call(tmp_path: Path) -> None:
    """Free: once the list is there, the row goes on."""
    universe = a_universe(tmp_path)
    lose(universe, requests={3})
    is_broken = True
    list_by(universe, lambda _, reply: Unreachable("HTTP 500") if is_broken else reply)
    universe.call()
    assert counted(universe) == (9, 1)
    is_broken = False
    assert universe.call() is None
    assert counted(universe) == (10, 0)
    assert once_each(universe)


def test_the_late_end_of_a_superseded_run_is_counted(tmp_path: Path) -> None:
    """An expired run that was given up for a new attempt ends after all: its credits are paid."""
    # By this seed the first run takes 46 s, and the second 23 s.
    settings = Settings(seed=33, duration_seconds=40)
    universe = a_universe(tmp_path, settings, polling={"give_up": "30s", "max": "5s"})
    universe.sheet = a_sheet(1)
    universe.call()
    assert universe.tally().count(State.EXPIRED) == 1
    with universe.ledger() as ledger:
        asked_again(ledger, universe.clock.epoch)
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 2}
    assert universe.tally().credits == 4
    assert counted(universe) == (1, 0)


def test_a_call_with_nothing_else_to_do_looks_at_superseded_runs_once(tmp_path: Path) -> None:
    """Its end came after the newer attempt's: what it cost is counted by the next call."""
    settings = Settings(seed=33, duration_seconds=40)
    universe = a_universe(tmp_path, settings, polling={"give_up": "30s", "max": "5s"})
    universe.sheet = a_sheet(1)
    universe.call()
    with universe.ledger() as ledger:
        asked_again(ledger, universe.clock.epoch)
        (first_run,) = (s.attempt.run_id for s in ledger.every_attempt() if s.attempt)
    own_look = universe.remote.look

    async def still_running(run_id: RunId) -> LookReply:
        reply = await own_look(run_id)
        running = Observation(run_id, RunStatus.RUNNING, "PROCESSING")
        return running if run_id == first_run else reply

    universe.remote.look = still_running
    universe.call()
    assert universe.tally().credits == 2
    universe.remote.look = own_look
    universe.call()
    assert universe.tally().credits == 4
    assert len(universe.remote.starts_at) == 2


@pytest.mark.parametrize("lacks", [{"outputs": None}, {"credits": None}])
def test_a_late_end_of_which_the_list_does_not_tell_all_is_looked_at(
    tmp_path: Path, lacks: dict[str, None]
) -> None:
    """Its run had expired: what a sweep lacks of outputs or credits a look at the run tells."""
    settings = Settings(duration_seconds=40)
    universe = a_universe(tmp_path, settings, polling={"give_up": "10s"})
    universe.sheet = a_sheet(4)
    lose(universe, replies=[5])

    def bare(_: int, reply: ListReply) -> ListReply:
        assert isinstance(reply, RunPage)
        return replace(reply, runs=tuple(structs.replace(s, **lacks) for s in reply.runs))

    list_by(universe, bare)
    universe.call()
    assert once_each(universe)
    assert counted(universe) == (4, 0)
    assert universe.tally().credits == 4 * 2
    for standing in universe.standings().values():
        assert standing.attempt is not None
        assert standing.attempt.outputs


def asked_again(ledger: Ledger, at: float) -> None:
    """Open a round of `retry` for all that expired."""

    def asked(round_id: int) -> list[Entry]:
        event = RetryAsked(round_id)
        return [step(entry, event, Context(at))[0] for entry in ledger.entries(State.EXPIRED)]

    ledger.begin_round(RoundKind.RETRY, at, asked)


def due_at(
    *,
    began: list[tuple[float, bool]],
    last_sweep_at: float | None,
    at: float,
    accepted: bool = False,
) -> float | None:
    """When doubts that began at these moments, each inherited or not, are next worth a sweep."""

    async def scenario() -> float | None:
        doubts = Doubts(VirtualClock())
        for number, (moment, is_inherited) in enumerate(began):
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            doubts.add(number, is_inherited=is_inherited)
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        if accepted:
            doubts.accepted(an_entry(State.RUNNING))
        return doubts.next_due_at(Settle(SETTLE_SECONDS, 0.0), last_sweep_at)

    return run_virtually(scenario())


@pytest.mark.parametrize(
    ("began", "last_sweep_at", "due"),
    [
        ([], None, None),
        ([(10.0, False)], None, 70.0),
        ([(10.0, False), (15.0, False)], None, 70.0),
        ([(10.0, False), (15.0, False)], 70.0, 75.0),
        ([(10.0, False), (15.0, False)], 75.0, None),
        ([(0.0, True)], None, 20.0),
        ([(0.0, True)], 20.0, 60.0),
        ([(0.0, True)], 60.0, None),
        ([(10.0, False), (15.0, True)], None, 20.0),
    ],
)
def test_the_next_sweep_is_due_for_the_oldest_doubt(
    began: list[tuple[float, bool]], last_sweep_at: float | None, due: float | None
) -> None:
    """At 20 s: at once for what an earlier call left, else when absence counts; then no more."""
    assert due_at(began=began, last_sweep_at=last_sweep_at, at=20.0) == due


def test_a_younger_doubt_may_be_due_before_an_older_one() -> None:
    """A newer run makes the younger due after one settle; the older was swept for by then."""
    began = [(10.0, False), (39.0, False)]
    assert due_at(began=began, last_sweep_at=42.0, at=50.0, accepted=True) == 69.0


def test_a_doubt_that_is_settled_is_due_no_more() -> None:
    """Nor is one that an accepted start makes due earlier, once it is settled."""

    async def scenario() -> None:
        doubts = Doubts(VirtualClock())
        settle = Settle(SETTLE_SECONDS, 0.0)
        doubts.add(1, is_inherited=False)
        await asyncio.sleep(5)
        token = Token("0123456789abcdef-2-1")
        begun = Attempt(1, State.RUNNING, 0, token, 0.0, run_id=RunId("WRUN-1"))
        doubts.accepted(Entry(2, State.RUNNING, 1, begun))
        assert doubts.next_due_at(settle, None) == SETTLE_SECONDS
        doubts.settled(1)
        doubts.settled(1)
        assert (doubts.next_due_at(settle, None), len(doubts)) == (None, 0)

    run_virtually(scenario())
