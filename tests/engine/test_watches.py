"""Which run is looked at when, and what the engine learns of how long runs take."""

import asyncio
from pathlib import Path

import pytest

from pipeline.core.model import OUTCOMES, Attempt, Entry, RunId, RunStatus, State, Token
from pipeline.core.replies import Missing
from pipeline.engine.batch.watches import Watch, Watches
from pipeline.ledger.records import SeenEnd
from tests.virtual import VirtualClock, run_virtually
from tests.world import EPOCH, Universe, a_config, a_sheet


def an_entry(number: int = 1, *, found_after_seconds: float = 0.1) -> Entry:
    """An entry whose run has just been accepted, or found so much later."""
    intended_at = EPOCH - found_after_seconds
    token = Token(f"token-{number}")
    attempt = Attempt(1, State.RUNNING, 0, token, intended_at, EPOCH, run_id=RunId(f"R{number}"))
    return Entry(number, State.RUNNING, 1, attempt)


def watches_over(folder: Path, ends: list[SeenEnd]) -> Watches:
    """Watches of a batch whose ledger tells these ends."""
    return Watches(a_config(folder).polling, ends, VirtualClock(), lambda: 0.5)


def next_due_at(watches: Watches) -> float:
    """When the next look is due."""
    watch = watches.first_due()
    assert watch is not None
    assert watch.due_at is not None
    return watch.due_at


def first_wait_seconds(watches: Watches, entry: Entry) -> float:
    """How long after its begin a run is first looked at."""

    async def waited() -> float:
        watches.look_later(entry)
        return next_due_at(watches)

    return run_virtually(waited())


def test_the_next_call_begins_with_what_the_ledger_tells(tmp_path: Path) -> None:
    """Runs took 40 s so far: the first look comes then, and not after 5 s."""
    fresh = first_wait_seconds(watches_over(tmp_path, []), an_entry())
    assert 5 <= fresh <= 6.5
    known = [SeenEnd(39.5, 40.5)] * 50
    assert 39 <= first_wait_seconds(watches_over(tmp_path, known), an_entry()) <= 45


def test_a_run_that_was_found_teaches_nothing(tmp_path: Path) -> None:
    """When it began is not known, so neither is how long it took."""
    known = [SeenEnd(39.5, 40.5)] * 50

    async def ends_at_once(entry: Entry) -> Watches:
        watches = watches_over(tmp_path, known)
        for number in range(100):
            watches.look_now(entry_of(number, entry))
            watches.ended(ended(entry_of(number, entry)))
        return watches

    def entry_of(number: int, like: Entry) -> Entry:
        return an_entry(number + 10, found_after_seconds=EPOCH - intended(like))

    def intended(entry: Entry) -> float:
        assert entry.attempt is not None
        return entry.attempt.intended_at

    found = run_virtually(ends_at_once(an_entry(found_after_seconds=35)))
    assert first_wait_seconds(found, an_entry()) > 39
    accepted = run_virtually(ends_at_once(an_entry()))
    assert first_wait_seconds(accepted, an_entry()) < 39


def ended(entry: Entry, state: State = State.COMPLETE) -> Entry:
    """The entry once its run has completed, or came to another outcome."""
    assert entry.attempt is not None
    attempt = entry.attempt
    done = Attempt(1, state, 0, attempt.token, attempt.intended_at, attempt.started_at)
    return Entry(entry.id, state, 1, done)


@pytest.mark.parametrize("state", sorted(OUTCOMES))
def test_what_a_run_took_is_learnt_where_the_service_told_its_end(
    tmp_path: Path, state: State
) -> None:
    """A run that was not watched any more may still run: nobody knows how long."""
    told_by_the_service = {status.value for status in RunStatus}

    async def with_ends() -> Watches:
        watches = watches_over(tmp_path, [SeenEnd(39.5, 40.5)] * 50)
        for number in range(100):
            watches.look_now(an_entry(number + 10))
            watches.ended(ended(an_entry(number + 10), state))
        return watches

    is_learnt = first_wait_seconds(run_virtually(with_ends()), an_entry()) < 39
    assert is_learnt == (state.value in told_by_the_service)


def test_a_look_in_vain_is_made_again_soon(tmp_path: Path) -> None:
    """After `first`, whatever was planned; in vain again, after twice as long."""

    async def dues() -> list[float]:
        watches = watches_over(tmp_path, [SeenEnd(399.5, 400.5)] * 50)
        entry = an_entry()
        watches.look_later(entry)
        seen = [next_due_at(watches)]
        for _ in range(2):
            watches.look_again(entry)
            seen.append(next_due_at(watches))
        return seen

    first, second, third = run_virtually(dues())
    assert first > 390
    assert 5 <= second <= 6.5
    assert 7 <= third <= 13


def test_a_run_that_was_seen_by_another_look_waits_once(tmp_path: Path) -> None:
    """Seen while it waits for its look, a run is put off, and does not come up twice."""

    async def dues() -> tuple[int, Watch | None]:
        watches = watches_over(tmp_path, [])
        entry = an_entry()
        watches.look_later(entry)
        await asyncio.sleep(4)
        watches.look_later(entry)
        watch = watches.first_due()
        assert watch is not None
        watches.take(watch)
        return len(watches), watches.first_due()

    assert run_virtually(dues()) == (1, None)


@pytest.mark.parametrize("seconds", [20.0, 60.0])
def test_a_second_batch_needs_fewer_looks(tmp_path: Path, seconds: float) -> None:
    """The ledger keeps how ends were seen: from the first row on, few looks are made too early."""
    universe = Universe(
        tmp_path, duration_seconds=seconds, limits={"rate": "5/s"}, polling={"rate": "100/s"}
    )
    universe.remote.before_list = Missing
    universe.sheet = a_sheet(150)
    universe.call()
    before = len(universe.remote.looks_at)
    with universe.ledger() as ledger:
        ends = ledger.seen_ends()
    assert len(ends) == 150
    assert all(0 <= end.since_seconds < end.age_seconds for end in ends)
    assert any(end.since_seconds > 0 for end in ends)
    universe.sheet = a_sheet(300)
    universe.call()
    assert len(universe.remote.looks_at) - before < 0.8 * before
