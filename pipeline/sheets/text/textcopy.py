"""The copy of a text file, record by record. Owns which records get new fields, and where they go.

Must not know how a new field is spelled, nor bytes. An old field stays as it was spelled, and so
does a line end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from pipeline.core.model import NewCell, Sheet
from pipeline.core.rows.cells import column_names
from pipeline.sheets.grid import places_of, row_gone
from pipeline.sheets.source import NewRows
from pipeline.sheets.text.newfields import NewFields
from pipeline.sheets.text.records import count_of, fields_of, is_blank
from pipeline.sheets.text.textfile import TextFile, head_of, outline

NO_MORE: Final[tuple[float, Sequence[NewCell]]] = (inf, ())
"""Below the last row that gets cells: a number that no record has."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the new fields go in a record, by their numbers among the new columns."""

    end: int
    """How many fields a record has before the ones at its end are added."""
    in_place: tuple[tuple[int, int], ...]
    """The new fields that take the place of an old one, and that place."""
    at_end: tuple[int, ...]


def layout_of(text: TextFile, columns: Sequence[str]) -> Layout:
    """Where the new columns go. Raises `InputFault` where there is no sheet any more."""
    source, delimiter = text.source, text.dialect.delimiter
    with text.records() as records:
        head = head_of(text, records)
        # Blank fields at a record's end are the user's bytes too: the new ones go behind them.
        widest = 0
        for record in records:
            count = count_of(record, delimiter)
            if count > widest and not is_blank(record, delimiter):
                widest = count
    outline(source, head, widest)
    header = head[-1] if head else []
    end = max(len(header), widest)
    sheet = Sheet(source.path.name, column_names(header), ())
    places = list(enumerate(places_of(sheet, source.header_row, columns, end)))
    in_place = tuple((n, place) for n, place in places if place < end)
    return Layout(end, in_place, tuple(n for n, place in places if place >= end))


def copied(
    text: TextFile,
    layout: Layout,
    new_fields: NewFields,
    cells: NewRows,
) -> Iterator[str]:
    """The records of the copy. Raises `OutputFault` if a row that gets cells is gone."""
    delimiter = text.dialect.delimiter
    header_row = text.source.header_row or 0
    merge = _Merging(delimiter, text.dialect.quote, layout)
    fill = merge.everywhere if layout.in_place else merge.at_end
    blanks, headers = new_fields.blanks(), new_fields.headers(header_row)
    rows = iter(cells.items())
    wanted, values = next(rows, NO_MORE)
    with text.records() as records:
        for number, record in enumerate(records, 1):
            if number < header_row or is_blank(record, delimiter):
                yield record[1]
            elif number == header_row:
                yield merge.at_end(record[1], count_of(record, delimiter), headers)
            elif number == wanted:
                new = new_fields.of_row(number, values)
                yield fill(record[1], count_of(record, delimiter), new)
                wanted, values = next(rows, NO_MORE)
            elif number < wanted:
                yield merge.at_end(record[1], count_of(record, delimiter), blanks)
            else:
                break
    if wanted != NO_MORE[0]:
        raise row_gone(str(text.source.path), int(wanted))


@dataclass(frozen=True, slots=True)
class _Merging:
    """Puts new fields into a record, of which the number of fields is known."""

    delimiter: str
    quote: str | None
    layout: Layout

    def everywhere(self, record: str, count: int, new: Sequence[str]) -> str:
        """The record with all its new fields."""
        body = record.rstrip("\r\n")
        fields = fields_of(body, self.delimiter, self.quote)
        fields += [""] * (max(place for _, place in self.layout.in_place) + 1 - count)
        for n, place in self.layout.in_place:
            fields[place] = new[n]
        return self.at_end(self.delimiter.join(fields) + record[len(body) :], len(fields), new)

    def at_end(self, record: str, count: int, new: Sequence[str]) -> str:
        """The record with those of its new fields that go to its end."""
        if not self.layout.at_end:
            return record
        body = record.rstrip("\r\n")
        padding = self.delimiter * (self.layout.end - count + 1)
        if self.layout.in_place:
            new = [new[n] for n in self.layout.at_end]
        return f"{body}{padding}{self.delimiter.join(new)}{record[len(body) :]}"
