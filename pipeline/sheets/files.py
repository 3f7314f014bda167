"""Files as wholes: read, digested, kept aside, put in place. Must not know what stands in them.

The write is the classic one: a temporary file in the target's own folder, synced, then renamed over
the target, then the folder synced (POSIX ``rename`` is atomic within one file system).
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader
from itertools import count
from pathlib import Path
from tempfile import gettempdir

from pipeline.config.filekinds import KINDS, default_output, nearest_name, output_suffix
from pipeline.errors import InputFault, OutputFault
from pipeline.sheets.source import Source
from pipeline.system import sync_folder, try_to_write


class PlaceFault(OutputFault):
    """A place can't be written to: another one might."""


def content_of(path: Path) -> bytes:
    """A file's bytes. Raises `InputFault`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A file to be read while the block lasts. Raises `InputFault`."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from None


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits. Raises `InputFault`."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_aside(path: Path, moment: datetime) -> Path:
    """Rename a file to ``<stem>.edited-<time>.<ext>`` in its folder, and say where it is now.

    Never over a file that is there: then the name goes on with ``-2``. Raises `OutputFault`.
    """
    stem = f"{path.stem}.edited-{moment:%Y%m%d-%H%M%S}"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}{path.suffix}" for n in count(1))
    aside = _first_free(path.with_name(name) for name in names)
    try:
        path.rename(aside)
    except OSError as error:
        raise _unwritable(path, error) from None
    return aside


def check_target(source: Source, target: Path) -> None:
    """Whether the copy of this input could be written there; leaves nothing behind.

    Raises `OutputFault` where the target is the input itself, by whatever name, is of another
    kind than the input, is a folder, or is in one that can't be made or written to.
    """
    if _is_same_file(source.path, target):
        raise OutputFault(
            place=str(target),
            wrong="the output would be written over the input",
            remedy="name another file for the output",
        )
    try:
        if target.is_dir():
            raise OutputFault(
                place=str(target), wrong="this is a folder", remedy="name a file for the output"
            )
        _check_kind(source, target)
        _check_folder(target)
    except OSError as error:
        raise _unwritable(target, error) from None


def _check_kind(source: Source, target: Path) -> None:
    kind = output_suffix(source.path).lower()
    # An input of no known kind is told by whoever reads it.
    if source.suffix not in KINDS or target.suffix.lower() == kind:
        return
    named = target.with_suffix(kind)
    if _is_same_file(source.path, named):
        named = default_output(source.path)
    raise OutputFault(
        place=str(target),
        wrong=f"the output must be of the input's kind, {kind}"
        if kind == source.suffix
        else f"an input of the kind {source.suffix} is written as {kind}",
        remedy=f"name it {named.name}",
    )


def _check_folder(target: Path) -> None:
    # What is missing between the folder that is there and the target will be made by the write.
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    try:
        try_to_write(folder)
    except OSError as error:
        raise PlaceFault(
            place=str(target),
            wrong=f"nothing can be written to {folder} ({error.strerror})",
            remedy="name a folder that can be written to",
        ) from None


def second_places(source: Source, target: Path) -> Iterator[Path]:
    """Where a copy can be kept that can't be put in its place: names that are free.

    Beside the input, then in the system's folder of temporary files, but never in the target's own.
    """
    for folder in (source.path.parent, Path(gettempdir())):
        if folder.absolute() != target.parent.absolute():
            yield _first_free(_second_names(folder / target.name))


def write_whole(target: Path, pieces: Iterable[bytes]) -> tuple[Path, str]:
    """Put a file of these pieces in its place, whole or not at all; missing folders are made.

    Gives the path and the SHA-256 of the bytes. The pieces are all made before the file is in its
    place. Where only the target is locked, as by a program
    that has it open, the path is ``<stem>.new-<n>.<ext>`` beside it. Raises `OutputFault`.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        written = _replace(target, pieces)
        sync_folder(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from None
    return written


def _replace(target: Path, pieces: Iterable[bytes]) -> tuple[Path, str]:
    sha256 = hashlib.sha256()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        # Opened here rather than by `tempfile`, whose mode 0600 would stay on the target.
        with temporary.open("xb") as file:
            for piece in pieces:
                sha256.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        return _put_in_place(temporary, target), sha256.hexdigest()
    finally:
        temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, target: Path) -> Path:
    try:
        temporary.replace(target)
    except PermissionError:
        second = _first_free(_second_names(target))
        temporary.replace(second)
        return second
    return target


def _second_names(target: Path) -> Iterator[Path]:
    return (target.with_name(f"{target.stem}.new-{n}{target.suffix}") for n in count(1))


def _first_free(paths: Iterator[Path]) -> Path:
    return next(path for path in paths if not os.path.lexists(path))


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def _unreadable(path: Path, error: OSError) -> InputFault:
    """Why a file can't be read, in one line."""
    match error:
        case FileNotFoundError() | NotADirectoryError() if not path.parent.is_dir():
            wrong, remedy = "its folder is not there", "mend the path"
        case FileNotFoundError():
            wrong, remedy = "there is no such file", _nearest(path)
        case IsADirectoryError():
            wrong, remedy = "this is a folder", "name a file in it"
        case PermissionError():
            wrong, remedy = "you may not read this file", "close it elsewhere, or change its mode"
        case _:
            wrong = f"it can't be read ({error.strerror or type(error).__name__})"
            remedy = "copy it to another place and name that"
    return InputFault(place=str(path), wrong=wrong, remedy=remedy)


def _nearest(path: Path) -> str:
    try:
        names = sorted(other.name for other in path.parent.iterdir() if other.is_file())
    except OSError:
        names = []  # A folder may be passed through and yet not be listed.
    near = nearest_name(path, names)
    return f"did you mean {near!r}?" if near else "mend the path"


def _unwritable(path: Path, error: OSError) -> PlaceFault:
    return PlaceFault(
        place=str(path),
        wrong=f"it can't be written ({error.strerror or type(error).__name__})",
        remedy="close it in other programs, make room, or name another place for the output",
    )
