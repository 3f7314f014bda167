"""Who may write for which row, when several workers share a ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from pipeline.config.model import Limits
from pipeline.core.events import Intended, LateEnd
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, RunId, RunStatus, State
from pipeline.core.money.budget import CreditCap
from pipeline.core.rules import Context
from pipeline.ledger.records import Owner, SeenEnd, Tally
from pipeline.ledger.shared.chunks import (
    MOST_DEATHS,
    Chunk,
    Chunks,
    Claim,
    FenceLostError,
    NoRoomError,
)
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON, an_observation
from tests.ledger.builders import SERVICE, SOURCE, Place, a_ledger, ids_of, some_rows, stands

LIMITS = Limits()


@contextmanager
def shared(place: Place, *keys: str, size: int = 2) -> Iterator[tuple[Ledger, Chunks]]:
    """A ledger whose rows are in chunks."""
    with a_ledger(place, *keys) as ledger:
        if isinstance(place, Path):
            script = resources.files("pipeline.ledger.shared").joinpath("chunks.sql").read_text()
            ledger._file_connection.executescript(script)  # noqa: SLF001 - a file has none else
        chunks = Chunks(ledger)
        chunks.make(size)
        yield ledger, chunks


def picked(
    ledger: Ledger, chunks: Chunks, limits: Limits = LIMITS, chunk_id: int = 1, worker: str = "a"
) -> Chunk:
    """The ledger as the picker of a chunk sees it."""
    claim = chunks.pick(chunk_id, "start", worker, NOON)
    assert claim is not None
    return seen(ledger, claim, limits)


def seen(ledger: Ledger, claim: Claim, limits: Limits) -> Chunk:
    """A chunk of the ledger, by whatever way leads to it."""
    if hasattr(ledger, "see"):
        chunk: Chunk = ledger.see(claim, limits)
        return chunk
    return Chunk(ledger.path, ledger._file_connection).claimed(claim, limits)  # noqa: SLF001


def intents(chunk: Chunk, count: int = 1) -> list[Entry]:
    """The first planned rows, as their turn comes."""
    context = Context(NOON, ledger_token=chunk.call_token())
    return [step(row.entry, Intended(), context)[0] for row in chunk.next_planned(0, count)]


def test_each_row_is_in_one_chunk(place: Place) -> None:
    """Rows that come later are in chunks of their own, and no chunk is changed for them."""
    with shared(place, *"abcde") as (ledger, chunks):
        assert chunks.debts() == [(1, "start"), (2, "start"), (3, "start")]
        rows = [picked(ledger, chunks, chunk_id=n).next_planned(0, 9) for n in (1, 2, 3)]
        assert [[row.row_key for row in some] for some in rows] == [["a", "b"], ["c", "d"], ["e"]]


def test_who_works_on_a_chunk_is_told_how_runs_end_and_nothing_of_what_all_may_do(
    place: Place,
) -> None:
    """What was spent and what failed is asked anew at each intent: others work at the same time."""
    with shared(place, *"abcd") as (ledger, chunks):
        ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
        chunk = picked(ledger, chunks, chunk_id=2)
        opening = chunk.opening()
        assert (opening.tally, opening.spending) == (Tally(), None)
        assert opening.ends == ledger.seen_ends() == [SeenEnd(0.0, 8.0)]
        assert opening.token.startswith(f"{ledger.token}-")
        assert opening.token != chunk.opening().token


def test_who_works_on_a_chunk_looks_once_more_for_its_own_rows_alone(place: Place) -> None:
    """Before they are paid for anew; the others' are somebody else's."""
    with shared(place, *"abcd") as (ledger, chunks):
        expired = [stands(entry_id, State.EXPIRED) for entry_id in ids_of(ledger)]
        ledger.save([msgspec.structs.replace(e, state=State.PLANNED) for e in expired])
        chunk = picked(ledger, chunks, chunk_id=2)
        assert [entry.id for entry in chunk.waiting()] == ids_of(ledger)[2:]
        assert len(ledger.waited_for()) == 4


def test_a_claim_holds_its_first_entry_and_its_last() -> None:
    """And those between, and no other."""
    claim = Claim(1, 1, first_entry=3, last_entry=5)
    assert [n for n in range(9) if claim.holds(n)] == [3, 4, 5]


def test_only_the_newest_picker_may_write(place: Place) -> None:
    """A worker that was given up is refused from its first write on, and has changed nothing."""
    with shared(place, "a", "b") as (ledger, chunks):
        old = picked(ledger, chunks, worker="old")
        (intent,) = intents(old)
        new = picked(ledger, chunks, worker="new")
        with pytest.raises(FenceLostError):
            old.save([intent])
        assert [*ledger.states().values()] == [State.PLANNED] * 2
        new.save(intents(new))
        assert [*ledger.states().values()].count(State.STARTING) == 1


def test_no_intent_is_made_for_a_row_that_is_not_planned(place: Place) -> None:
    """Whoever read the row before another started it is refused."""
    with shared(place, "a") as (ledger, chunks):
        chunk = picked(ledger, chunks)
        (intent,) = intents(chunk)
        chunk.save([intent])
        with pytest.raises(FenceLostError):
            chunk.save([intent])


def test_an_outcome_of_a_worker_that_was_given_up_is_not_written(place: Place) -> None:
    """The new picker may hold the row for a doubt by now, and decides by itself."""
    with shared(place, "a") as (ledger, chunks):
        old = picked(ledger, chunks, worker="old")
        (intent,) = intents(old)
        old.save([intent])
        new = picked(ledger, chunks, worker="new")
        with pytest.raises(FenceLostError):
            old.save([stands(intent.id, State.RUNNING)])
        assert [entry.state for entry in new.entries(*State)] == [State.STARTING]
        with pytest.raises(FenceLostError):
            chunks.put_back(old.claim, "start")


def test_all_workers_together_keep_to_the_window(place: Place) -> None:
    """`max_in_flight` is of the whole batch, however many work on it."""
    limits = replace(LIMITS, max_in_flight=3)
    with shared(place, *"abcdef", size=3) as (ledger, chunks):
        one, other = (picked(ledger, chunks, limits, chunk_id=n) for n in (1, 2))
        one.save(intents(one, 2))
        with pytest.raises(NoRoomError) as full:
            other.save(intents(other, 2))
        assert full.value.room == 1
        assert not full.value.is_for_good
        other.save(intents(other, 1))
        assert [*ledger.states().values()].count(State.STARTING) == 3


def test_all_workers_together_keep_to_the_cap(place: Place) -> None:
    """What another worker's runs may cost yet is reserved, and what they cost is counted."""
    limits = replace(LIMITS, max_credits=5, credits_per_run=2)
    assert limits.cap == CreditCap(5, 2)
    with shared(place, *"abcdef", size=3) as (ledger, chunks):
        one, other = (picked(ledger, chunks, limits, chunk_id=n) for n in (1, 2))
        made = intents(one, 2)
        one.save(made)
        with pytest.raises(NoRoomError) as full:
            other.save(intents(other, 1))
        assert not full.value.is_for_good
        one.save(
            [
                stands(entry.id, State.COMPLETE, token=entry.attempt.token)
                for entry in made
                if entry.attempt
            ]
        )
        with pytest.raises(NoRoomError) as full:
            other.save(intents(other, 1))
        assert full.value.is_for_good


