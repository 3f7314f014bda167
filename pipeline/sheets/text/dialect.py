"""How a text file is cut and quoted. Owns what is found of that in its first records.

Must not know files or bytes: it is given the text's beginning.
"""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final

from pipeline.sheets.source import Source
from pipeline.sheets.text.records import (
    UnclosedQuoteError,
    fields_of,
    records_of,
    values_of,
    width_of,
)

DELIMITERS: Final = (",", ";", "\t", "|")
"""The delimiters that are looked for; of equally good ones the first wins."""

SAMPLE_RECORDS: Final = 50
"""How many records a dialect is found from."""

ENOUGH: Final = 0.5
"""The share of the records that must speak for a delimiter."""

NUMBER: Final = re.compile(r"[+-]?(?=[.,]*[0-9])[0-9.,]++(?:[eE][+-]?[0-9]+)?%?")
"""A number in a text file, with any sign for decimals and thousands."""

ANNOUNCED: Final = re.compile(r"sep=([^\w\r\n])(?:\r\n|\n|\r)", re.IGNORECASE)
"""A first line for Excel, which tells the delimiter, and which Excel does not show."""


class Quoting(Enum):
    """Which fields a file's maker puts in quotes; new fields follow suit."""

    NEVER = "no character quotes"
    NEEDED = "where the field could not stand without"
    TEXT = "all but numbers and blank fields"
    ALWAYS = "every field"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What cuts fields, what quotes them, and what stands before the first record."""

    delimiter: str
    quote: str | None
    quoting: Quoting
    announcement: str = ""
    """The line that tells the delimiter, with its end; blank in nearly all files."""


def dialect_of(sample: str, source: Source, *, is_whole: bool) -> Dialect:
    """The dialect of a text with this beginning; what the config says goes before what is found."""
    announced = ANNOUNCED.match(sample)
    announcement = announced[0] if announced else ""
    beginning = _Beginning(sample[len(announcement) :], is_whole, source.form.quote)
    delimiter = source.form.delimiter or (announced and announced[1])
    if delimiter is None:
        delimiter = "\t" if source.suffix == ".tsv" else _delimiter(beginning, source.header_row)
    return Dialect(delimiter, source.form.quote, _quoting(beginning, delimiter), announcement)


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The first records, whose cut hangs on the delimiter."""

    text: str
    is_whole: bool
    quote: str | None

    def records(self, delimiter: str) -> list[tuple[str, list[str]]]:
        """The texts and values of the first whole records, were this the delimiter."""
        lines = io.StringIO(self.text, newline="")
        found = []
        try:
            for record in records_of(lines, delimiter, self.quote):
                found.append((record[1], values_of(record, delimiter)))
                if len(found) > SAMPLE_RECORDS:
                    break
        except UnclosedQuoteError:
            # It speaks against this delimiter; as a fault it is told by the reader.
            found.append(("", ["unclosed"]))
        # Where the text goes on, the last of its records may be a part.
        return found[:SAMPLE_RECORDS] if self.is_whole else found[:-1]


def _delimiter(beginning: _Beginning, header_row: int | None) -> str:
    """The delimiter that cuts best: by the header, by evenness, or else the least doubtful.

    The last is for a single column of texts, which hold commas here and there.
    """
    cuts = {delimiter: _rows(beginning, delimiter, header_row) for delimiter in DELIMITERS}
    for judge in (_under_header, _evenness) if header_row else (_evenness,):
        best = max(DELIMITERS, key=lambda delimiter: judge(cuts[delimiter]))
        if judge(cuts[best])[0] >= ENOUGH:
            return best
    return min(DELIMITERS, key=lambda delimiter: _doubt(cuts[delimiter]))


def _rows(beginning: _Beginning, delimiter: str, header_row: int | None) -> list[list[str]]:
    """The header and the rows under it that are not blank, were this the delimiter."""
    records = [fields for _, fields in beginning.records(delimiter)]
    return list(filter(width_of, records[(header_row or 1) - 1 :] or records))


def _under_header(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of the rows that are cut, but not wider than the header; and the header's width.

    A row may be narrower, since some programs leave out blank fields at the end.
    """
    width = len(rows[0]) if rows else 0
    if width <= 1:
        return 0.0, 0
    return sum(len(row) > 1 and width_of(row) <= width for row in rows) / len(rows), width


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of the rows that are cut into the commonest number of fields, and that number."""
    often = Counter(len(row) for row in rows if len(row) > 1)
    return max(((times / len(rows), width) for width, times in often.items()), default=(0.0, 0))


def _doubt(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The least is the best: a header in many fields, or else few rows that are cut."""
    width = len(rows[0]) if rows else 1
    return -width, sum(len(row) > 1 for row in rows)


def _quoting(beginning: _Beginning, delimiter: str) -> Quoting:
    quote = beginning.quote
    if quote is None:
        return Quoting.NEVER
    texts = [text.rstrip("\r\n") for text, _ in beginning.records(delimiter)]
    fields = list(chain.from_iterable(fields_of(t, delimiter, quote) for t in texts if t))
    quoted = [field for field in fields if field.startswith(quote)]
    plain = [field for field in fields if not field.startswith(quote)]
    if quoted and not plain:
        return Quoting.ALWAYS
    needless = re.compile(f"[^{re.escape(delimiter)}{re.escape(quote)}\r\n]*")
    is_text_quoted = any(needless.fullmatch(field[1:-1]) for field in quoted)
    if is_text_quoted and all(not field or NUMBER.fullmatch(field) for field in plain):
        return Quoting.TEXT
    return Quoting.NEEDED
