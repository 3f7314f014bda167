"""A CSV or TSV file that is open: its spelling, its dialect, its records one at a time.

Must not know which records are rows, nor what becomes of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from pipeline.core.model import CellValue, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import opened
from pipeline.sheets.grid import sheet_of
from pipeline.sheets.signatures import HEAD_BYTES, kind_of, no_text
from pipeline.sheets.source import Source
from pipeline.sheets.text.dialect import Dialect, dialect_of
from pipeline.sheets.text.records import Record, UnclosedQuoteError, records_of, values_of
from pipeline.sheets.text.spelling import Spelling, lines_of, sample_of, spelling_of


@dataclass(frozen=True, slots=True)
class TextFile:
    """How the file is spelled, and its records, as often as they are asked for."""

    source: Source
    file: BinaryIO
    spelling: Spelling
    dialect: Dialect

    @contextmanager
    def records(self) -> Iterator[Iterator[Record]]:
        """The records, anew from the first, while the block lasts. Raises `InputFault`."""
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        announcement = self.dialect.announcement
        try:
            with lines_of(self.file, self.spelling, skip=announcement) as lines:
                yield records_of(lines, delimiter, quote, 2 if announcement else 1)
        except UnclosedQuoteError as error:
            raise InputFault(
                place=f"{self.source.path}, line {error.line}",
                wrong="a quote opens here and is never closed",
                remedy="close it, or write `quote: none` under input.csv where quotes are plain",
            ) from None
        except UnicodeDecodeError:
            # It was text when it was looked through before.
            raise InputFault(
                place=str(self.source.path),
                wrong="it changed while it was read",
                remedy="wait until it is saved, then run the same command again",
            ) from None


@contextmanager
def open_text(source: Source) -> Iterator[TextFile]:
    """The file while the block lasts. Raises `InputFault`."""
    with opened(source.path) as file:
        kind = kind_of(file.read(HEAD_BYTES))
        if kind is not None:
            raise no_text(source, file, kind)
        spelling = spelling_of(file, source)
        sample, is_whole = sample_of(file, spelling)
        yield TextFile(source, file, spelling, dialect_of(sample, source, is_whole=is_whole))


def head_of(text: TextFile, records: Iterator[Record]) -> list[list[str]]:
    """The values of the records down to the header, taken from the first ones."""
    head = islice(records, text.source.header_row or 0)
    return [values_of(record, text.dialect.delimiter) for record in head]


def outline(source: Source, head: Sequence[Sequence[CellValue]], width: int) -> Sheet:
    """The columns of the sheet with this head, whose widest row is so wide; 0: it has no row.

    Raises `InputFault` where the header or the rows are missing.
    """
    grid = [*head, ("any text",) * width] if width else head
    return sheet_of(source.path.name, str(source.path), grid, source.header_row)
