"""Which chunks were left by their starters, and what is handed out to others then."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.config.sections.sharedledger import place_of
from pipeline.core.model import State
from pipeline.errors import LedgerLost
from pipeline.ledger.shared.chunks import Debt, FenceLostError
from pipeline.ledger.shared.connection import REMEDY, PostgresConnection
from pipeline.ledger.shared.handout import install, open_handout
from tests.core.builders import NOON
from tests.ledger.builders import ids_of, stands
from tests.ledger.test_chunks import picked, shared
from tests.postgres import Server

AGED = (
    "UPDATE pgqueuer SET status = 'picked', heartbeat = now() - ? * interval '1 second' "
    "WHERE dedupe_key = ?"
)
JOBS = "SELECT dedupe_key FROM pgqueuer ORDER BY dedupe_key"
CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def put(url: str, *debts: tuple[int, Debt]) -> None:
    """Hand these out."""

    async def both() -> None:
        await install(url)
        async with open_handout(url) as handout:
            await handout.put(debts)

    asyncio.run(both())


def left_behind(url: str) -> list[int]:
    """The chunks that were left by their starters."""

    async def asked() -> list[int]:
        async with open_handout(url) as handout:
            return await handout.left_behind()

    return asyncio.run(asked())


@contextmanager
def a_look_at(url: str) -> Iterator[PostgresConnection]:
    """A connection beside all others."""
    connection = PostgresConnection(url)
    try:
        yield connection
    finally:
        connection.close()


def test_a_chunk_is_handed_out_once(server: Server) -> None:
    """However often it is put; each of its two debts is a job."""
    url = server.new_database()
    put(url, (1, "start"), (2, "start"))
    put(url, (1, "start"), (1, "watch"))
    put(url)
    with a_look_at(url) as looking:
        assert [key for (key,) in looking.execute(JOBS)] == ["start 1", "start 2", "watch 1"]


@pytest.mark.parametrize(("silent_seconds", "left"), [(2, []), (9, []), (11, [1]), (600, [1])])
def test_a_starter_is_given_up_after_two_heartbeats(
    server: Server, silent_seconds: int, left: list[int]
) -> None:
    """One that only waits to be taken is nobody's, and a watched one is taken over by the queue."""
    url = server.new_database()
    put(url, (1, "start"), (2, "start"), (3, "watch"))
    with a_look_at(url) as looking:
        looking.execute(AGED, (silent_seconds, "start 1"))
        looking.execute(AGED, (silent_seconds, "watch 3"))
    assert left_behind(url) == left


@pytest.mark.parametrize("state", [State.STARTING, State.RUNNING, State.UNCONFIRMED])
def test_what_a_starter_left_under_way_is_watched_first(server: Server, state: State) -> None:
    """Its chunk need not wait until somebody has a seat for starts."""
    with shared(server.new_database(), "a", "b", "c") as (ledger, chunks):
        first = picked(ledger, chunks)
        first.save([stands(ids_of(ledger)[0], state)])
        picked(ledger, chunks, chunk_id=2)
        assert chunks.leave_to_watchers([1, 2]) == [1]
        assert chunks.leave_to_watchers([1, 2]) == []
        assert chunks.debts() == [(1, "watch"), (2, "start"), (3, "start")]
        assert chunks.owed() == {"watch", "start"}


def test_what_a_starter_had_not_begun_need_not_wait_for_its_runs(server: Server) -> None:
    """The rest is a chunk of its own; a row above it that waits again stays with the others."""
    with shared(server.new_database(), *"abcdef", size=6) as (ledger, chunks):
        ids = ids_of(ledger)
        starter = picked(ledger, chunks)
        starter.save([stands(ids[0], State.COMPLETE), stands(ids[2], State.RUNNING)])
        chunks.leave_to_watchers([1])
        watching = chunks.pick(1, "watch", "w", NOON)
        starting = chunks.pick(2, "start", "s", NOON)
        assert watching is not None
        assert starting is not None
        assert (watching.first_entry, watching.last_entry) == (ids[0], ids[2])
        assert (starting.first_entry, starting.last_entry) == (ids[3], ids[5])


def test_a_starter_that_was_only_slow_is_refused(server: Server) -> None:
    """From the moment on at which its chunk was left to others, before one of them has it."""
    with shared(server.new_database(), "a", "b") as (ledger, chunks):
        chunk = picked(ledger, chunks)
        first, second = ids_of(ledger)
        chunk.save([stands(first, State.RUNNING)])
        chunks.leave_to_watchers([1])
        with pytest.raises(FenceLostError):
            chunk.save([stands(second, State.STARTING)])
        with pytest.raises(FenceLostError):
            chunks.put_back(chunk.claim, "start")
        assert ledger.tally().count_entries(State.PLANNED) == 1


def test_a_fault_of_this_program_is_no_secret_of_the_queue(server: Server) -> None:
    """It ends the worker, which tells it: the chunk would be handed out for ever else."""
    url = server.new_database()
    put(url, (1, "start"))

    async def at_fault(chunk_id: int, _: Debt) -> None:
        raise ZeroDivisionError(chunk_id)

    async def served() -> None:
        async with open_handout(url) as handout, asyncio.timeout(20):
            await handout.serve(at_fault)

    with pytest.raises(ExceptionGroup) as told:
        asyncio.run(served())
    assert told.value.subgroup(ZeroDivisionError) is not None


def test_a_queue_that_is_cut_off_is_a_ledger_that_is_lost(server: Server) -> None:
    """A person learns which one, and what to do: no error of the queue's own leaves the room."""
    url = server.new_database()
    put(url, (1, "start"))

    async def cut_off(_: int, __: Debt) -> None:
        with a_look_at(url) as looking:
            looking.execute(CUT_OFF)

    async def served() -> None:
        async with open_handout(url) as handout, asyncio.timeout(20):
            await handout.serve(cut_off)

    with pytest.raises(LedgerLost, match="the queue's connection broke") as lost:
        asyncio.run(served())
    assert (lost.value.place, lost.value.remedy) == (place_of(url), REMEDY)
