"""The rows of a text file, cut anew from the file each time that they are gone through.

Owns which records are rows and how wide they are. Must not know how records are cut, nor what the
rows are read for. Holds no row: a file may be larger than memory.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO, Final, TypeAlias

from pipeline.core.model import Row
from pipeline.errors import InputFault
from pipeline.sheets.files import opened
from pipeline.sheets.source import InputChanged, Source
from pipeline.sheets.text.records import Record, count_of, is_blank, values_of, width_of
from pipeline.sheets.text.textfile import TextFile, head_of

ANY_WIDTH: Final = 2**62
"""How wide a row may be where no header says it."""

_Look: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Extent:
    """The head of a sheet, how many rows are below it, and how wide the widest of these is."""

    head: Sequence[Sequence[str]]
    rows: int
    width: int


def extent_of(text: TextFile) -> Extent:
    """What a first pass finds. Raises `InputFault`.

    A row that is longer than the header is a fault unless the rest of it is blank.
    """
    with text.records() as records:
        head = head_of(text, records)
        # A blank header is a fault of its own, and no measure of the rows.
        longest = len(head[-1]) if head and width_of(head[-1]) else ANY_WIDTH
        return _measured(text, records, head, longest)


def _measured(
    text: TextFile, records: Iterator[Record], head: Sequence[Sequence[str]], longest: int
) -> Extent:
    delimiter = text.dialect.delimiter
    width = width_of(head[-1]) if head else 0
    rows = ragged = 0
    first_ragged = (0, 0)
    for record in records:
        if is_blank(record, delimiter):
            continue
        rows += 1
        if count_of(record, delimiter) <= width:
            continue
        own_width = width_of(values_of(record, delimiter))
        if own_width > longest:
            ragged += 1
            first_ragged = first_ragged if ragged > 1 else (record[0], own_width)
        else:
            width = max(width, own_width)
    if ragged:
        raise _ragged(text.source, longest, first_ragged, ragged - 1)
    return Extent(head, rows, width)


def _ragged(source: Source, longest: int, first: tuple[int, int], more: int) -> InputFault:
    line, width = first
    others = f" (and {more} more like it)" if more else ""
    return InputFault(
        place=f"{source.path}, line {line}",
        wrong=f"a row has {width} fields under a header of {longest}{others}",
        remedy="quote the field that holds a delimiter, name all columns in the header, "
        "or mend header_row or input.csv.delimiter",
    )


class TextRows:
    """The rows, in the file's order; the file must stay as it was when it was first read."""

    def __init__(self, text: TextFile, extent: Extent, columns: int) -> None:
        """`text` is open and was measured: its rows get as many cells as there are columns."""
        self._text = text
        self._look = _look_of(text.file)
        self._head = len(extent.head)
        self._rows = extent.rows
        self._columns = columns

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        """Each row, padded to the columns, all values text. Raises `InputChanged`."""
        with opened(self._text.source.path) as file:
            self._check(file)
            text = replace(self._text, file=file)
            with text.records() as records:
                yield from self._cut(records)
            self._check(file)

    def _cut(self, records: Iterator[Record]) -> Iterator[Row]:
        delimiter, columns = self._text.dialect.delimiter, self._columns
        below = islice(records, self._head, None)
        for number, record in enumerate(below, self._head + 1):
            if is_blank(record, delimiter):
                continue
            fields = values_of(record, delimiter)
            # Most rows have no blank cell and all columns, and are taken as they are.
            values = tuple([f or None for f in fields]) if "" in fields else tuple(fields)
            if len(values) != columns:
                values = values[:columns] + (None,) * (columns - len(values))
            yield Row(number, values)

    def _check(self, file: BinaryIO) -> None:
        if _look_of(file) != self._look:
            raise InputChanged(
                place=str(self._text.source.path),
                wrong="it changed after it was read",
                remedy="wait until it is saved, then run the same command again",
            )


def _look_of(file: BinaryIO) -> _Look:
    """Which file this is, and how it was written last: whatever is changed changes this too."""
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns
