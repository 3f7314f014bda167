"""The text of a CSV or TSV file: its encoding, its delimiter, its records and raw fields.

Owns the cutting of text into pieces that can be put together again to the same bytes. Must not know
what a field says: values are read by Python's `csv`, whose rules the pieces follow (a quote opens a
field only at its start, a doubled one is a quote, what follows the closing one is plain).
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

DELIMITERS: Final = (",", ";", "\t", "|")
"""The delimiters that are looked for; of equally good ones the first wins."""

SAMPLE_RECORDS: Final = 50
"""How many records the delimiter is found from."""

BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How text is spelled in bytes: the codec, and the byte order mark that stands before it."""

    codec: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The text in this encoding; in UTF-8 with its mark where this one lacks a character.

        The other way, `?` for what Windows-1252 lacks, would lose what was paid for. The mark
        tells a spreadsheet that the file is UTF-8.
        """
        try:
            return self.mark + text.encode(self.codec)
        except UnicodeEncodeError:
            return codecs.BOM_UTF8 + text.encode("utf-8")


class UnclosedQuoteError(ValueError):
    """A quote that opens a field is never closed."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line
        """The line, from 1, on which the record begins."""


def decoded(content: bytes) -> tuple[str, Encoding]:
    """The text and how it was spelled; raises `UnicodeDecodeError`.

    By the byte order mark, else UTF-8, else Windows-1252, in which Excel saves its plain CSV.
    """
    for mark, codec in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(codec), Encoding(codec, mark)
    try:
        return content.decode("utf-8"), Encoding("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252"), Encoding("cp1252")


def delimiter_of(text: str) -> str:
    """The delimiter that cuts the greatest share of the first records into equally many fields."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def records_of(text: str, delimiter: str) -> Iterator[str]:
    """The records, each with its line end; together they are the text.

    A record ends at a line end outside of quotes. Raises `UnclosedQuoteError`.
    """
    pattern = _patterns(delimiter).record
    start = 0
    while start < len(text):
        found = pattern.match(text, start)
        if found is None:
            raise UnclosedQuoteError(line_at(text, start))
        yield found.group()
        start = found.end()


def fields_of(record: str, delimiter: str) -> tuple[list[str], str]:
    """A record's fields as they are spelled, quotes and all, and its line end."""
    body = record.rstrip("\r\n")
    pattern = _patterns(delimiter).field
    fields = []
    start = 0
    while True:
        found = pattern.match(body, start)
        assert found is not None, "a record is made of fields"
        fields.append(found.group())
        if found.end() == len(body):
            return fields, record[len(body) :]
        start = found.end() + len(delimiter)


def line_at(text: str, place: int) -> int:
    """The number of the line, from 1, in which a place of the text stands."""
    return len(re.findall(r"\r\n|\n|\r", text[:place])) + 1


@dataclass(frozen=True, slots=True)
class _Patterns:
    field: re.Pattern[str]
    record: re.Pattern[str]


@lru_cache
def _patterns(delimiter: str) -> _Patterns:
    # Possessive throughout: a field ends in one place only, so nothing is worth a second try.
    plain = rf"[^{re.escape(delimiter)}\r\n]*+"
    field = rf'(?:"[^"]*+(?:""[^"]*+)*+"{plain}|(?!"){plain})'
    record = rf"{field}(?:{re.escape(delimiter)}{field})*+(?:\r\n|\n|\r|\Z)"
    return _Patterns(re.compile(field), re.compile(record))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    """The share of the first records that have the commonest number of delimiters, and that number.

    A share, since with a wrong delimiter a quoted text may fall into any number of records.
    """
    counts: Counter[int] = Counter()
    try:
        for record in islice(records_of(text, delimiter), SAMPLE_RECORDS):
            counts[len(fields_of(record, delimiter)[0]) - 1] += 1
    except UnclosedQuoteError:
        counts[0] += 1  # It speaks against this delimiter; as a fault it is told by the reader.
    records = counts.total()
    del counts[0]
    shares = ((often / records, number) for number, often in counts.items())
    return max(shares, default=(0.0, 0))