def test_workers_reserve_for_another_workflow_what_its_runs_have_cost(place: Place) -> None:
    """Its runs were left in flight, and are dearer than those of the one that is named now."""
    limits = replace(LIMITS, max_credits=21, credits_per_run=1)
    with shared(place, *"ab") as (ledger, chunks):
        dear, open_ = ids_of(ledger)
        ledger.save([stands(dear, State.COMPLETE, credits=10.0), stands(open_, State.EXPIRED)])
        ledger.enrol(some_rows(*"cd"), SOURCE, SERVICE, "WCFG-2", NOON)
        chunks.make(2)
        chunk = picked(ledger, chunks, limits, chunk_id=2)
        with pytest.raises(NoRoomError) as full:
            chunk.save(intents(chunk, 2))
        assert full.value.room == 1


def refused(chunk: Chunk, count: int = 1) -> NoRoomError:
    """Why the chunk's next intents are not made."""
    with pytest.raises(NoRoomError) as full:
        chunk.save(intents(chunk, count))
    return full.value


def test_a_doubt_that_is_looked_for_may_make_room(place: Place) -> None:
    """What is reserved for a doubt may be let go while its chunk is watched, and not later."""
    limits = replace(LIMITS, max_credits=1000)
    with shared(place, "a", "b", size=1) as (ledger, chunks):
        one, other = (picked(ledger, chunks, limits, chunk_id=n) for n in (1, 2))
        (intent,) = intents(one)
        one.save([intent])
        assert not refused(other).is_for_good
        assert intent.attempt is not None
        one.save([stands(intent.id, State.UNCONFIRMED, token=intent.attempt.token)])
        assert chunks.put_back(one.claim, "start") == "watch"
        assert not refused(other).is_for_good
        claim = chunks.pick(1, "watch", "w", NOON)
        assert claim is not None
        assert chunks.put_back(claim, "watch") is None
        assert refused(other).is_for_good


def test_what_nobody_watches_makes_no_room(place: Place) -> None:
    """A run of a chunk that keeps killing workers stays reserved: nobody waits for its end."""
    limits = replace(LIMITS, max_credits=1000)
    with shared(place, "a", "b", size=1) as (ledger, chunks):
        one, other = (picked(ledger, chunks, limits, chunk_id=n) for n in (1, 2))
        one.save(intents(one))
        for _ in range(MOST_DEATHS + 1):
            chunks.pick(1, "start", "w", NOON)
        assert chunks.parked() == [1]
        assert refused(other).is_for_good


