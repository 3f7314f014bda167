"""Any table in any dialect: read as it was meant, and its bytes kept in the copy."""

import csv
import io
import os
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import Row
from pipeline.errors import InputFault
from pipeline.sheets import TextForm, read
from pipeline.sheets.text.records import (
    UnclosedQuoteError,
    fields_of,
    records_of,
    values_of,
)
from tests.sheets.builders import a_copy, a_file, a_source

MARKS = {
    "utf-8": (b"", b"\xef\xbb\xbf"),
    "utf-16-le": (b"", b"\xff\xfe"),
    "utf-16-be": (b"", b"\xfe\xff"),
    "cp1252": (b"",),
}
"""The codecs that are found, and the marks that a text in them may begin with."""

NAMED = ("utf-8", "utf-16-be", "cp1251", "iso8859-15", "mac-roman", "cp437", "gb18030")
"""Some of the codecs that a config may name."""

EXAMPLES = int(os.environ.get("N", "100"))
"""Each writes a file and syncs it; ``N=1000`` tries more."""

LINE_ENDS = st.sampled_from(["\r\n", "\n", "\r"])
CUTS = st.sampled_from("\",;\t|\r\n '")
HEADER = ("Name", "Größe", "Note")


@dataclass(frozen=True)
class Spelled:
    """A table as some program may have saved it, and what is said of it."""

    rows: tuple[tuple[str, ...], ...]
    text: str
    content: bytes
    mark: bytes
    codec: str
    delimiter: str
    quote: str | None
    form: TextForm

    def records(self, text: str) -> list[str]:
        """The texts of the records."""
        return [record for _, record, _ in _records(text, self.delimiter, self.quote)]

    def fields(self, record: str) -> tuple[list[str], str]:
        """A record's fields as they are spelled, and its line end."""
        body = record.rstrip("\r\n")
        return fields_of(body, self.delimiter, self.quote), record[len(body) :]


def _records(text: str, delimiter: str, quote: str | None) -> list[tuple[int, str, list[str]]]:
    found = records_of(io.StringIO(text, newline=""), delimiter, quote)
    return [(record[0], record[1], values_of(record, delimiter)) for record in found]


@st.composite
def found_tables(draw: st.DrawFn) -> Spelled:
    """A table whose dialect and encoding must be found."""
    codec = draw(st.sampled_from(sorted(MARKS)))
    fields = st.text(st.characters(codec="cp1252", exclude_characters="\0") | CUTS)
    delimiter = draw(st.sampled_from(",;\t|"))
    return _spelled(draw, (HEADER,), fields, (delimiter, '"', codec, TextForm()))


@st.composite
def named_tables(draw: st.DrawFn) -> Spelled:
    """A table whose dialect and encoding the config names, with any signs in it."""
    codec = draw(st.sampled_from(NAMED))
    signs = st.characters(codec=codec, categories=["P", "S"])
    delimiter = draw(signs | st.sampled_from(" \t"))
    quote = draw(st.none() | signs.filter(lambda sign: sign != delimiter))
    never = "\0" if quote else f"\0\r\n{delimiter}"
    fields = st.text(st.characters(codec=codec, exclude_characters=never))
    if quote:
        fields |= st.text(st.sampled_from(f"a {delimiter}{quote}\r\n"))
    header = tuple(sorted(draw(st.sets(st.sampled_from("abcd"), min_size=3, max_size=3))))
    form = TextForm(delimiter, codec, quote)
    return _spelled(draw, (header,), fields, (delimiter, quote, codec, form))


def _spelled(
    draw: st.DrawFn,
    header: tuple[tuple[str, ...]],
    fields: st.SearchStrategy[str],
    dialect: tuple[str, str | None, str, TextForm],
) -> Spelled:
    delimiter, quote, codec, form = dialect
    row = st.tuples(fields, fields, fields)
    body = draw(
        st.lists(row, min_size=1, max_size=6).filter(
            lambda rows: any(field.strip() for row in rows for field in row)
        )
    )
    rows = (*header, *body)
    always = draw(st.booleans())
    lines = [
        delimiter.join(_field(f, delimiter, quote, always=always) for f in row) for row in rows
    ]
    ends = [draw(LINE_ENDS) for _ in lines[1:]] + [draw(st.just("") | LINE_ENDS)]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    mark = draw(st.sampled_from(MARKS.get(codec, (b"",))))
    return Spelled(rows, text, mark + text.encode(codec), mark, codec, delimiter, quote, form)


def _field(field: str, delimiter: str, quote: str | None, *, always: bool) -> str:
    if quote is None or not (always or {*field} & {delimiter, quote, "\r", "\n"}):
        return field
    return quote + field.replace(quote, 2 * quote) + quote


