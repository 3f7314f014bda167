"""Text files read and written: whose bytes stay, what is added, what a spreadsheet would run."""

import codecs
import csv
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import NewCell
from pipeline.sheets import read
from pipeline.sheets.records import fields_of, records_of
from tests.sheets.builders import a_copy, a_file, a_source

MARKS = {
    "utf-8": (b"", codecs.BOM_UTF8),
    "utf-16-le": (codecs.BOM_UTF16_LE,),
    "utf-16-be": (codecs.BOM_UTF16_BE,),
    "cp1252": (b"",),
}
"""The marks that a codec's text may begin with."""

CHARACTERS = st.characters(codec="cp1252", exclude_characters="\0")
FIELDS = st.text(CHARACTERS | st.sampled_from('",;\t|\r\n '))
ROWS = st.lists(st.tuples(FIELDS, FIELDS, FIELDS), min_size=1, max_size=6).filter(
    lambda rows: any(field.strip() for row in rows for field in row)
)


@dataclass(frozen=True)
class Spelled:
    """A table as some program may have saved it."""

    text: str
    delimiter: str
    codec: str
    mark: bytes

    @property
    def content(self) -> bytes:
        """The file."""
        return self.mark + self.text.encode(self.codec)


@st.composite
def spelled(draw: st.DrawFn) -> Spelled:
    """Any table, in any dialect, encoding and line end, with the last line end or without."""
    delimiter = draw(st.sampled_from(",;\t|"))
    line_end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    always = draw(st.booleans())
    lines = []
    for row in [("Name", "Größe", "Note"), *draw(ROWS)]:
        quoted = ['"{}"'.format(field.replace('"', '""')) for field in row]
        must = [always or bool({*field} & {delimiter, '"', "\r", "\n"}) for field in row]
        lines.append(
            delimiter.join(q if m else f for f, q, m in zip(row, quoted, must, strict=True))
        )
    text = line_end.join(lines) + draw(st.sampled_from(["", line_end]))
    codec = draw(st.sampled_from(sorted(MARKS)))
    return Spelled(text, delimiter, codec, draw(st.sampled_from(MARKS[codec])))


@given(spelled(), FIELDS)
@settings(deadline=None, max_examples=300)
def test_the_users_bytes_stay(
    tmp_path_factory: pytest.TempPathFactory, table: Spelled, new: str
) -> None:
    """Each record of the copy begins with the bytes of the input's and ends with its line end."""
    source = a_source(a_file(tmp_path_factory.mktemp("bytes"), table.content))
    sheet = read(source)
    output = a_copy(source, {row.number: [new] for row in sheet.rows}).path
    content = output.read_bytes()
    assert content.startswith(table.mark)
    numbers = {1, *(row.number for row in sheet.rows)}
    before = records_of(table.text, table.delimiter)
    after = records_of(content[len(table.mark) :].decode(table.codec), table.delimiter)
    for number, (was, now) in enumerate(zip(before, after, strict=True), 1):
        old, old_end = fields_of(was, table.delimiter)
        fields, end = fields_of(now, table.delimiter)
        assert now.startswith(was.removesuffix(old_end))
        assert (fields[:3], end) == (old, old_end)
        assert len(fields) == (4 if number in numbers else 3)
    kept = [(row.number, row.values[: len(sheet.columns)]) for row in read(a_source(output)).rows]
    assert kept == [(row.number, row.values) for row in sheet.rows]