def test_runs_of_unknown_cost_leave_no_room_under_a_cap(place: Place) -> None:
    """Whoever asks is told, though others' runs are known; what to reserve is a person's to say."""
    with shared(place, "a", "b", "c", size=1) as (ledger, chunks):
        ids = ids_of(ledger)
        ledger.save([stands(ids[0], State.COMPLETE), stands(ids[1], State.COMPLETE, credits=None)])
        blind = picked(ledger, chunks, replace(LIMITS, max_credits=1000), chunk_id=3)
        full = refused(blind)
        assert (full.room, full.is_for_good, full.spending.unnamed) == (0, True, 1)
        told = seen(ledger, blind.claim, replace(LIMITS, max_credits=1000, credits_per_run=2))
        told.save(intents(told))


def test_a_late_end_of_a_row_that_another_starts_is_no_intent(place: Place) -> None:
    """Nothing was taken over: whoever saw it goes on, and the row's start is left as it is."""
    with shared(place, "a", "b", size=1) as (ledger, chunks):
        (a, _) = ids_of(ledger)
        expired = stands(a, State.EXPIRED)
        ledger.save([expired])
        ledger.save([structs.replace(expired, state=State.PLANNED)])
        starting = picked(ledger, chunks)
        starting.save(intents(starting))
        watching = picked(ledger, chunks, chunk_id=2)
        end = LateEnd(an_observation(RunStatus.FAILED, run_id=RunId(f"WRUN-{a}")))
        before, after = watching.amend(
            Owner(a, 1, State.EXPIRED), lambda entry: step(entry, end, Context(NOON))[0]
        )
        assert before.state is after.state is State.STARTING
        assert after.attempt is not None
        assert after.attempt.state is State.FAILED


def test_a_chunk_that_keeps_killing_workers_is_parked(place: Place) -> None:
    """It is left to a person, and the next call tries again."""
    with shared(place, "a") as (ledger, chunks):
        for _ in range(MOST_DEATHS):
            assert chunks.pick(1, "start", "w", NOON) is not None
        assert chunks.pick(1, "start", "w", NOON) is None
        assert chunks.parked() == [1]
        assert chunks.debts() == []
        chunks.make(1)
        assert chunks.debts() == [(1, "start")]
        assert ids_of(ledger)


def test_a_picker_that_was_overtaken_and_lives_is_no_death(place: Place) -> None:
    """However often a chunk changes hands: only those count who were not heard of again."""
    with shared(place, "a") as (ledger, chunks):
        before = picked(ledger, chunks)
        for _ in range(MOST_DEATHS * 2):
            after = picked(ledger, chunks)
            chunks.dropped(before.claim)
            before = after
        assert chunks.parked() == []


def test_a_chunk_that_gets_on_is_not_parked(place: Place) -> None:
    """However often its workers die: each recorded something of a run before."""
    with shared(place, "a") as (ledger, chunks):
        for number in range(MOST_DEATHS * 2):
            chunk = picked(ledger, chunks)
            if number == MOST_DEATHS - 1:
                chunk.save([stands(ids_of(ledger)[0], State.FAILED)])
        assert chunks.parked() == []


def test_what_a_chunk_owes_follows_from_its_rows(place: Place) -> None:
    """Runs are watched before the rest is started; what is in doubt for good is left in peace."""
    with shared(place, "a", "b") as (ledger, chunks):
        a, b = ids_of(ledger)
        chunk = picked(ledger, chunks)
        chunk.save([stands(a, State.RUNNING)])
        assert chunks.put_back(chunk.claim, "start") == "watch"
        assert chunks.pick(1, "start", "late", NOON) is None
        claim = chunks.pick(1, "watch", "w", NOON)
        assert claim is not None
        chunk = seen(ledger, claim, LIMITS)
        chunk.save([stands(a, State.UNCONFIRMED)])
        assert chunks.put_back(claim, "watch") == "start"
        chunk = picked(ledger, chunks)
        chunk.save([stands(b, State.COMPLETE)])
        assert chunks.put_back(chunk.claim, "start") == "watch"
        claim = chunks.pick(1, "watch", "w", NOON)
        assert claim is not None
        assert chunks.put_back(claim, "watch") is None


def test_the_pace_is_leased_in_turn(place: Place) -> None:
    """No two leases overlap, and time that nobody leased is gone."""
    with shared(place, "a") as (_, chunks):
        assert chunks.lease("start", 100.0, 2.0) == pytest.approx(100.0)
        assert chunks.lease("start", 100.5, 2.0) == pytest.approx(102.0)
        assert chunks.lease("look", 100.5, 2.0) == pytest.approx(100.5)
        assert chunks.lease("start", 110.0, 1.0) == pytest.approx(110.0)
