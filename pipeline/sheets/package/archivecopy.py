"""A ZIP file's copy, in which some entries have new content. Owns the writing of the format.

By PKWARE's APPNOTE.TXT 6.3.10, as `archive`. What is not replaced is copied as it stands, its local
header and packed bytes alike; only the central directory is made anew, for the offsets in it.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from struct import Struct, pack
from typing import Final

from pipeline.sheets.package.archive import (
    CENTRAL,
    DEFLATED,
    END,
    END_64,
    FULL_16,
    FULL_32,
    LOCAL,
    LOCATOR_64,
    ZIP64,
    Archive,
    Entry,
)
from pipeline.sheets.package.parts import PartError

DESCRIPTOR: Final = Struct("<4s3I")
"""What follows packed bytes whose checksum and sizes the local header could not tell: 4.3.9."""
SIZES_BEHIND: Final = 1 << 3
UTF8_NAME: Final = 1 << 11
VERSION: Final = 20
"""What a reader must know to inflate: APPNOTE.TXT, 4.4.3.2."""
VERSION_64: Final = 45
LEVEL: Final = 5
"""Of zlib: on a large sheet 6 took half as long again, and saved two bytes in a thousand."""


class ArchiveCopy:
    """Makes the copy of an archive in pieces, entry by entry; `end` makes the last of them."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._placed: dict[int, Entry] = {}
        """The copy's entries, by the offsets of those that they are copies of."""
        self._offset = 0
        """How many bytes of the copy were made."""

    def kept(self, entry: Entry) -> Iterator[bytes]:
        """The entry as it stands."""
        self._placed[entry.offset] = replace(entry, offset=self._offset)
        yield from self._counted(self._archive.raw(entry))

    def filled(self, entry: Entry, content: Iterable[bytes]) -> Iterator[bytes]:
        """This content under the entry's name. Raises `PartError` from 4 GiB on."""
        flags = entry.flags & UTF8_NAME | SIZES_BEHIND
        placed = replace(entry, flags=flags, method=DEFLATED, offset=self._offset)
        yield from self._counted((_local_header(placed), entry.name))
        start = self._offset
        checksum = size = 0
        deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in content:
            checksum = zlib.crc32(piece, checksum)
            size += len(piece)
            yield from self._counted((deflater.compress(piece),))
        yield from self._counted((deflater.flush(),))
        packed = self._offset - start
        if size >= FULL_32:
            raise PartError("the sheet would be larger than 4 GiB", "split it into several")
        yield from self._counted((DESCRIPTOR.pack(b"PK\7\b", checksum, packed, size),))
        self._placed[entry.offset] = replace(placed, crc=checksum, packed=packed, size=size)

    def end(self) -> Iterator[bytes]:
        """The central directory, in its old order, and the file's end."""
        start = self._offset
        entries = [
            self._placed[e.offset] for e in self._archive.entries if e.offset in self._placed
        ]
        yield from self._counted(map(_central_record, entries))
        yield _end(len(entries), self._offset - start, start, self._archive.comment)

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._offset += len(piece)
            yield piece


def _local_header(entry: Entry) -> bytes:
    time, date = CENTRAL.unpack(entry.fixed)[5:7]
    name_length, extra_length = len(entry.name), 0
    known_behind = (0, 0, 0)
    return LOCAL.pack(
        b"PK\3\4",
        VERSION,
        entry.flags,
        entry.method,
        time,
        date,
        *known_behind,
        name_length,
        extra_length,
    )


def _central_record(entry: Entry) -> bytes:
    fields = list(CENTRAL.unpack(entry.fixed))
    wide = (entry.size, entry.packed, entry.offset)
    large = [value for value in wide if value >= FULL_32]
    extra = entry.extra
    if large:
        extra = pack(f"<2H{len(large)}Q", ZIP64, 8 * len(large), *large) + extra
        fields[2] = max(fields[2], VERSION_64)
    fields[3], fields[4], fields[7] = entry.flags, entry.method, entry.crc
    fields[9], fields[8], fields[16] = (min(value, FULL_32) for value in wide)
    fields[11] = len(extra)
    return CENTRAL.pack(*fields) + entry.name + extra + entry.comment


def _end(count: int, size: int, start: int, comment: bytes) -> bytes:
    """The end of the directory; in 64 bits before, where one of its numbers needs them."""
    narrow = END.pack(
        b"PK\5\6",
        0,
        0,
        *(min(count, FULL_16),) * 2,
        min(size, FULL_32),
        min(start, FULL_32),
        len(comment),
    )
    if count < FULL_16 and start + size < FULL_32:
        return narrow + comment
    body = END_64.size - 12
    wide = END_64.pack(b"PK\6\6", body, VERSION_64, VERSION_64, 0, 0, count, count, size, start)
    return wide + LOCATOR_64.pack(b"PK\6\7", 0, start + size, 1) + narrow + comment