@given(st.lists(st.text(st.sampled_from('a",\r\n')), min_size=1))
@settings(deadline=None, max_examples=200)
def test_records_are_cut_where_python_cuts_them(pieces: list[str]) -> None:
    """Our records, one at a time, give the rows that `csv` makes of them, and are the text."""
    text = "".join(pieces)
    try:
        records = list(records_of(text, ","))
    except ValueError:
        return
    assert "".join(records) == text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert list(csv.reader(records)) == rows
    assert [len(fields_of(record, ",")[0]) for record in records] == [len(row) or 1 for row in rows]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("Name,City\nAda,London\n", ("Name", "City"), [(2, ("Ada", "London"))]),
        ("A;Price\na;1,5\nb;2,5", ("A", "Price"), [(2, ("a", "1,5")), (3, ("b", "2,5"))]),
        ("Name\tCity\nAda\tBern, BE", ("Name", "City"), [(2, ("Ada", "Bern, BE"))]),
        ("Name|City\nAda|Bern", ("Name", "City"), [(2, ("Ada", "Bern"))]),
        ('"a,b";c\n"1,2";3', ("a,b", "c"), [(2, ("1,2", "3"))]),
        ("Name\nAda\n", ("Name",), [(2, ("Ada",))]),
        ("Id,On\n00123,TRUE", ("Id", "On"), [(2, ("00123", "TRUE"))]),
        ('a,b\n"2\nlines",x\n\n , \n5,', ("a", "b"), [(2, ("2\nlines", "x")), (5, ("5", None))]),
        ("a\n1\n1,2\n", ("a", "Column B"), [(2, ("1", None)), (3, ("1", "2"))]),
        ('Pipe,n\n5" wide,1\n', ("Pipe", "n"), [(2, ('5" wide', "1"))]),
        ("a,\u2028b\n\x85,\x0b\x0cx", ("a", "b"), [(2, ("\x85", "\x0b\x0cx"))]),
    ],
)  # fmt: skip
def test_a_text_file_is_read(
    tmp_path: Path,
    text: str,
    columns: tuple[str, ...],
    rows: list[tuple[int, tuple[str | None, ...]]],
) -> None:
    """Delimiters are found, quotes obeyed, blank lines counted, ragged ones evened; all is text."""
    sheet = read(a_source(a_file(tmp_path, text)))
    assert sheet.name == "leads.csv"
    assert sheet.columns == columns
    assert [(row.number, row.values) for row in sheet.rows] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    """Umlauts and the euro sign come as they are, with a mark or without."""
    path = a_file(tmp_path, "Größe,Preis\nüber,5 €\n".encode(encoding))
    sheet = read(a_source(path))
    assert (sheet.columns, sheet.rows[0].values) == (("Größe", "Preis"), ("über", "5 €"))


def test_a_tsv_is_cut_at_tabs(tmp_path: Path) -> None:
    """The suffix says it, whatever else is even in the file."""
    sheet = read(a_source(a_file(tmp_path, "a,b\tc\n1,2\t3\n", "leads.tsv")))
    assert sheet.columns == ("a,b", "c")


def test_a_long_text_is_read(tmp_path: Path) -> None:
    """A field longer than Python's own limit is no fault."""
    assert (
        read(a_source(a_file(tmp_path, "a,b\n" + "x" * 200_000 + ",1\n"))).rows[0].values[1] == "1"
    )


@pytest.mark.parametrize(
    ("header_row", "columns"),
    [(3, ("Name", "City")), (None, ("A", "B")), (1, ("Report", "Column B"))],
)
def test_the_header_stands_where_the_user_says(
    tmp_path: Path, header_row: int | None, columns: tuple[str, ...]
) -> None:
    """In its row, or nowhere: then columns go by their letters."""
    path = a_file(tmp_path, "Report\n\nName,City\nAda,London\n")
    assert read(a_source(path, header_row=header_row)).columns == columns


def test_new_columns_stand_below_each_other(tmp_path: Path) -> None:
    """Short records are padded; what is above the header, and blank lines, stay as they are."""
    source = a_source(
        a_file(tmp_path, "Report\r\nName;City\r\nAda\r\n\r\n;\r\nBob;Bern;;\n"), header_row=2
    )
    copy = a_copy(source, {3: ["x", 2.0], 6: [None, 1e300]}, ["Email", "Score"]).path
    assert copy.read_bytes().decode() == (
        "Report\r\nName;City;;;Email;Score\r\nAda;;;;x;2\r\n\r\n;\r\nBob;Bern;;;;1e+300\n"
    )  # fmt: skip


def test_without_a_header_none_is_written(tmp_path: Path) -> None:
    """All records are rows, and the new fields have no name."""
    source = a_source(a_file(tmp_path, "a,1\nb,2"), header_row=None)
    assert a_copy(source, {1: ["x"], 2: ["y"]}, ["B"]).path.read_text() == "a,1,x\nb,2,y"


