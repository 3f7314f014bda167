"""What the ledger does where files, rows and rounds are not as one expects."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pipeline.core.events import Event, Resumed, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import RoundKind, State
from pipeline.core.replies import Missing
from pipeline.core.rules import Context
from pipeline.errors import LedgerFault, LedgerLost, PipelineError
from pipeline.ledger.holding import Mount, lock_path, mounts
from pipeline.ledger.opening import check_place, is_held, join_ledger, open_ledger
from tests.core.builders import NOON
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    a_ledger,
    connection_of,
    ids_of,
    second_attempt,
    some_rows,
    stands,
)


def test_a_row_that_completed_in_the_end_is_not_incomplete(tmp_path: Path) -> None:
    """A pilot whose failed run was tried again by `retry.failed` ended well: exit 0."""
    with a_ledger(tmp_path, "a") as ledger:
        mark = ledger.mark()
        failed = stands(ids_of(ledger)[0], State.FAILED)
        ledger.save([failed])
        ledger.save([second_attempt(failed, State.COMPLETE)])
        assert ledger.incomplete_since(mark) == 0


def test_a_row_that_left_while_its_retry_was_owed_stands_as_before(tmp_path: Path) -> None:
    """It was expired before the round, and is so again after it."""
    with a_ledger(tmp_path, "a") as ledger:
        expired = stands(ids_of(ledger)[0], State.EXPIRED)
        ledger.save([expired])
        ledger.begin_round(
            RoundKind.RETRY, NOON, lambda n: [step(expired, RetryAsked(n), Context(NOON))[0]]
        )
        (entry,) = ledger.entries(*State)
        looks: tuple[Event, ...] = (Resumed(), Missing())
        for event in looks:
            entry, _ = step(entry, event, Context(NOON))
            ledger.save([entry])
        ledger.enrol(some_rows(), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert ledger.end_round(NOON + 1)
        assert [entry.state for entry in ledger.entries(*State)] == [State.EXPIRED]


@pytest.mark.parametrize("opened", [lambda path: open_ledger(path).__enter__(), is_held])
def test_a_lock_that_can_not_be_made_is_told(
    tmp_path: Path, opened: Callable[[Path], object]
) -> None:
    """As where the ledger is writable and its folder is not: one line, no traceback."""
    path = tmp_path / "batch.ledger"
    with open_ledger(path):
        pass
    lock_path(path).unlink()
    lock_path(path).mkdir()
    with pytest.raises(LedgerFault):
        opened(path)


def test_a_ledger_that_can_not_be_had_is_not_swapped_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system refuses: with another ledger all of its rows would be paid for again."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "batch.ledger"
    with open_ledger(path):
        pass
    lock_path(path).unlink()
    lock_path(path).mkdir()
    monkeypatch.setattr("pipeline.ledger.opening.try_to_write", refuse)
    told = [fault_of(lambda: check_place(path)), fault_of(lambda: open_ledger(path).__enter__())]
    monkeypatch.setattr("pipeline.ledger.opening.make_for_owner", refuse)
    told.append(fault_of(lambda: open_ledger(path).__enter__()))
    monkeypatch.setattr("sqlite3.connect", unable_to_open)
    told.append(fault_of(lambda: join_ledger(path).__enter__()))
    full = "No space left on device"
    assert [fault.wrong for fault in told] == [
        f"the ledger can't be opened: nothing can be written to {tmp_path} ({full})",
        "the ledger can't be locked (Is a directory)",
        f"the ledger can't be opened ([Errno 28] {full})",
        "the ledger can't be opened (disk I/O error)",
    ]
    assert {fault.remedy for fault in told} == {
        "make room or mend the rights of this file and its folder, then give the same command again"
    }


def unable_to_open(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def fault_of(call: Callable[[], object]) -> LedgerFault:
    with pytest.raises(LedgerFault) as caught:
        call()
    return caught.value


def test_another_program_that_keeps_the_ledger_locked_is_told(tmp_path: Path) -> None:
    """No room and no rights help there: that program is to be closed."""
    with a_ledger(tmp_path, "a") as ledger:
        connection_of(ledger).execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(ledger.path, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerLost) as caught:
                ledger.save([stands(1, State.RUNNING)])
        assert caught.value.wrong == (
            "the ledger could not be written: another program keeps it locked"
        )
        assert caught.value.remedy == (
            "close what else has it open, then give the same command again"
        )
        ledger.save([stands(1, State.RUNNING)])


def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    """A file that lost a page names itself and what to do, and is no fault of this program."""
    with a_ledger(tmp_path, *map(str, range(2000))) as ledger:
        path = ledger.path
    content = path.read_bytes()
    path.write_bytes(content[: 4096 * 20] + b"\xff" * (len(content) - 4096 * 20))
    with pytest.raises(PipelineError) as caught, open_ledger(path) as ledger:
        dict(ledger.states())
    assert caught.value.place == str(path)
    assert "put back a copy of it" in caught.value.remedy


@pytest.mark.skipif(os.name != "posix", reason="other systems' names are Unicode")
def test_a_file_name_of_another_encoding_is_no_hindrance(tmp_path: Path) -> None:
    """A sheet from an old archive may have bytes in its name that are not UTF-8."""
    path = Path(os.fsdecode(b"caf\xe9.csv"))
    with open_ledger(tmp_path / "batch.ledger") as ledger:
        ledger.enrol(some_rows("a"), path, SERVICE, WORKFLOW, NOON)
        ledger.record_written(path, "digest", NOON)
        assert ledger.written_digest(path) == "digest"


def test_a_ledger_that_was_copied_is_closed_to_others_again(tmp_path: Path) -> None:
    """A copy has the rights of all the user's files; what SQLite puts beside it would too."""
    path = tmp_path / "batch.ledger"
    with open_ledger(path):
        pass
    path.chmod(0o644)
    with open_ledger(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_path_among_the_mount_options_is_no_remote_drive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A container's root, laid over a folder that happens to be called so, is local."""
    options = "rw,lowerdir=/srv/remote/lower"
    partition = SimpleNamespace(mountpoint="/", fstype="overlay", opts=options)
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [partition])
    assert mounts() == [Mount(Path("/"), "overlay")]


def test_only_a_run_of_another_attempt_is_told_as_one(tmp_path: Path) -> None:
    """Our own mistake, here an entry that is not there, is not taken for the service's."""
    with (
        a_ledger(tmp_path, "a") as ledger,
        pytest.raises(sqlite3.IntegrityError),
    ):
        ledger.save([stands(99, State.RUNNING)])
