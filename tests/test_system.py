"""What is not the same on every system, tried with a stand-in where this one is another."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from pipeline import system


class FakeWindowsLocks:
    """`msvcrt.locking`, for one process: what is locked stands at the file's present place."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.locked: set[tuple[int, int]] = set()

    def locking(self, descriptor: int, _mode: int, _count: int) -> None:
        """Lock a byte, or refuse as Windows does."""
        place = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if place in self.locked:
            raise PermissionError(13, "Permission denied")
        self.locked.add(place)


@pytest.fixture(params=["posix", "nt"])
def on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each system in turn; Windows by a stand-in."""
    name = str(request.param)
    monkeypatch.setattr(system, "SYSTEM", name)
    if name == "nt":
        monkeypatch.setitem(sys.modules, "msvcrt", FakeWindowsLocks())
    return name


@pytest.mark.usefixtures("on")
def test_a_file_is_locked_once_and_stays_as_it_was(tmp_path: Path) -> None:
    """The second one is told so, and whoever locked it reads on from the beginning."""
    path = tmp_path / "state"
    path.write_bytes(b"content")
    with path.open("r+b") as first, path.open("r+b") as second:
        assert system.lock(first.fileno())
        assert not system.lock(second.fileno())
        assert first.read() == b"content"
    assert path.read_bytes() == b"content"


def test_a_folder_is_synced_where_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: str
) -> None:
    """On Windows, where it can't be opened, nothing is tried."""
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    system.sync_folder(tmp_path)
    assert synced == ([] if on == "nt" else [tmp_path.stat().st_ino])


def test_no_folder_is_opened_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be refused there, and the output with it."""
    monkeypatch.setattr(system, "SYSTEM", "nt")
    system.sync_folder(tmp_path / "not-there")


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_file_for_its_owner_is_nobody_elses(tmp_path: Path, mode: int | None) -> None:
    """Made anew, or copied from a place where more people could read it; its content stays."""
    path = tmp_path / "ledger"
    if mode is not None:
        path.write_bytes(b"content")
        path.chmod(mode)
    system.make_for_owner(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == (b"" if mode is None else b"content")


@pytest.mark.parametrize("takes_handlers", [True, False], ids=["posix", "nt"])
def test_a_signal_is_answered_within_the_loop(
    monkeypatch: pytest.MonkeyPatch, *, takes_handlers: bool
) -> None:
    """Ctrl-C asks a batch to stop, also where the loop takes no handlers; then all is as before."""
    before = signal.getsignal(signal.SIGINT)

    async def interrupted() -> bool:
        loop, answered = asyncio.get_running_loop(), asyncio.Event()
        if not takes_handlers:
            monkeypatch.setattr(loop, "add_signal_handler", _refuses)
        with system.signals_answered(loop, {signal.SIGINT: answered.set}):
            signal.raise_signal(signal.SIGINT)
            async with asyncio.timeout(5):
                return await answered.wait()

    assert asyncio.run(interrupted())
    assert signal.getsignal(signal.SIGINT) is before


def _refuses(*_: object) -> None:
    raise NotImplementedError