def test_a_column_of_that_name_is_filled_in_place(tmp_path: Path) -> None:
    """Only its fields in the given rows change; quotes elsewhere stay."""
    source = a_source(
        a_file(tmp_path, 'Name,"E mail",City\n"a",old,"x ""y"""\n"b",old\n"c","old",z\n')
    )
    copy = a_copy(source, {2: ["n,w"], 3: [None]}, ["E  mail"]).path
    assert copy.read_text() == 'Name,"E mail",City\n"a","n,w","x ""y"""\n"b",\n"c","old",z\n'


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        (" =1", "' =1"),
        ("\n=1", '"\'\n=1"'),
        ("- a\n- b", '"\'- a\n- b"'),
        ("-5", "-5"),
        ("+3.2", "+3.2"),
        ("-1e5", "-1e5"),
        ("a=b", "a=b"),
        (-5, "-5"),
        (2.0, "2"),
        (0.1, "0.1"),
        ('say "hi"', '"say ""hi"""'),
        ("a,b", '"a,b"'),
        ("a;b", "a;b"),
        (None, ""),
    ],
)
def test_what_a_spreadsheet_would_run_is_defused(
    tmp_path: Path, value: NewCell, field: str
) -> None:
    """Text that begins like a formula gets a quote before it; a number does not."""
    copy = a_copy(a_source(a_file(tmp_path, "Name,City\nAda,London\n")), {2: [value]}).path
    assert copy.read_bytes().decode() == f"Name,City,Email\nAda,London,{field}\n"


def test_a_header_is_defused_too(tmp_path: Path) -> None:
    """A new column's name may come from an output's name."""
    copy = a_copy(a_source(a_file(tmp_path, "Name\nAda\n")), {2: ["x"]}, ["=1+1"]).path
    assert copy.read_text() == "Name,'=1+1\nAda,x\n"


def test_what_windows_1252_lacks_makes_the_copy_utf_8(tmp_path: Path) -> None:
    """No character is lost: the copy is UTF-8 with its mark, and says the same."""
    source = a_source(a_file(tmp_path, "Name,Größe\nAda,5 €\n".encode("cp1252")))
    assert a_copy(source, {2: ["naïve"]}).path.read_bytes().decode("cp1252").endswith("€,naïve\n")
    content = a_copy(source, {2: ["日本"]}).path.read_bytes()
    assert content == "\ufeffName,Größe,Email\nAda,5 €,日本\n".encode()


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_what_no_text_file_holds_is_kept_beside(tmp_path: Path, character: str) -> None:
    """The field shows a replacement and says so; the text beside it is verbatim."""
    text = f"a{character}b"
    written = a_copy(a_source(a_file(tmp_path, "Name\nAda\n")), {2: [text]})
    field = read(a_source(written.path)).rows[0].values[1]
    note = "characters that a text file cannot hold: the whole text is in leads.done.overflow.txt"
    assert field == f"a\ufffdb [{note}]"
    assert written.overflow is not None
    kept = written.overflow.read_bytes().decode("utf-8", errors="surrogatepass")
    assert kept == f"=== row 2, column Email ===\n{text}\n"


def test_a_long_text_is_not_cut(tmp_path: Path) -> None:
    """Excel's limit is not a text file's."""
    written = a_copy(a_source(a_file(tmp_path, "Name\nAda\n")), {2: ["x" * 40_000]})
    assert (read(a_source(written.path)).rows[0].values[1], written.overflow) == (
        "x" * 40_000,
        None,
    )


def test_a_text_file_does_not_wait_for_pandas(tmp_path: Path) -> None:
    """Reading and writing a text file imports no library for workbooks."""
    a_file(tmp_path, "Name\nAda\n")
    program = (
        "import sys; from pathlib import Path; from pipeline.sheets import Source, read, write\n"
        "source = Source(Path(sys.argv[1], 'leads.csv'), None, 1)\n"
        "read(source); write(source, Path(sys.argv[1], 'out.csv'), ['Email'], {2: ['x']})\n"
        "sys.exit(bool({'pandas', 'openpyxl', 'python_calamine'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own program
