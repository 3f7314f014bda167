"""Text files read and written: whose bytes stay, what is added, what a spreadsheet would run."""

import gc
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from pipeline.core.model import NewCell
from pipeline.errors import InputFault, OutputFault
from pipeline.sheets import TextForm, read
from tests.sheets.builders import a_copy, a_file, a_source


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
        ("a,b\n1\n2,,\n", ("a", "b"), [(2, ("1", None)), (3, ("2", None))]),
        ("a,,\n1,,2\n", ("a", "Column B", "Column C"), [(2, ("1", None, "2"))]),
        ("topic\ncats, dogs\nbirds\n", ("topic",), [(2, ("cats, dogs",)), (3, ("birds",))]),
        ("sep=;\na;b,c\n1;2\n", ("a", "b,c"), [(2, ("1", "2"))]),
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
    assert (sheet.columns, next(iter(sheet.rows)).values) == (("Größe", "Preis"), ("über", "5 €"))


@pytest.mark.parametrize("named", ["windows-1252", "iso-8859-15", "utf-8", "shift_jis"])
@pytest.mark.parametrize("marked", ["utf-8-sig", "utf-16"])
def test_a_mark_goes_before_the_encoding_that_is_named(
    tmp_path: Path, named: str, marked: str
) -> None:
    """A newer export in UTF-8, or our own copy that became UTF-8, has the same rows as before."""
    path = a_file(tmp_path, "Größe;Ort\nüber;Köln\n".encode(marked))
    sheet = read(a_source(path, form=TextForm(encoding=named)))
    assert (sheet.columns, next(iter(sheet.rows)).values) == (("Größe", "Ort"), ("über", "Köln"))


def test_a_tsv_is_cut_at_tabs(tmp_path: Path) -> None:
    """The suffix says it, whatever else is even in the file."""
    sheet = read(a_source(a_file(tmp_path, "a,b\tc\n1,2\t3\n", "leads.tsv")))
    assert sheet.columns == ("a,b", "c")


def test_the_delimiter_is_found_among_others(tmp_path: Path) -> None:
    """Short rows, decimal commas, texts that end beyond the sample: the header settles it."""
    commas = "A;B;C;D;E\n1,5;2\n1,5;2;3\n1,5;2;3;4\n"
    assert len(read(a_source(a_file(tmp_path, commas))).columns) == 5
    long = f'A;B;C, d\n1;2;"x, {"y" * 300_000}"\n3;4;5\n'
    assert read(a_source(a_file(tmp_path, long))).columns == ("A", "B", "C, d")


def test_a_quote_that_stays_open_speaks_against_a_delimiter(tmp_path: Path) -> None:
    """By commas the last record would never end, so that they are none."""
    path = a_file(tmp_path, 'a,b;1\nc,d;2\ne,"f;3\n')
    assert next(iter(read(a_source(path, header_row=None)).rows)).values == ("a,b", "1")


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_left_as_it_was(tmp_path: Path, *, is_on: bool) -> None:
    """Reading sets it aside, also where it ends in a fault, and then as it was before."""
    switch = {True: gc.enable, False: gc.disable}
    switch[is_on]()
    try:
        read(a_source(a_file(tmp_path, "a\n1\n")))
        with pytest.raises(InputFault):
            read(a_source(a_file(tmp_path, "a\n")))
        assert gc.isenabled() is is_on
    finally:
        gc.enable()


def test_an_endless_field_is_an_unclosed_quote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would gather the rest of the file in memory is told, with the line of its quote."""
    monkeypatch.setattr("pipeline.sheets.text.records.LONGEST_FIELD", 10)
    with pytest.raises(InputFault, match="line 2: a quote opens here"):
        read(a_source(a_file(tmp_path, 'a,b\n"1234\n67890\n2",x\n')))


@pytest.mark.slow
def test_the_memory_of_a_copy_does_not_grow_with_its_rows(tmp_path: Path) -> None:
    """Records pass by: of four times the rows, no more is held at once."""

    def peak_bytes(rows: int) -> int:
        row = f'Ada,"London, {"x" * 200}"\n'
        source = a_source(a_file(tmp_path, f"Name,City\n{row * rows}"))
        cells = dict.fromkeys(range(2, rows + 2), ("x",))
        tracemalloc.start()
        written = a_copy(source, cells)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert written.path.stat().st_size > source.path.stat().st_size
        return peak

    # Both are larger than what is read at once.
    few = peak_bytes(10_000)
    assert peak_bytes(40_000) < 1.5 * few


def test_a_long_text_is_read(tmp_path: Path) -> None:
    """A field longer than Python's own limit is no fault."""
    assert (
        next(iter(read(a_source(a_file(tmp_path, "a,b\n" + "x" * 200_000 + ",1\n"))).rows)).values[
            1
        ]
        == "1"
    )


@pytest.mark.parametrize(
    ("header_row", "columns"),
    [(3, ("Name", "City")), (None, ("A", "B"))],
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


def test_some_columns_are_filled_and_others_added(tmp_path: Path) -> None:
    """Each new field goes to its own column, wherever that is; short records are padded."""
    source = a_source(a_file(tmp_path, 'a,B,c,"D"\n"1",,x\n2\n'))
    copy = a_copy(source, {2: ["b", "e", 4], 3: ["b,b", "e", 5]}, ["B", "E", "D"]).path
    assert copy.read_text() == 'a,B,c,"D",E\n"1",b,x,4,e\n2,"b,b",,5,e\n'


def test_cells_of_a_row_that_is_gone_are_a_fault(tmp_path: Path) -> None:
    """A file that lost a row since it was read is not written with results in other rows."""
    source = a_source(a_file(tmp_path, "Name\nAda\n\nBob\n"))
    for number in (1, 3, 5):
        with pytest.raises(OutputFault, match=f"row {number} is blank or gone"):
            a_copy(source, {2: ["x"], number: ["y"]})
    assert [file.name for file in tmp_path.iterdir()] == ["leads.csv"]


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
        ("-.5", "-.5"),
        ("-12%", "-12%"),
        ("-1.234,50", '"-1.234,50"'),
        ("-", "'-"),
        ("+49 170 1", "'+49 170 1"),
        ("\uff1d1+1", "'\uff1d1+1"),
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


def test_a_character_that_would_come_back_as_another_makes_it_utf_8(tmp_path: Path) -> None:
    """The cent sign is none in the encoding of Japanese Windows, but has a wide twin there."""
    path = a_file(tmp_path, "名前,x\nあ,1\n".encode("cp932"))
    source = a_source(path, form=TextForm(encoding="cp932"))
    assert a_copy(source, {2: ["い"]}).path.read_bytes().decode("cp932").endswith("あ,1,い\n")
    assert a_copy(source, {2: ["5\xa2"]}).path.read_text("utf-8-sig").endswith("あ,1,5\xa2\n")


@pytest.mark.parametrize(
    ("codec", "shown"), [("utf-8", "a\ufffdb"), ("utf-16-le", "a\ufffdb"), ("cp1252", "a?b")]
)
def test_a_nul_keeps_the_files_encoding(tmp_path: Path, codec: str, shown: str) -> None:
    """What stands in for it is a character that the encoding has."""
    source = a_source(a_file(tmp_path, "Größe,x\n1,2\n".encode(codec)))
    written = a_copy(source, {2: ["a\0b"]})
    assert f"1,2,{shown} [characters" in written.path.read_bytes().decode(codec)


def test_without_a_quote_a_field_cannot_hold_its_cuts(tmp_path: Path) -> None:
    """Where nothing quotes, quotes are plain; what would cut a field is kept beside it."""
    form = TextForm(delimiter=";", quote=None)
    source = a_source(a_file(tmp_path, 'Name;Wide\n"Ada;5"\n'), form=form)
    assert next(iter(read(source).rows)).values == ('"Ada', '5"')
    written = a_copy(source, {2: ["a;b\nc"]}, ["x;y"])
    note = "[characters that a text file cannot hold: the whole text is in leads.done.overflow.txt]"
    assert written.path.read_text() == (
        f'Name;Wide;x\ufffdy {note}\n"Ada;5";a\ufffdb\ufffdc {note}\n'
    )
    assert written.overflow is not None
    assert "=== row 2, column x;y ===\na;b\nc\n" in written.overflow.read_text()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('"Name","Age"\r\n"Ada","36"\r\n', '"Ada","36","ab","","2"'),
        ('"Name","Age"\n"Ada",36\n"Bob",\n', '"Ada",36,"ab",,2'),
        ('Name,Age\n"Ada, B.",36\n', '"Ada, B.",36,ab,,2'),
        ('"Name, first",5\n"City, last",6\n', '"City, last",6,ab,,2'),
        ("Name,Age\nAda,36\n", "Ada,36,ab,,2"),
    ],
)
def test_new_fields_are_quoted_as_the_others_are(tmp_path: Path, text: str, row: str) -> None:
    """All, or all text, or only what needs it: as the file's maker does."""
    source = a_source(a_file(tmp_path, text), header_row=None)
    copy = a_copy(source, {2: ["ab", None, 2.0]}, ["A", "B", "C"]).path
    assert copy.read_bytes().decode().splitlines()[1] == row


def test_the_line_that_tells_excel_the_delimiter_stays(tmp_path: Path) -> None:
    """It is no row, as in Excel, and stands first in the copy; its delimiter holds."""
    source = a_source(a_file(tmp_path, "sep=|\r\na,b|c\r\n1,2|3\r\n"))
    assert [row.number for row in read(source).rows] == [2]
    assert a_copy(source).path.read_bytes() == b"sep=|\r\na,b|c|Email\r\n1,2|3|x\r\n"


def test_a_fallback_is_said_and_nothing_else_is(tmp_path: Path) -> None:
    """Windows-1252 is a guess, so a person is told of it, once; a mark or UTF-8 is none."""
    (remark,) = read(a_source(a_file(tmp_path, "Größe\n1\n".encode("cp1252")))).remarks
    assert "is read as Windows-1252" in remark
    assert "input.csv.encoding" in remark
    given = a_source(tmp_path / "leads.csv", form=TextForm(encoding="cp1252"))
    assert read(given).remarks == ()
    assert read(a_source(a_file(tmp_path, "Größe\n1\n"))).remarks == ()


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_what_no_text_file_holds_is_kept_beside(tmp_path: Path, character: str) -> None:
    """The field shows a replacement and says so; the text beside it is verbatim."""
    text = f"a{character}b"
    written = a_copy(a_source(a_file(tmp_path, "Name\nAda\n")), {2: [text]})
    field = next(iter(read(a_source(written.path)).rows)).values[1]
    note = "characters that a text file cannot hold: the whole text is in leads.done.overflow.txt"
    assert field == f"a\ufffdb [{note}]"
    assert written.overflow is not None
    kept = written.overflow.read_bytes().decode("utf-8", errors="surrogatepass")
    assert kept == f"=== row 2, column Email ===\n{text}\n"


def test_a_long_text_is_not_cut(tmp_path: Path) -> None:
    """Excel's limit is not a text file's."""
    written = a_copy(a_source(a_file(tmp_path, "Name\nAda\n")), {2: ["x" * 40_000]})
    assert (next(iter(read(a_source(written.path)).rows)).values[1], written.overflow) == (
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
