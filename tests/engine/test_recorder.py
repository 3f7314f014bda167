"""The one writer: grouped, durable before it is told, and heard by whoever commits."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from pipeline.core.model import Entry, RunId, State
from pipeline.engine.batch.recorder import Recorder
from pipeline.errors import LedgerLost
from pipeline.ledger.store import Ledger, RunTakenError
from tests.engine.gate import Gate, all_wait, in_line
from tests.ledger.builders import a_ledger, stands
from tests.virtual import run_virtually

T = TypeVar("T")


@asynccontextmanager
async def a_recorder(ledger: Ledger) -> AsyncIterator[tuple[Recorder, Gate]]:
    """A recorder whose writes the test lets through; all of them at the end."""
    gate = Gate()
    recorder = Recorder(ledger, gate)
    await recorder.__aenter__()
    try:
        yield recorder, gate
    finally:
        closing_down = asyncio.create_task(recorder.__aexit__(None, None, None))
        await gate.let_all_through()
        await closing_down


def committing(recorder: Recorder, *entries: Entry) -> list["asyncio.Task[None]"]:
    return [asyncio.create_task(recorder.commit(entry)) for entry in entries]


def running(ledger: Ledger) -> list[int]:
    """The entries that are saved as running, by id."""
    return [entry.id for entry in ledger.entries(State.RUNNING)]


def break_ledger(ledger: Ledger) -> None:
    """Make every later write fail, as a disk that is full would."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("ALTER TABLE entry RENAME COLUMN retries TO lost")


def mend_ledger(ledger: Ledger) -> None:
    """Let writes succeed again."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("ALTER TABLE entry RENAME COLUMN lost TO retries")


def test_a_commit_returns_only_once_it_is_durable(tmp_path: Path) -> None:
    """Nothing may be carried out before: until the write is done, the committer waits."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            (commit,) = committing(recorder, stands(1, State.RUNNING))
            await all_wait()
            assert not commit.done()
            assert running(ledger) == []
            await gate.let_one_through()
            assert commit.done()
            assert running(ledger) == [1]

    with a_ledger(tmp_path, "a") as ledger:
        run_virtually(story(ledger))


def test_what_comes_in_during_a_sync_is_one_group(tmp_path: Path) -> None:
    """One sync for all of them, and each of them waits for it."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            (first,) = committing(recorder, stands(1, State.RUNNING))
            await all_wait()
            rest = committing(recorder, *(stands(n, State.RUNNING) for n in range(2, 9)))
            await gate.let_one_through()
            assert first.done()
            assert not any(commit.done() for commit in rest)
            await gate.let_one_through()
            assert all(commit.done() for commit in rest)
            assert gate.calls == 2
            assert running(ledger) == [*range(1, 9)]

    with a_ledger(tmp_path, *"abcdefgh") as ledger:
        run_virtually(story(ledger))


def test_a_write_that_fails_reaches_everyone_who_waits_for_it(tmp_path: Path) -> None:
    """Each committer of the group hears of it, and the recorder goes on with the next group."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            commits = committing(recorder, *(stands(n, State.RUNNING) for n in (1, 2)))
            break_ledger(ledger)
            await gate.let_one_through()
            for commit in commits:
                with pytest.raises(LedgerLost):
                    await commit
            mend_ledger(ledger)
            (later,) = committing(recorder, stands(3, State.RUNNING))
            await gate.let_one_through()
            await later
            assert running(ledger) == [3]

    with a_ledger(tmp_path, "a", "b", "c") as ledger:
        run_virtually(story(ledger))


