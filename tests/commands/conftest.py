"""The program called within the test's own process: an empty folder, a key, no terminal."""

import hashlib
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import cli
from tests.commands.arranging import CELL, KEY, Arrange
from tests.commands.doubting import Program
from tests.journeys.running import Ended

Call = Callable[..., Ended]
Refused = Callable[[Arrange], list[str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Call]:
    """Call the program with these words, from within the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    monkeypatch.delenv("PIPELINE_TRACEBACK", raising=False)
    handler = signal.getsignal(signal.SIGTERM)

    def called(*arguments: str) -> Ended:
        exit_ = cli.main(arguments)
        out, err = capsys.readouterr()
        return Ended(exit_, out, err)

    yield called
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def refused(call: Call, tmp_path: Path) -> Refused:
    """Try a wrong input, and hold the answer to all that is promised of every refusal.

    Exit 2; stdout empty; no traceback, no key and no cell in what is told; nothing was started, no
    file was touched, and none came but a ledger without an attempt. Gives the lines that were told.
    """

    def tried(arrange: Arrange) -> list[str]:
        arguments = arrange(tmp_path)
        before = contents(tmp_path)
        ended = call(*arguments)
        assert ended.exit == 2, ended
        assert ended.out == ""
        for word in ("Traceback", "A fault of this program", KEY, CELL):
            assert word not in ended.err
        after = contents(tmp_path)
        assert {path: after.get(path) for path in before} == before
        for new in after.keys() - before.keys():
            assert new.name.removesuffix("-lock").endswith(".ledger"), new
            assert new.name.endswith("-lock") or attempts_in(new) == 0
        return ended.err.splitlines()

    return tried


def contents(folder: Path) -> dict[Path, str]:
    """Every file of a folder with the digest of what it holds, but for SQLite's shared memory."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".ledger-shm")
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def attempts_in(ledger: Path) -> int:
    """How many starts were ever intended, by the ledger."""
    with closing(sqlite3.connect(ledger)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM attempt").fetchone()
        return int(count)


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program, called in this process."""
    return Program(capsys, monkeypatch)
