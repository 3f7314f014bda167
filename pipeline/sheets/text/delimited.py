"""CSV and TSV files: read, and written by adding to the user's own bytes.

Must not know what the cells mean, nor how records are cut. Neither way holds the file's text:
records pass by one at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from pipeline.core.model import Sheet
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.source import NewRows, Source, Top
from pipeline.sheets.text.newfields import NewFields
from pipeline.sheets.text.records import values_of
from pipeline.sheets.text.spelling import UNICODE, UTF_8_MARKED, Spelling
from pipeline.sheets.text.textcopy import copied, layout_of
from pipeline.sheets.text.textfile import TextFile, open_text, outline
from pipeline.sheets.text.textrows import TextRows, extent_of

RECORDS_A_PIECE: Final = 4096
"""How many records of a copy are encoded and written at once."""


def read(source: Source) -> Sheet:
    """The sheet as it stands; all values are text. Raises `InputFault`.

    Its rows are not held: each time that they are gone through, they are read from the file anew.
    """
    with open_text(source) as text:
        extent = extent_of(text)
        width = extent.width if extent.rows else 0
        columns = outline(source, extent.head, width).columns
        rows = TextRows(text, extent, len(columns))
        return Sheet(source.path.name, columns, rows, _remarks(text))


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
