"""A hundred runs at a look, on virtual time: how many requests a run costs, and what is learnt."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from pipeline.core.model import Observation, RunId, RunStatus, State
from pipeline.core.replies import ListReply, LookReply, Missing, RunPage
from pipeline.simulator.settings import Settings
from tests.drawn import SHAPES, Drawn
from tests.world import Remote, Universe, a_sheet

ROWS = 600


def many(folder: Path, **settings: object) -> Universe:
    """Six hundred runs of a minute, nearly all of them in flight together."""
    universe = Universe(
        folder,
        duration_seconds=60,
        limits={"rate": "20/s", "max_in_flight": 1000},
    )
    changed = replace(Settings(duration_seconds=60), **settings)  # type: ignore[arg-type]
    universe.service._settings = changed  # noqa: SLF001 - another service
    universe.sheet = a_sheet(ROWS)
    return universe


def requests_a_run(universe: Universe) -> float:
    """Looks at runs and at pages, starts aside, for each row of a batch that completes."""
    assert universe.call() is None
    rows = len(universe.sheet.rows)
    assert universe.tally().count(State.COMPLETE) == rows
    assert universe.tally().credits == 2 * rows
    return (len(universe.remote.looks_at) + len(universe.remote.lists_at)) / rows


def the_list_lacks(field: str, universe: Universe) -> None:
    """The pages of the list tell nothing of this of any run."""
    list_runs = universe.remote.list_runs

    async def lacking(page: int) -> ListReply:
        reply = await list_runs(page)
        if not isinstance(reply, RunPage):
            return reply
        runs = tuple(structs.replace(seen, **{field: None}) for seen in reply.runs)
        return RunPage(reply.total, runs)

    universe.remote.list_runs = lacking  # type: ignore[method-assign]


def test_a_list_that_carries_outputs_saves_nearly_all_looks(tmp_path: Path) -> None:
    """Newest first, no longer than the batch: at most 0.3 requests a run in all."""
    assert requests_a_run(many(tmp_path)) <= 0.3


@pytest.mark.parametrize(
    "shape", ["constant", *(pytest.param(s, marks=pytest.mark.slow) for s in [*SHAPES][1:])]
)
def test_a_list_saves_looks_whatever_the_durations_are_like(tmp_path: Path, shape: str) -> None:
    """A few runs may take far longer than most, so that the list is long by then: as few looks."""
    universe = Universe(
        tmp_path,
        limits={"rate": "20/s", "max_in_flight": 2000},
        polling={"rate": "100/s"},
    )
    universe.service = Drawn(Settings(), SHAPES[shape], mean_seconds=60)
    universe.remote = Remote(universe.service, universe.clock)
    universe.sheet = a_sheet(2 * ROWS)
    assert requests_a_run(universe) <= 0.22


def test_a_list_in_no_order_does_as_well_where_it_holds_little_else(tmp_path: Path) -> None:
    """No order is promised, and none is needed."""
    assert requests_a_run(many(tmp_path, is_list_ordered=False)) <= 0.3


def test_a_list_without_outputs_costs_one_look_more(tmp_path: Path) -> None:
    """The run that ended is looked at by itself: at most 1.3 requests a run in all."""
    universe = many(tmp_path)
    the_list_lacks("outputs", universe)
    assert requests_a_run(universe) <= 1.3


def test_credits_that_only_a_look_names_are_not_lost(tmp_path: Path) -> None:
    """The list names none: each run that ended is looked at by itself, and its cost is known."""
    universe = many(tmp_path)
    the_list_lacks("credits", universe)
    assert requests_a_run(universe) <= 1.3


def test_failures_that_name_no_credits_hide_nobody_elses(tmp_path: Path) -> None:
    """Only looks name credits, and only of runs that completed: each of these costs is known."""
    universe = Universe(tmp_path, duration_seconds=60, fail=0.2, limits={"rate": "5/s"})
    universe.sheet = a_sheet(300)
    the_list_lacks("credits", universe)
    look = universe.remote.look

    async def of_complete_runs(run_id: RunId) -> LookReply:
        seen = await look(run_id)
        if isinstance(seen, Observation) and seen.status is RunStatus.FAILED:
            return structs.replace(seen, credits=None)
        return seen

    universe.remote.look = of_complete_runs  # type: ignore[method-assign]
    assert universe.call() is None
    tally = universe.tally()
    assert tally.credits_unknown == 0
    assert tally.credits == 2 * tally.count(State.COMPLETE)


def test_where_nobody_names_credits_no_look_is_made_for_them(tmp_path: Path) -> None:
    """It is learnt from the first looks that they are not to be had."""
    universe = many(tmp_path, credits_in_run=False)
    assert universe.call() is None
    tally = universe.tally()
    assert (tally.count(State.COMPLETE), tally.credits_unknown) == (ROWS, ROWS)
    assert (len(universe.remote.looks_at) + len(universe.remote.lists_at)) / ROWS <= 0.2


def looks_leave_out_credits(universe: Universe, of_first: int) -> None:
    """So many looks at runs that completed, the first ones, name no credits."""
    look = universe.remote.look
    bare: list[RunId] = []

    async def leaving_out(run_id: RunId) -> LookReply:
        seen = await look(run_id)
        if not (isinstance(seen, Observation) and seen.status is RunStatus.COMPLETE):
            return seen
        if len(bare) >= of_first:
            return seen
        bare.append(run_id)
        return structs.replace(seen, credits=None)

    universe.remote.look = leaving_out  # type: ignore[method-assign]


def test_one_look_without_credits_does_not_decide_for_the_call(tmp_path: Path) -> None:
    """The list names none, and looks do, but for the first run, which is short: all others are."""
    universe = many(tmp_path)
    first = iter([0.02])
    universe.service = Drawn(Settings(), lambda _: next(first, 1.0), mean_seconds=60)
    universe.remote = Remote(universe.service, universe.clock)
    the_list_lacks("credits", universe)
    looks_leave_out_credits(universe, of_first=1)
    assert universe.call() is None
    assert universe.tally().credits_unknown == 1


def test_looks_that_come_to_name_credits_are_noticed(tmp_path: Path) -> None:
    """Though many in a row named none, some runs are asked on: nearly all other costs are known."""
    universe = many(tmp_path)
    the_list_lacks("credits", universe)
    looks_leave_out_credits(universe, of_first=6)
    assert universe.call() is None
    assert universe.tally().credits_unknown < 100


def test_a_list_of_strangers_is_soon_left_alone(tmp_path: Path) -> None:
    """Where the pages hold everyone's runs but ours, runs are looked at singly."""
    universe = many(tmp_path)

    async def strangers(_page: int) -> ListReply:
        universe.remote.lists_at.append(universe.clock.monotonic())
        theirs = Observation(RunId("WRUN-theirs"), RunStatus.COMPLETE, "COMPLETE")
        return RunPage(100_000, (theirs,) * 100)

    universe.remote.list_runs = strangers  # type: ignore[method-assign]
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == ROWS
    assert len(universe.remote.lists_at) < len(universe.remote.looks_at) / 20


