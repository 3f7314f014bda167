"""The service's memory in a file. Owns the file's format: a first line, then a JSON line a record.

Must not know the rules, nor what a record means. A line is handed to the operating system whole
before `append` returns, so the death of the process loses nothing; a power cut may.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, Final, Self

from pipeline.errors import UsageFault
from pipeline.simulator.records import Record, RefusedStart, Run, Webhook, WebhookRemoved
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from pipeline.system import lock, make_for_owner

FIRST_LINE: Final = b'{"simulator_state": 1}\n'
"""By it a state is known, so that no other file is ever written to."""

KINDS: Final[dict[str, type[Record]]] = {
    "run": Run,
    "refused_start": RefusedStart,
    "webhook": Webhook,
    "webhook_removed": WebhookRemoved,
}
"""The records by their name in the file."""

NAMES: Final = {kind: name for name, kind in KINDS.items()}
FIELDS: Final = {kind: tuple(f.name for f in fields(kind)) for kind in KINDS.values()}


class Journal:
    """The file, open and held against a second simulator: ``with Journal(path) as journal: …``.

    Raises `UsageFault` on entry where the file can't be opened, is held, or is none of ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._open()
        try:
            self._hold()
            self._length = self._mend()
        except OSError as error:
            self._file.close()
            raise self._fault(_reason(error), "name another file") from error
        except UsageFault:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> Iterator[Record]:
        """All records, in the order in which they were appended.

        Raises `UsageFault` where a line is not one of ours.
        """
        self._file.seek(len(FIRST_LINE))
        for number, line in enumerate(self._file.read().splitlines(), start=2):
            try:
                content = json.loads(line)
                record = KINDS[content.pop("kind")](**content)
            except (ValueError, TypeError, KeyError, AttributeError):
                raise self._fault(
                    f"line {number} is not one that a simulator wrote",
                    "name another file, or move this one away",
                ) from None
            yield record

    def append(self, record: Record) -> None:
        """Keeps a record. Raises `UsageFault` where it can't, and leaves the file as it was."""
        kind = type(record)
        content = {"kind": NAMES[kind]} | {name: getattr(record, name) for name in FIELDS[kind]}
        line = json.dumps(content, separators=(",", ":")).encode() + b"\n"
        try:
            written = self._file.write(line)
        except OSError as error:
            raise self._fault(_reason(error), "make room for it, or name another file") from error
        if written != len(line):
            # The next line would be glued to what was written of this one.
            self._file.truncate(self._length)
            raise self._fault("the disk is full", "make room for it, or name another file")
        self._length += written

    def _open(self) -> IO[bytes]:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._fault(_reason(error), "name a file that can be written") from error
        return os.fdopen(handle, "r+b", buffering=0)

    def _hold(self) -> None:
        if not lock(self._file.fileno()):
            raise self._fault(
                "another simulator writes to it", "end that one, or name another file"
            )

    def _mend(self) -> int:
        """Cuts off a last line that is not whole, and gives the length of what stays."""
        content = self._file.read()
        is_new = FIRST_LINE.startswith(content)
        if not is_new and not content.startswith(FIRST_LINE):
            raise self._fault("this is no state of a simulator", "name another file")
        make_for_owner(self._path)
        length = content.rfind(b"\n") + 1
        self._file.truncate(length)
        if length == 0:
            length = self._file.write(FIRST_LINE)
        return length

    def _fault(self, wrong: str, remedy: str) -> UsageFault:
        return UsageFault(place=f"the simulator's state {self._path}", wrong=wrong, remedy=remedy)


@contextmanager
def open_service(settings: Settings, state: Path | None) -> Iterator[Service]:
    """A service that keeps its state in a file, or in memory alone where none is named.

    Raises `UsageFault` where the file can't be used.
    """
    if state is None:
        yield Service(settings)
        return
    with Journal(state) as journal:
        yield Service(settings, past=journal.read(), keep=journal.append)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
