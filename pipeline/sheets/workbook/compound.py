"""A compound file's chains of sectors: whether each of them comes to its end.

By Microsoft's [MS-CFB], 2.2 the header, 2.3 to 2.5 the tables of sectors, 2.6 the directory. The
library that reads an .xls follows a chain that bites its own tail until memory ends. Must not know
what the streams hold.
"""

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from struct import Struct, unpack_from
from typing import Final

HEADER_BYTES: Final = 512
FIRST_TABLES: Final = 109
"""So many sectors of the table are named by the header; the others by a chain of their own."""
LAST_REGULAR: Final = 0xFFFFFFFA
ENTRY: Final = Struct("<64x2xB49xI8x")
"""Of a directory's entry its kind and its first sector."""
ROOT: Final = 5
UNUSED: Final = 0


def has_endless_chain(content: bytes) -> bool:
    """Whether following the file's chains would never end."""
    try:
        return not _Chains(content).all_end()
    except _EndlessError:
        return True


class _EndlessError(Exception):
    """A chain is longer than the file has sectors."""


class _Chains:
    def __init__(self, content: bytes) -> None:
        self._content = content.ljust(HEADER_BYTES, b"\0")
        (shift,) = unpack_from("<H", self._content, 30)
        # 9 and 12 are all that there is; what has another is refused by its reader.
        self._size = 1 << min(max(shift, 9), 12)
        self._count = len(content) // self._size + 1
        self._next = self._table()

    def all_end(self) -> bool:
        """Whether the chains of the directory, of the small sectors and of all streams do.

        Raises `_EndlessError` where one does not.
        """
        (small,) = unpack_from("<I", self._content, 60)
        minor = self._numbers(self._chain(small, self._next))
        for kind, start in self._streams():
            # Which table a stream's sectors are in hangs on its length, which may be a lie.
            for table in (self._next,) if kind == ROOT else (self._next, minor):
                deque(self._chain(start, table), maxlen=0)
        return True

    def _streams(self) -> Iterator[tuple[int, int]]:
        """The kind and the first sector of each entry of the directory that is used."""
        (directory,) = unpack_from("<I", self._content, 48)
        entries = b"".join(map(self._sector, self._chain(directory, self._next)))
        whole = len(entries) - len(entries) % ENTRY.size
        for kind, start in ENTRY.iter_unpack(entries[:whole]):
            if kind != UNUSED:
                yield kind, start

    def _table(self) -> "array[int]":
        """The next sector of each."""
        named = list(unpack_from(f"<{FIRST_TABLES}I", self._content, 76))
        (place,) = unpack_from("<I", self._content, 68)
        for _ in range(self._count):
            if place > LAST_REGULAR:
                break
            more = self._numbers([place])
            if not more:
                break
            named += more[:-1]
            place = more[-1]
        else:
            raise _EndlessError
        return self._numbers(sector for sector in named if sector <= LAST_REGULAR)

    def _chain(self, start: int, table: Sequence[int]) -> Iterator[int]:
        for _ in range(len(table) + 1):
            if start > LAST_REGULAR or start >= len(table):
                return
            yield start
            start = table[start]
        raise _EndlessError

    def _numbers(self, sectors: Iterator[int] | Sequence[int]) -> "array[int]":
        content = b"".join(map(self._sector, sectors))
        return array("I", content[: len(content) - len(content) % 4])

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._content[start : start + self._size]
