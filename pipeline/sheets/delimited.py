"""CSV and TSV files: read by Python's `csv`, written by adding to the user's own bytes.

Must not know what the cells mean. A field that we did not make keeps its bytes: its quotes, its
line ends and its encoding.
"""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.cells import shown
from pipeline.core.model import NewCell, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import content_of
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.records import (
    Encoding,
    UnclosedQuoteError,
    decoded,
    delimiter_of,
    fields_of,
    line_at,
    records_of,
)
from pipeline.sheets.source import Source
from pipeline.sheets.table import check_rows, places_of, sheet_of

LOOKS_LIVE: Final = re.compile(r"[\t\r]|\s*[=+\-@]")
"""Text that a spreadsheet would run: OWASP, "CSV Injection"."""

PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
"""Text that begins like a formula and is none."""

FORBIDDEN: Final = re.compile("[\0\ud800-\udfff]")
"""What no text file of ours can hold: NUL ends a field in many readers; half a surrogate pair."""


def read(source: Source) -> Sheet:
    """The sheet as it stands; all values are text. Raises `InputFault`."""
    return _sheet(source, _parsed(source))


def rehearse(_: Source, __: Sequence[str], ___: Collection[int]) -> tuple[str, ...]:
    """Nothing to know: a text file that was read can be added to."""
    return ()


def filled(
    source: Source,
    columns: Sequence[str],
    cells: Mapping[int, Sequence[NewCell]],
    overflow: Overflow,
) -> bytes:
    """The file's copy with the new columns. Raises `InputFault` and `OutputFault`.

    Records that are no rows (above the header, or blank) are left as they are; shorter ones are
    padded, so that the new columns stand below each other.
    """
    parsed = _parsed(source)
    sheet = _sheet(source, parsed)
    check_rows(str(source.path), sheet, cells)
    numbers = {row.number for row in sheet.rows} | {source.header_row or 0}
    # Blank fields at a record's end are the user's bytes too: the new ones go behind them.
    end = max(len(parsed.values[number - 1]) for number in numbers if number)
    places = places_of(sheet, source.header_row, columns, end)
    width = max(places, default=0) + 1
    headers = {p: _field(n, parsed) for p, n in zip(places, columns, strict=True) if p >= end}
    out = []
    for number, record in enumerate(parsed.records, 1):
        if number not in numbers:
            out.append(record)
            continue
        if number == source.header_row:
            new = headers
        else:
            values = _fitted(number, columns, cells.get(number, ()), overflow)
            new = {p: _field(v, parsed) for p, v in zip(places, values, strict=False)}
        out.append(_merged(record, new, width, parsed.delimiter))
    return parsed.encoding.encode("".join(out))


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file in both its shapes: the records as they are spelled, and the values they mean."""

    records: Sequence[str]
    values: Sequence[Sequence[str]]
    delimiter: str
    encoding: Encoding


def _parsed(source: Source) -> _Parsed:
    text, encoding = _text(source)
    delimiter = "\t" if source.suffix == ".tsv" else delimiter_of(text)
    # Python's default would refuse a long text that another spreadsheet program took.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        records = list(records_of(text, delimiter))
        values = list(csv.reader(records, delimiter=delimiter))
    except UnclosedQuoteError as error:
        raise InputFault(
            place=f"{source.path}, line {error.line}",
            wrong="a quote opens here and is never closed",
            remedy="close it, or save the file anew from a spreadsheet program",
        ) from None
    assert len(records) == len(values), "csv cuts records where we do"
    return _Parsed(records, values, delimiter, encoding)


def _text(source: Source) -> tuple[str, Encoding]:
    try:
        text, encoding = decoded(content_of(source.path))
    except UnicodeDecodeError:
        raise InputFault(
            place=str(source.path),
            wrong="its text is neither UTF-8, UTF-16 nor Windows-1252",
            remedy="save it as CSV UTF-8",
        ) from None
    if "\0" in text:
        raise InputFault(
            place=f"{source.path}, line {line_at(text, text.index(chr(0)))}",
            wrong="there is a NUL character, so this is no text file",
            remedy="save it as CSV UTF-8",
        )
    return text, encoding


def _sheet(source: Source, parsed: _Parsed) -> Sheet:
    grid = [[value or None for value in line] for line in parsed.values]
    return sheet_of(source.path.name, str(source.path), grid, source.header_row)


def _fitted(
    number: int, columns: Sequence[str], values: Sequence[NewCell], overflow: Overflow
) -> Sequence[NewCell]:
    """The values with what a text file can't hold replaced, and the whole of them kept."""
    fitted: list[NewCell] = []
    for column, value in zip(columns, values, strict=False):
        if isinstance(value, str) and FORBIDDEN.search(value):
            overflow.keep(number, column, value)
            note = "characters that a text file cannot hold: the whole text is in"
            fitted.append(FORBIDDEN.sub("\ufffd", value) + f" [{note} {overflow.name}]")
        else:
            fitted.append(value)
    return fitted


def _field(value: NewCell, parsed: _Parsed) -> str:
    """A value as a field: defused where a spreadsheet would run it, quoted where it must be."""
    if not isinstance(value, str):
        return shown(value)
    text = value
    if LOOKS_LIVE.match(text) and not PLAIN_NUMBER.fullmatch(text):
        text = f"'{text}"
    if any(character in text for character in (parsed.delimiter, '"', "\r", "\n")):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def _merged(record: str, new: Mapping[int, str], width: int, delimiter: str) -> str:
    """A record with the new fields in their places, at least so wide; the others untouched."""
    fields, line_end = fields_of(record, delimiter)
    fields += [""] * (width - len(fields))
    for place, field in new.items():
        fields[place] = field
    return delimiter.join(fields) + line_end
