"""The records of a text file and their fields. Owns the cutting, which loses no character.

Must not know files or encodings: it is given lines. The rules are those of Python's `csv`: a quote
opens a field only at its start, a doubled one is a quote, what follows the closing one is plain.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

LONGEST_FIELD: Final = 16 * 1024 * 1024
"""In characters. A longer one is taken for a quote that was not closed: else it would gather the
rest of the file in memory. Excel's cells hold 32,767."""

NO_QUOTE: Final = "\0"
"""Stands for the quote where nothing quotes: no text file holds it."""

Record: TypeAlias = tuple[int, str, list[str] | None]
"""The line on which a record begins, its text with the line end, and its fields' values.

``None`` stands for the values of a record without quotes, which any reader cuts for itself: see
`values_of` and `count_of`. Most records are such, and cutting them is most of the work.
"""


class UnclosedQuoteError(ValueError):
    """A quote that opens a field is never closed."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line
        """The line on which the record begins."""


def records_of(
    lines: Iterator[str], delimiter: str, quote: str | None, first_line: int = 1
) -> Iterator[Record]:
    """The records of these lines, which keep their line ends; their texts together are the lines'.

    A record ends at a line end outside of quotes. Raises `UnclosedQuoteError`.
    """
    quote = quote or NO_QUOTE
    quoted = _QuotedRecords(lines, delimiter, quote)
    number = first_line
    for line in lines:
        if quote not in line:
            yield number, line, None
            number += 1
        else:
            text, fields, height = quoted.cut(line, number)
            yield number, text, fields
            number += height


def values_of(record: Record, delimiter: str) -> list[str]:
    """The values of a record's fields; there is at least one."""
    _, text, values = record
    return text.rstrip("\r\n").split(delimiter) if values is None else values


def count_of(record: Record, delimiter: str) -> int:
    """The number of a record's fields."""
    _, text, values = record
    return text.count(delimiter) + 1 if values is None else len(values)


def is_blank(record: Record, delimiter: str) -> bool:
    """Whether all its fields are empty or white space. A delimiter is no letter and no digit."""
    # The first character settles it for most records.
    return not record[1][:1].isalnum() and not any(map(str.strip, values_of(record, delimiter)))


def fields_of(text: str, delimiter: str, quote: str | None) -> list[str]:
    """A record's fields as they are spelled, quotes and all; its text comes without line end."""
    if quote is None or quote not in text:
        return text.split(delimiter)
    pattern = _field_pattern(delimiter, quote)
    fields = []
    start = 0
    while True:
        found = pattern.match(text, start)
        assert found is not None, "a record is made of fields"
        fields.append(found.group())
        if found.end() == len(text):
            return fields
        start = found.end() + len(delimiter)


def width_of(fields: Sequence[str]) -> int:
    """How many fields there are up to the last that is not blank; 0 in a blank record."""
    return next((n for n in range(len(fields), 0, -1) if fields[n - 1].strip()), 0)


class _QuotedRecords:
    """The records with quotes in them, each of one line or more, cut by one reader of `csv`."""

    def __init__(self, lines: Iterator[str], delimiter: str, quote: str) -> None:
        self._first: deque[str] = deque()
        self._more: list[str] = []
        # Python's default would refuse a long text that another spreadsheet program took.
        csv.field_size_limit(LONGEST_FIELD)
        self._reader = csv.reader(
            _fed(lines, self._first, self._more), delimiter=delimiter, quotechar=quote
        )

    def cut(self, line: str, number: int) -> tuple[str, list[str], int]:
        """The record that begins with this line: its text, its values and its number of lines.

        Raises `UnclosedQuoteError`.
        """
        self._first.append(line)
        try:
            fields = next(self._reader)
        except (_EndOfLines, csv.Error):
            raise UnclosedQuoteError(number) from None
        if not self._more:
            return line, fields, 1
        text, height = line + "".join(self._more), 1 + len(self._more)
        self._more.clear()
        return text, fields, height


# No method: it would hold its owner, who holds it, and with both what was read of the file.
def _fed(lines: Iterator[str], first: deque[str], more: list[str]) -> Iterator[str]:
    """What the reader reads: a record's first line, and more only while a quote is open."""
    while True:
        if first:
            yield first.popleft()
            continue
        line = next(lines, None)
        if line is None:
            raise _EndOfLines
        more.append(line)
        yield line


class _EndOfLines(Exception):
    """The lines ended within quotes."""


@lru_cache
def _field_pattern(delimiter: str, quote: str) -> re.Pattern[str]:
    # Possessive throughout: a field ends in one place only, so nothing is worth a second try.
    plain = rf"[^{re.escape(delimiter)}\r\n]*+"
    mark = re.escape(quote)
    return re.compile(
        rf"(?:{mark}[^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+{mark}{plain}|(?!{mark}){plain})"
    )
