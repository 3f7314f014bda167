"""A workbook's zip file: its parts as streams of bytes, of which none is longer than it says.

For reading: of any kind of workbook, by the standard library's directory, from bytes that another
reader takes as well, so that lengths are checked and no more. What is copied goes by `archive`,
which knows where each entry's raw bytes stand. Must not know what stands in a part. Nothing is ever
unpacked to a file, so that a part's name is a name and no path.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pipeline.errors import InputFault
from pipeline.sheets.package.parts import is_bomb

CHUNK_BYTES: Final = 32 * 1024
"""Small enough that what is made of one stays in the processor's cache: measured, 8 to 512 KiB."""

LARGEST_PART_BYTES: Final = 2**30
"""Beyond what Excel's own limits of rows and usual columns come to, and what memory could hold."""

_LOCAL_HEADER_BYTES: Final = 30
_IS_ENCRYPTED: Final = 0x1
_METHODS: Final = frozenset({ZIP_STORED, ZIP_DEFLATED})


class Container:
    """An opened zip file whose parts can be read, in whatever spelling of their names."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._content = content
        try:
            with ZipFile(BytesIO(content)) as archive:
                entries = archive.infolist()
        except (BadZipFile, NotImplementedError, UnicodeDecodeError):
            raise damaged(path) from None
        for entry in entries:
            _check_size(path, entry)
        # Of two parts of one name the last one counts, as it does to every unzipping program.
        self._entries = {_folded(entry.filename): entry for entry in entries}

    def holds(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return _folded(name) in self._entries

    def whole(self, name: str) -> bytes:
        """A part's bytes, at once. Raises `InputFault`."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part's bytes, piece by piece. Raises `InputFault` where there are not as many as said.

        The reader of the values takes the same bytes on faith, so that they are counted here.
        """
        entry = self._entries.get(_folded(name))
        if entry is None:
            raise damaged(self._path)
        if entry.flag_bits & _IS_ENCRYPTED or entry.compress_type not in _METHODS:
            raise InputFault(
                place=str(self._path),
                wrong="a part of it is encrypted, or packed in a way that Excel does not know",
                remedy="open it in Excel and save it as .xlsx without a password",
            )
        length = 0
        try:
            for chunk in _unpacked(entry, self._packed(entry)):
                length += len(chunk)
                if length > entry.file_size:
                    raise _too_large(self._path)
                yield chunk
        except zlib.error:
            raise damaged(self._path) from None
        if length != entry.file_size:
            raise damaged(self._path)

    def check_lengths(self) -> None:
        """That every part is as long as it says. Raises `InputFault`."""
        for name in self._entries:
            for _ in self.chunks(name):
                pass

    def _packed(self, entry: ZipInfo) -> memoryview:
        header = self._content[entry.header_offset : entry.header_offset + _LOCAL_HEADER_BYTES]
        name_bytes, extra_bytes = header[26:28], header[28:30]
        start = entry.header_offset + _LOCAL_HEADER_BYTES
        start += int.from_bytes(name_bytes, "little") + int.from_bytes(extra_bytes, "little")
        return memoryview(self._content)[start : start + entry.compress_size]


def damaged(path: Path) -> InputFault:
    """What is said of a file that is no workbook any more."""
    return InputFault(
        place=str(path),
        wrong="the workbook is damaged, or no Excel workbook",
        remedy="open it in Excel, let it be repaired and save it as .xlsx",
    )


def _check_size(path: Path, entry: ZipInfo) -> None:
    size_bytes = entry.file_size
    if size_bytes > LARGEST_PART_BYTES or is_bomb(size_bytes, entry.compress_size):
        raise _too_large(path)


def _too_large(path: Path) -> InputFault:
    return InputFault(
        place=str(path),
        wrong="it would unpack to far more than a workbook holds",
        remedy="save it anew in Excel, or split it into smaller sheets",
    )


def _folded(name: str) -> str:
    """A name as a key: Excel takes its parts' names without regard to case or to the slash."""
    return name.replace("\\", "/").lstrip("/").casefold()


def _unpacked(entry: ZipInfo, packed: memoryview) -> Iterator[bytes]:
    if entry.compress_type == ZIP_STORED:
        for start in range(0, len(packed), CHUNK_BYTES):
            yield bytes(packed[start : start + CHUNK_BYTES])
        return
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    # Pieces of the packed bytes: what an inflater has not taken yet, it copies at each call.
    for start in range(0, len(packed), CHUNK_BYTES):
        rest: bytes | memoryview = packed[start : start + CHUNK_BYTES]
        while rest and not inflating.eof:
            yield inflating.decompress(rest, CHUNK_BYTES)
            rest = inflating.unconsumed_tail
    yield inflating.flush()
