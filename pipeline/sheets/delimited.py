"""CSV and TSV files: read, and written by adding to the user's own bytes.

Must not know what the cells mean, nor how records are cut. Neither way holds the file's text:
records pass by one at a time.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Final

from pipeline.core.model import Row, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.newfields import NewFields
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.records import Record, is_blank, values_of, width_of
from pipeline.sheets.source import NewRows, Source, Top
from pipeline.sheets.spelling import UNICODE, UTF_8_MARKED, Spelling
from pipeline.sheets.textcopy import copied, layout_of
from pipeline.sheets.textfile import TextFile, head_of, open_text, outline

RECORDS_A_PIECE: Final = 4096
"""How many records of a copy are encoded and written at once."""

ANY_WIDTH: Final = 2**62
"""How wide a row may be where no header says it."""


def read(source: Source) -> Sheet:
    """The sheet as it stands; all values are text. Raises `InputFault`.

    A row that is shorter than the header is padded, and one that is longer is a fault unless the
    rest of it is blank.
    """
    with open_text(source) as text, text.records() as records, _collector_at_rest():
        head = head_of(text, records)
        rows, width = _rows(text, records, head)
        columns = outline(source, head, width if rows else 0).columns
        _even_out(rows, len(columns))
    return Sheet(source.path.name, columns, tuple(rows), _remarks(text))


def tops(source: Source, lines: int) -> list[Top]:
    """The first lines of the file. Raises `InputFault`."""
    with open_text(source) as text, text.records() as records:
        delimiter = text.dialect.delimiter
        first = [values_of(record, delimiter) for record in islice(records, lines)]
    return [Top(source.path.name, first)]


def rehearse(_: Source, __: Sequence[str], ___: Iterable[int]) -> tuple[str, ...]:
    """Nothing to know: a text file that was read can be added to."""
    return ()


def filled(
    source: Source,
    columns: Sequence[str],
    cells: NewRows,
    overflow: Overflow,
) -> Iterator[bytes]:
    """The file's copy with the new columns, in pieces. Raises `InputFault` and `OutputFault`.

    Records that are no rows (above the header, or blank) are left as they are; shorter ones are
    padded, so that the new columns stand below each other.
    """
    with open_text(source) as text:
        layout = layout_of(text, columns)
        spelling = _holding(text.spelling, columns, cells)
        yield spelling.mark + text.dialect.announcement.encode(spelling.codec)
        new_fields = NewFields(text.dialect, spelling.codec, columns, overflow)
        records = copied(text, layout, new_fields, cells)
        while piece := "".join(islice(records, RECORDS_A_PIECE)):
            yield piece.encode(spelling.codec)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """What is read stays and holds no cycle: to look it over again and again was half of the time.

    Whoever has set the collector aside already is left as they are.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _rows(
    text: TextFile, records: Iterator[Record], head: Sequence[Sequence[str]]
) -> tuple[list[Row], int]:
    """The rows, each as wide as it is, and the width of the widest. Raises `InputFault`."""
    delimiter = text.dialect.delimiter
    # A blank header is a fault of its own, and no measure of the rows.
    longest = len(head[-1]) if head and width_of(head[-1]) else ANY_WIDTH
    width = width_of(head[-1]) if head else 0
    rows = []
    ragged = []
    for number, record in enumerate(records, len(head) + 1):
        if is_blank(record, delimiter):
            continue
        fields = values_of(record, delimiter)
        if len(fields) > width:
            own_width = width_of(fields)
            if own_width > longest:
                ragged.append((record[0], own_width))
            else:
                width = max(width, own_width)
        # Most rows have no blank cell, and are taken as they are.
        rows.append(
            Row(number, tuple([f or None for f in fields]) if "" in fields else tuple(fields))
        )
    _check_ragged(text.source, longest, ragged)
    return rows, width


def _check_ragged(source: Source, longest: int, ragged: Sequence[tuple[int, int]]) -> None:
    if not ragged:
        return
    line, width = ragged[0]
    others = f" (and {len(ragged) - 1} more like it)" if len(ragged) > 1 else ""
    raise InputFault(
        place=f"{source.path}, line {line}",
        wrong=f"a row has {width} fields under a header of {longest}{others}",
        remedy="quote the field that holds a delimiter, name all columns in the header, "
        "or mend header_row or input.csv.delimiter",
    )


def _even_out(rows: list[Row], width: int) -> None:
    """Pad the rows, and cut what is blank beyond the columns; in place, since they are many."""
    for place, row in enumerate(rows):
        if len(row.values) != width:
            values = row.values[:width]
            rows[place] = Row(row.number, values + (None,) * (width - len(values)))


def _remarks(text: TextFile) -> tuple[str, ...]:
    if not text.spelling.is_fallback:
        return ()
    what = f"{text.source.path.name} is not UTF-8, and is read as Windows-1252"
    return (f"{what}; where its letters look wrong, name its encoding under input.csv.encoding.",)


def _holding(spelling: Spelling, columns: Sequence[str], cells: NewRows) -> Spelling:
    """The file's spelling; UTF-8 with its mark where the file's codec lacks a new character.

    The other way, `?` for what it lacks, would lose what was paid for.
    """
    if spelling.codec in UNICODE:
        return spelling
    for values in chain([columns], (values for _, values in cells.items())):
        for value in values:
            if isinstance(value, str) and not _is_held(value, spelling.codec):
                return UTF_8_MARKED
    return spelling


def _is_held(text: str, codec: str) -> bool:
    # Some codecs of East Asia take one character for another that looks like it.
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeEncodeError:
        return False
