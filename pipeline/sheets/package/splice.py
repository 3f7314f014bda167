"""Pieces of a stream replaced, all else passed on as it is. Must not know what the bytes mean."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

PIECE_BYTES: Final = 64 * 1024
"""Small pieces are handed on together: each costs whoever takes it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece to replace: where it stands, and what it becomes."""

    start: int
    stop: int
    rewrite: Callable[[bytes], bytes]


def spliced(chunks: Iterable[bytes], edits: Iterable[Edit]) -> Iterator[bytes]:
    """The stream with its edits made; they come in the order of their places and don't overlap."""
    held: list[bytes] = []
    size = 0
    for piece in _edited(_Reader(chunks), edits):
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def pieces_of(chunks: Iterable[bytes], places: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The pieces of a stream that stand at these places, each from a start to a stop, in order."""
    reader = _Reader(chunks)
    for start, stop in places:
        for _ in reader.upto(start):
            pass
        yield b"".join(reader.upto(stop))


def _edited(reader: "_Reader", edits: Iterable[Edit]) -> Iterator[bytes]:
    for edit in edits:
        yield from reader.upto(edit.start)
        yield edit.rewrite(b"".join(reader.upto(edit.stop)))
    yield from reader.rest()


class _Reader:
    """A stream that is read up to given places."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._begin = 0
        """Where the chunk stands in the stream."""
        self._place = 0
        """How far the stream was read."""

    def upto(self, stop: int) -> Iterator[bytes]:
        while self._place < stop:
            end = self._begin + len(self._chunk)
            if self._place == end:
                self._begin, self._chunk = end, next(self._chunks)
                continue
            reached = min(stop, end)
            piece = self._chunk[self._place - self._begin : reached - self._begin]
            self._place = reached
            yield piece

    def rest(self) -> Iterator[bytes]:
        yield self._chunk[self._place - self._begin :]
        yield from self._chunks