@pytest.mark.slow
def test_a_list_that_repeats_its_first_page_keeps_no_run_waiting(tmp_path: Path) -> None:
    """However many runs it says there are: those beyond its page are soon looked at singly."""
    universe = many(tmp_path)
    list_runs = universe.remote.list_runs

    async def first_page(_page: int) -> ListReply:
        reply = await list_runs(1)
        return replace(reply, total=1_000_000) if isinstance(reply, RunPage) else reply

    universe.remote.list_runs = first_page  # type: ignore[method-assign]
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == ROWS
    ends = {run.id: run.ends_at for run in universe.service._runs.values()}  # noqa: SLF001
    seen = [s.attempt for s in universe.standings().values() if s.attempt is not None]
    assert sum((a.ended_at or 0) - ends[str(a.run_id)] for a in seen) / ROWS < 30


@pytest.mark.slow
def test_runs_that_a_sweep_did_not_come_to_are_not_kept_waiting(tmp_path: Path) -> None:
    """Sweeps that pay by newer runs may stop before those that are due: these are seen singly."""
    universe = Universe(
        tmp_path,
        limits={"rate": "20/s", "max_in_flight": 2000},
        polling={"rate": "100/s"},
    )
    universe.service = Drawn(Settings(), SHAPES["constant"], mean_seconds=60)
    universe.remote = Remote(universe.service, universe.clock)
    universe.sheet = a_sheet(1500)
    assert requests_a_run(universe) <= 0.3
    ends = {run.id: run.ends_at for run in universe.service._runs.values()}  # noqa: SLF001
    seen = [s.attempt for s in universe.standings().values() if s.attempt is not None]
    lags = sorted((a.ended_at or 0) - ends[str(a.run_id)] for a in seen)
    assert lags[-len(lags) // 20] < 35


def test_a_list_that_runs_away_while_it_is_read_is_followed(tmp_path: Path) -> None:
    """Of thousands of starts a second the newest pages are not watched yet, and the others move."""
    universe = Universe(
        tmp_path,
        duration_seconds=0,
        limits={"rate": "10000/s", "max_in_flight": 500},
        polling={"rate": "10000/s", "first": "10ms", "max": "1s"},
    )
    universe.sheet = a_sheet(3000)
    assert requests_a_run(universe) <= 0.15


@pytest.mark.slow
def test_no_list_costs_one_request(tmp_path: Path) -> None:
    """It is asked for once in a call, and then never again."""
    universe = many(tmp_path)
    universe.remote.before_list = Missing
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE) == ROWS
    assert len(universe.remote.lists_at) == 1


@pytest.mark.parametrize("first", ["1s", pytest.param("5s", marks=pytest.mark.slow)])
def test_ends_are_seen_about_as_soon_as_by_single_looks(tmp_path: Path, first: str) -> None:
    """What sweeps save is requests, and not the time of whoever waits for the answers."""
    lags = []
    for has_list in (True, False):
        folder = tmp_path / str(has_list)
        folder.mkdir()
        universe = Universe(
            folder,
            duration_seconds=60,
            limits={"rate": "10/s"},
            polling={"first": first, "rate": "100/s"},
        )
        universe.sheet = a_sheet(200)
        if not has_list:
            universe.remote.before_list = Missing
        assert universe.call() is None
        ends = {run.id: run.ends_at for run in universe.service._runs.values()}  # noqa: SLF001
        seen = [s.attempt for s in universe.standings().values() if s.attempt is not None]
        lag = [(a.ended_at or 0) - ends[str(a.run_id)] for a in seen]
        lags.append(sum(lag) / len(lag))
    assert lags[0] <= 1.3 * lags[1]
