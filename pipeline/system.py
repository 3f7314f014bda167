"""What is not the same on Linux, macOS and Windows. Owns these differences, and nothing else.

Must not know what is locked, synced or stopped, nor why.
"""

import os
import secrets
import signal
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final

SYSTEM = os.name
"""``posix`` or ``nt``."""

BEYOND_ANY_CONTENT: Final = 2**40
"""Windows locks bytes for reading too: one is locked that no file of ours ever has."""

TRIAL_BYTES: Final = 4096
"""A block of most file systems: less may find room where nothing else does."""


def make_for_owner(path: Path) -> None:
    """Make a file that its owner alone may read, if it is missing. Raises `OSError`.

    One that is there loses wider rights. On Windows, the folder's rights are what holds.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def try_to_write(folder: Path) -> None:
    """Make a small file in a folder, and take it away again. Raises `OSError`.

    Asked for rights alone, a system says yes to what then fails: a mount that is read-only, a disk
    that is full, on Windows the rights themselves.
    """
    trial = folder / f".{secrets.token_hex(8)}.tmp"
    with trial.open("xb", buffering=0) as file:
        try:
            file.write(bytes(TRIAL_BYTES))
        finally:
            file.close()  # Windows removes no file that is open.
            trial.unlink()


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a power cut. Raises `OSError`.

    Windows can't open a folder, and has its own order of writing names.
    """
    if SYSTEM == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; tells whether no other process has locked it."""
    try:
        _LOCKS[SYSTEM](descriptor)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _flock(descriptor: int) -> None:
    fcntl = import_module("fcntl")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_a_byte(descriptor: int) -> None:
    msvcrt = import_module("msvcrt")
    os.lseek(descriptor, BEYOND_ANY_CONTENT, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


_LOCKS: Final[Mapping[str, Callable[[int], None]]] = {"posix": _flock, "nt": _lock_a_byte}


@contextmanager
def signals_answered(
    loop: AbstractEventLoop, answers: Mapping[signal.Signals, Callable[[], object]]
) -> Iterator[None]:
    """Answer these signals within the loop while the block runs, instead of ending the process."""
    before = {number: signal.getsignal(number) for number in answers}
    try:
        for number, answer in answers.items():
            loop.add_signal_handler(number, answer)
    except NotImplementedError:
        # Windows' loops take no handlers, but wake up for the plain ones.
        with _plain_handlers(loop, answers):
            yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            # The loop leaves the system's own, by which SIGTERM would cut off what comes next.
            signal.signal(number, handler)


@contextmanager
def _plain_handlers(
    loop: AbstractEventLoop, answers: Mapping[signal.Signals, Callable[[], object]]
) -> Iterator[None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(answers[signal.Signals(number)])

    before = {number: signal.signal(number, handle) for number in answers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
