"""Who may open a ledger, and what the file is like."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import permutations
from pathlib import Path
from typing import Final

import pytest

from pipeline.core.model import RowKey, State
from pipeline.errors import Exit, LedgerFault
from pipeline.ledger.opening import SCHEMA_VERSION, is_held, is_running, join_ledger, open_ledger
from tests.ledger.builders import a_ledger, connection_of

HOLDER: Final = """
import sys
from pathlib import Path
from pipeline.errors import LedgerFault
from pipeline.ledger.opening import open_ledger

try:
    with open_ledger(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
except LedgerFault as fault:
    print(fault, flush=True)
"""
"""A process that holds a ledger until its input ends, or tells why it may not."""


@contextmanager
def another_process(ledger: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that tried to open the ledger, and the first line that it said."""
    command = [sys.executable, "-c", HOLDER, str(ledger)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_usual_umask")
def test_nobody_else_can_read_the_ledger(tmp_path: Path) -> None:
    """It holds what the user's cells hold: the file and all that SQLite puts beside it."""
    with a_ledger(tmp_path, "a"):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    names = ("batch.ledger", "batch.ledger-wal", "batch.ledger-shm", "batch.ledger-lock")
    assert modes == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
        ("fullfsync", 1),
    ],
)
def test_what_is_saved_is_on_the_disk(tmp_path: Path, setting: str, value: object) -> None:
    """A write-ahead log with a full sync at every commit; 2 is SQLite's FULL."""
    with a_ledger(tmp_path) as ledger:
        (found,) = connection_of(ledger).execute(f"PRAGMA {setting}").fetchone()
    assert found == value


def test_a_ledger_is_made_with_its_folder(tmp_path: Path) -> None:
    """It lies where the config says, and is a ledger of this schema for every tool."""
    path = tmp_path / "new" / "folder" / "batch.ledger"
    with open_ledger(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x50495045,)
    assert path.read_bytes()[68:72] == b"PIPE"


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """By process id; once the first has ended, the second may."""
    path = tmp_path / "batch.ledger"
    with open_ledger(path), another_process(path) as (_, said):
        assert f"this batch is running elsewhere, in process {os.getpid()};" in said
    with another_process(path) as (_, said):
        assert said == "held"


def test_a_ledger_that_a_link_leads_to_is_held_whatever_it_is_called(tmp_path: Path) -> None:
    """By its own name, by a link to it and by a link to its folder, one process works on it."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "kept")
    (tmp_path / "linked.ledger").symlink_to(Path("kept") / "batch.ledger")
    paths = [
        tmp_path / "linked.ledger",
        tmp_path / "kept" / "batch.ledger",
        tmp_path / "near" / "batch.ledger",
    ]
    for held_by, asked_by in permutations(paths, 2):
        with open_ledger(held_by) as ledger:
            with another_process(asked_by) as (_, said):
                assert f"this batch is running elsewhere, in process {os.getpid()};" in said
            assert is_held(asked_by)
            assert is_running(asked_by, ledger.holder())
    assert [path.name for path in tmp_path.glob("**/*-lock")] == ["batch.ledger-lock"]


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    """While it lives it is named; after it was killed the next one goes on at once."""
    path = tmp_path / "batch.ledger"
    with another_process(path) as (process, said):
        assert said == "held"
        assert is_held(path)
        with pytest.raises(LedgerFault, match=f"in process {process.pid};") as caught:
            open_ledger(path).__enter__()
        assert caught.value.exit is Exit.WRONG
        process.kill()
        process.wait()
        assert not is_held(path)
        with open_ledger(path) as ledger:
            assert ledger.holder() == str(os.getpid())


def test_what_a_killed_batch_was_told_to_change_is_not_the_next_holders(tmp_path: Path) -> None:
    """Nobody is told that a change is heeded before there is a batch that takes any."""
    path = tmp_path / "batch.ledger"
    with another_process(path) as (process, _), join_ledger(path) as joined:
        assert joined is not None
        joined.take_adjustments()
        assert joined.adjust({"paused": "true"})
        process.kill()
        process.wait()
    with open_ledger(path) as ledger:
        assert ledger.adjustments() == {}
        assert not ledger.adjust({"paused": "false"})


def test_a_holder_says_so_as_long_as_it_holds(tmp_path: Path) -> None:
    """Also in the ledger itself, and also where the batch ends with an error."""
    path = tmp_path / "batch.ledger"
    with suppress(KeyboardInterrupt), open_ledger(path) as ledger:
        assert ledger.holder() == str(os.getpid())
        assert is_held(path)
        raise KeyboardInterrupt
    assert not is_held(path)
    with join_ledger(path) as joined:
        assert joined is not None
        assert joined.holder() is None


def test_others_may_read_beside_the_holder(tmp_path: Path) -> None:
    """A look at a ledger neither waits for its holder nor takes anything from it."""
    with a_ledger(tmp_path, "a") as ledger:
        with join_ledger(ledger.path) as joined:
            assert joined is not None
            assert joined.states() == {RowKey("a"): State.PLANNED}
            joined.record_written(tmp_path / "out.csv", "digest", 1.0)
        assert ledger.written_digest(tmp_path / "out.csv") == "digest"
        assert ledger.holder() == str(os.getpid())


def test_where_there_is_no_ledger_none_is_made(tmp_path: Path) -> None:
    """A look leaves no file behind."""
    path = tmp_path / "batch.ledger"
    with join_ledger(path) as joined:
        assert joined is None
    assert not is_held(path)
    assert list(tmp_path.iterdir()) == []


def a_foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (value TEXT)")


def a_text_file(path: Path) -> None:
    path.write_text("Company,URL\n" * 100)


def a_damaged_ledger(path: Path) -> None:
    with open_ledger(path):
        pass
    content = path.read_bytes()
    # The head is whole; what lists the tables is not.
    path.write_bytes(content[:100] + b"\xff" * 200 + content[300:])


def a_newer_ledger(path: Path) -> None:
    with open_ledger(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def an_older_ledger(path: Path) -> None:
    with open_ledger(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (a_foreign_database, "this file is not a ledger"),
        (a_text_file, "this file is no ledger, or a damaged one"),
        (a_damaged_ledger, "the ledger is damaged (database disk image is malformed)"),
        (
            a_newer_ledger,
            f"the ledger was written by a newer program (schema {SCHEMA_VERSION + 1})",
        ),
        (an_older_ledger, "the ledger is older than any version that was released (schema 1)"),
        (Path.mkdir, "the ledger can't be opened ("),
    ],
)
def test_what_is_no_ledger_of_ours_is_left_alone(
    tmp_path: Path, make: Callable[[Path], None], wrong: str
) -> None:
    """One line that names the file and what to do, and not a byte of it changed."""
    path = tmp_path / "batch.ledger"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for opened in (open_ledger, join_ledger):
        with pytest.raises(LedgerFault) as caught:
            opened(path).__enter__()
        assert str(caught.value).startswith(f"{path}: {wrong}")
        assert caught.value.remedy
        assert caught.value.exit is Exit.WRONG
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """Before anything is started, in one line with a remedy."""
    (tmp_path / "a file").touch()
    path = tmp_path / "a file" / "batch.ledger"
    with pytest.raises(LedgerFault, match=r"the ledger can't be opened \(.*a file") as caught:
        open_ledger(path).__enter__()
    assert "name a file in a folder that you may write to" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    """As above, where the folder's rights forbid it."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerFault, match="the ledger can't be opened"):
            open_ledger(tmp_path / "batch.ledger").__enter__()
    finally:
        tmp_path.chmod(0o700)