def test_a_run_of_another_row_is_told_to_its_own_committer_alone(tmp_path: Path) -> None:
    """The others of the group are saved, whichever of them stands first."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            entries = [stands(n, State.RUNNING) for n in (2, 3, 4)]
            entries[1] = stands(3, State.RUNNING, run_id=RunId("WRUN-1"))
            good, taken, also_good = committing(recorder, *entries)
            await gate.let_all_through()
            await good
            await also_good
            with pytest.raises(RunTakenError):
                await taken
            assert running(ledger) == [1, 2, 4]

    with a_ledger(tmp_path, *"abcd") as ledger:
        ledger.save([stands(1, State.RUNNING)])
        run_virtually(story(ledger))


def test_of_two_rows_with_one_run_the_first_keeps_it(tmp_path: Path) -> None:
    """Also where both come in one group."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            one, other = committing(
                recorder, *(stands(n, State.RUNNING, run_id=RunId("WRUN-X")) for n in (1, 2))
            )
            await gate.let_all_through()
            await one
            with pytest.raises(RunTakenError):
                await other
            assert running(ledger) == [1]

    with a_ledger(tmp_path, "a", "b") as ledger:
        run_virtually(story(ledger))


def test_leaving_waits_for_all_that_was_handed_in(tmp_path: Path) -> None:
    """What came in while the last group was synced is committed too, and only then it closes."""

    async def story(ledger: Ledger) -> None:
        gate = Gate()
        recorder = Recorder(ledger, gate)
        await recorder.__aenter__()
        commits = committing(recorder, stands(1, State.RUNNING))
        await all_wait()
        commits += committing(recorder, stands(2, State.RUNNING))
        leaving = asyncio.create_task(recorder.__aexit__(None, None, None))
        await gate.let_one_through()
        assert not leaving.done()
        commits += committing(recorder, stands(3, State.RUNNING))
        await gate.let_all_through()
        await leaving
        assert all(commit.done() for commit in commits)
        assert running(ledger) == [1, 2, 3]

    with a_ledger(tmp_path, "a", "b", "c") as ledger:
        run_virtually(story(ledger))


def test_leaving_for_an_error_drains_all_the_same(tmp_path: Path) -> None:
    """Whatever ended the batch, an outcome that was handed in is not lost."""

    async def story(ledger: Ledger) -> None:
        with suppress(KeyboardInterrupt):
            async with Recorder(ledger, in_line) as recorder:
                committing(recorder, stands(1, State.RUNNING))
                await asyncio.sleep(0)
                raise KeyboardInterrupt

    with a_ledger(tmp_path, "a") as ledger:
        run_virtually(story(ledger))
        assert running(ledger) == [1]


def test_a_committer_that_is_cut_off_takes_nothing_along(tmp_path: Path) -> None:
    """Its entry is saved, and so are those of the others in its group."""

    async def story(ledger: Ledger) -> None:
        async with a_recorder(ledger) as (recorder, gate):
            cut, other = committing(recorder, *(stands(n, State.RUNNING) for n in (1, 2)))
            await all_wait()
            cut.cancel()
            await gate.let_one_through()
            await other
            assert cut.cancelled()
            assert running(ledger) == [1, 2]

    with a_ledger(tmp_path, "a", "b") as ledger:
        run_virtually(story(ledger))


def test_a_read_comes_between_two_commits(tmp_path: Path) -> None:
    """It is run as the writes are, and gives what the ledger tells."""

    async def story(ledger: Ledger) -> None:
        async with Recorder(ledger, in_line) as recorder:
            await recorder.commit(stands(1, State.RUNNING))
            assert await recorder.read(running) == [1]

    with a_ledger(tmp_path, "a") as ledger:
        run_virtually(story(ledger))


def test_a_fault_of_our_own_in_a_write_ends_the_batch(tmp_path: Path) -> None:
    """Nobody is left to wait for a commit that will never be."""

    async def broken(_: Callable[[], T], /) -> T:
        raise ZeroDivisionError

    async def story(ledger: Ledger) -> None:
        async with Recorder(ledger, broken) as recorder, asyncio.TaskGroup() as group:
            group.create_task(recorder.commit(stands(1, State.RUNNING)))
            group.create_task(recorder.commit(stands(2, State.RUNNING)))

    with a_ledger(tmp_path, "a", "b") as ledger:
        with pytest.raises(ExceptionGroup) as caught:
            run_virtually(story(ledger))
        assert caught.group_contains(ZeroDivisionError)
