"""A ZIP file as raw entries, so that each can be copied as it stands, or be inflated.

By PKWARE's APPNOTE.TXT 6.3.10: 4.3.7 the local header, 4.3.12 the central directory, 4.3.14 to
4.3.16 its end, 4.5.3 the ZIP64 field. For copying, so that it owns what the standard library hides:
the records as they stand, where raw bytes begin and end, and that no two entries share any. Reading
alone goes by `container`. Must not know what the entries hold. A name is never a path.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct, unpack_from
from typing import BinaryIO, Final

from pipeline.sheets.package.parts import PartError, is_bomb

CENTRAL: Final = Struct("<4s6H3I5H2I")
LOCAL: Final = Struct("<4s5H3I2H")
END: Final = Struct("<4s4H2IH")
END_64: Final = Struct("<4sQ2H2I4Q")
LOCATOR_64: Final = Struct("<4sIQI")
ZIP64: Final = 0x0001
"""The id of the extra field that holds what 32 bits can't."""
FULL_32: Final = 0xFFFFFFFF
FULL_16: Final = 0xFFFF
LONGEST_COMMENT: Final = 0xFFFF

ENCRYPTED: Final = 1
STORED: Final = 0
DEFLATED: Final = 8

CHUNK_BYTES: Final = 256 * 1024
LARGEST_BYTES: Final = FULL_32 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the central directory."""

    fixed: bytes
    """The record's fields of fixed length, as they stand."""
    name: bytes
    extra: bytes
    """The extra fields but for ZIP64's."""
    comment: bytes
    flags: int
    method: int
    crc: int
    packed: int
    """Bytes in the file."""
    size: int
    """Bytes when inflated, as it is claimed."""
    offset: int
    """Where its local header stands in this file."""


class Archive:
    """An open ZIP file. Raises `PartError` where it is none, or is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            start, stop, self.comment = _directory(file)
            self.entries = tuple(_entries(_read(file, start, stop - start), stop - start, start))
        except (struct.error, ValueError):
            raise _damaged() from None
        offsets = sorted({entry.offset for entry in self.entries} | {start})
        self._stops = dict(pairwise(offsets))
        self._check_extents()

    def raw(self, entry: Entry) -> Iterator[bytes]:
        """The local header, the packed bytes and what follows them, up to the next entry."""
        yield from self._chunks(entry.offset, self._stops[entry.offset])

    def inflated(self, entry: Entry) -> Iterator[bytes]:
        """The content in pieces. Raises `PartError` where it is not what the directory claims."""
        _check_claims(entry)
        start = self._start_of_content(entry)
        pieces = self._chunks(start, start + entry.packed)
        checksum = size = 0
        for piece in _inflated(pieces) if entry.method == DEFLATED else pieces:
            size += len(piece)
            if size > entry.size:
                raise _damaged()
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if (size, checksum) != (entry.size, entry.crc):
            raise _damaged()

    def content(self, entry: Entry) -> bytes:
        """The content as a whole. Raises `PartError`."""
        return b"".join(self.inflated(entry))

    def _check_extents(self) -> None:
        for entry in self.entries:
            stop = self._stops.get(entry.offset)
            if stop is None or self._start_of_content(entry) + entry.packed > stop:
                raise _damaged()
        if len(self._stops) < len(self.entries):
            raise _damaged()

    def _start_of_content(self, entry: Entry) -> int:
        header = _read(self._file, entry.offset, LOCAL.size)
        signature, *_, name_length, extra_length = LOCAL.unpack(header)
        if signature != b"PK\3\4":
            raise _damaged()
        return int(entry.offset + LOCAL.size + name_length + extra_length)

    def _chunks(self, start: int, stop: int) -> Iterator[bytes]:
        # The place is sought anew each time: two readings of one file may take turns.
        for place in range(start, stop, CHUNK_BYTES):
            yield _read(self._file, place, min(CHUNK_BYTES, stop - place))


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield inflater.decompress(rest, CHUNK_BYTES)
                rest = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        raise _damaged() from None


def _check_claims(entry: Entry) -> None:
    if entry.flags & ENCRYPTED:
        raise PartError("its parts are encrypted", "save it in Excel without a password")
    if entry.method not in (STORED, DEFLATED):
        raise PartError(
            f"its parts are packed by a method that Excel does not use ({entry.method})"
        )
    if entry.size > LARGEST_BYTES or is_bomb(entry.size, entry.packed):
        raise PartError(
            f"a part would unpack to {entry.size / 1024**3:.1f} GiB",
            "delete what its sheets don't need, or don't trust it",
        )


def _directory(file: BinaryIO) -> tuple[int, int, bytes]:
    """Where the central directory begins and ends, and the file's comment."""
    length = file.seek(0, 2)
    tail_start = max(0, length - LONGEST_COMMENT - END.size)
    tail = _read(file, tail_start, length - tail_start)
    place = tail.rindex(b"PK\5\6")
    fields = END.unpack_from(tail, place)
    size, comment = fields[5], tail[place + END.size :][: fields[7]]
    stop = tail_start + place
    locator = _read(file, max(0, stop - LOCATOR_64.size), LOCATOR_64.size)
    if locator.startswith(b"PK\6\7"):
        stop = LOCATOR_64.unpack(locator)[2]
        end_64 = END_64.unpack(_read(file, stop, END_64.size))
        if end_64[0] != b"PK\6\6":
            raise _damaged()
        size = end_64[8]
    if size > stop:
        raise _damaged()
    return stop - size, stop, comment


def _entries(directory: bytes, length: int, start: int) -> Iterator[Entry]:
    place = 0
    while place < length:
        fields = CENTRAL.unpack_from(directory, place)
        if fields[0] != b"PK\1\2":
            raise _damaged()
        name_length, extra_length, comment_length = fields[10:13]
        name_stop = place + CENTRAL.size + name_length
        extra_stop = name_stop + extra_length
        extra, large = _without_zip64(directory[name_stop:extra_stop])
        size, packed, offset = _widened((fields[9], fields[8], fields[16]), large)
        if offset >= start:
            raise _damaged()
        yield Entry(
            fixed=directory[place : place + CENTRAL.size],
            name=directory[place + CENTRAL.size : name_stop],
            extra=extra,
            comment=directory[extra_stop : extra_stop + comment_length],
            flags=fields[3],
            method=fields[4],
            crc=fields[7],
            packed=packed,
            size=size,
            offset=offset,
        )
        place = extra_stop + comment_length


def _without_zip64(extra: bytes) -> tuple[bytes, bytes]:
    """The extra fields without ZIP64's, and that one's content."""
    kept, large, place = b"", b"", 0
    while place + 4 <= len(extra):
        identity, length = unpack_from("<2H", extra, place)
        stop = place + 4 + length
        if identity == ZIP64:
            large = extra[place + 4 : stop]
        else:
            kept += extra[place:stop]
        place = stop
    return kept + extra[place:], large


def _widened(narrow: tuple[int, int, int], large: bytes) -> Iterator[int]:
    """Size, packed size and offset; those that 32 bits can't hold stand in the ZIP64 field."""
    place = 0
    for value in narrow:
        if value == FULL_32 and large:
            yield unpack_from("<Q", large, place)[0]
            place += 8
        else:
            yield value


def _read(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    content = file.read(length)
    if len(content) < length:
        raise _damaged()
    return content


def _damaged() -> PartError:
    return PartError("the file is damaged", "open it in Excel, let it be repaired and save it")