@pytest.mark.slow
@given(found_tables() | named_tables(), st.text(max_size=20))
@settings(deadline=None, max_examples=EXAMPLES)
def test_the_values_are_read_and_the_users_bytes_stay(
    tmp_path_factory: pytest.TempPathFactory, table: Spelled, new: str
) -> None:
    """All comes as it was meant; each record of the copy begins with the input's, byte for byte."""
    source = a_source(a_file(tmp_path_factory.mktemp("any"), table.content), form=table.form)
    sheet = read(source)
    assert sheet.columns == table.rows[0]
    assert [(row.number, row.values) for row in sheet.rows] == _meant(table)
    output = a_copy(source, {row.number: [new] for row in sheet.rows}).path
    content = output.read_bytes()
    codec, mark = _of_the_copy(table, content)
    numbers = {1, *(row.number for row in sheet.rows)}
    before = table.records(table.text)
    after = table.records(content.removeprefix(mark).decode(codec))
    for number, (was, now) in enumerate(zip(before, after, strict=True), 1):
        old, old_end = table.fields(was)
        fields, end = table.fields(now)
        assert now.startswith(was.removesuffix(old_end))
        assert (fields[:3], end) == (old, old_end)
        assert len(fields) == (4 if number in numbers else 3)
    if codec == table.codec:
        assert _kept(read(a_source(output, form=table.form)).rows) == _kept(sheet.rows)


def _meant(table: Spelled) -> list[tuple[int, tuple[str | None, ...]]]:
    """The numbers and values of the rows that are not blank, as wide as the header."""
    return [
        (number, tuple(field or None for field in row))
        for number, row in enumerate(table.rows, 1)
        if number > 1 and any(map(str.strip, row))
    ]


def _of_the_copy(table: Spelled, content: bytes) -> tuple[str, bytes]:
    """The codec and the mark: the input's, or UTF-8 where its codec lacks the new character."""
    if not table.codec.startswith("utf") and content.startswith(b"\xef\xbb\xbf"):
        return "utf-8", b"\xef\xbb\xbf"
    return table.codec, table.mark


def _kept(rows: tuple[Row, ...]) -> list[tuple[int, tuple[object, ...]]]:
    return [(row.number, row.values[:3]) for row in rows]


PIECES = st.sampled_from(
    [b"a", b",", b";", b"\t", b'"', b"\r", b"\n", b"\0", b"\xe9", b"\xff\xfe", b"="]
)
FORMS = st.builds(
    TextForm,
    delimiter=st.sampled_from([None, ",", "=", " "]),
    encoding=st.sampled_from([None, "utf-8", "utf-16", "cp1252", "gb18030", "big5"]),
    quote=st.sampled_from(['"', "'", None]),
)


@given(st.lists(PIECES, max_size=30).map(b"".join), FORMS, st.sampled_from([None, 1, 2]))
@settings(deadline=None, max_examples=EXAMPLES)
def test_any_bytes_are_a_sheet_or_one_fault(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, form: TextForm, header_row: int | None
) -> None:
    """Whatever the file holds: a fault of the input, or a sheet whose copy says the same again."""
    path = a_file(tmp_path_factory.mktemp("bytes"), content)
    source = a_source(path, header_row=header_row, form=form)
    try:
        sheet = read(source)
    except InputFault:
        return
    copy = a_copy(source, {row.number: ["x"] for row in sheet.rows}).path
    if form.delimiter is None:
        return  # In a heap of signs another one may look like the delimiter once a field is added.
    again = read(a_source(copy, header_row=header_row, form=form))
    width = len(sheet.columns)
    assert [(row.number, row.values[:width]) for row in again.rows] == [
        (row.number, row.values) for row in sheet.rows
    ]
    assert all(row.values[-1] == "x" for row in again.rows)


@given(st.lists(st.text(st.sampled_from('a",\r\n')), min_size=1))
@settings(deadline=None, max_examples=200)
def test_records_are_cut_where_python_cuts_them(pieces: list[str]) -> None:
    """Our records give the rows that `csv` makes of the whole text, and together they are it."""
    text = "".join(pieces)
    try:
        records = _records(text, ",", '"')
    except UnclosedQuoteError:
        return
    assert "".join(record for _, record, _ in records) == text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [values for _, _, values in records] == [row or [""] for row in rows]
    for _, record, values in records:
        assert len(fields_of(record.rstrip("\r\n"), ",", '"')) == len(values)


@given(st.lists(st.text(st.sampled_from('a",\r\n')), min_size=1))
@settings(deadline=None, max_examples=200)
def test_a_record_knows_its_line(pieces: list[str]) -> None:
    """Faults name the line on which a record begins, and an unclosed quote the last one's."""
    text = "".join(pieces)
    lines = list(io.StringIO(text, newline=""))
    records = []
    try:
        for line, record, _ in records_of(iter(lines), ",", '"'):
            records.append((line, record))
    except UnclosedQuoteError as error:
        records.append((error.line, "".join(lines[error.line - 1 :])))
    for line, record in records:
        assert "".join(lines[line - 1 :]).startswith(record)
    assert "".join(record for _, record in records) == text
