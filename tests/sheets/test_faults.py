"""Every way in which an input can be wrong: one line, with the place and the remedy."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.errors import InputFault, OutputFault
from pipeline.sheets import Source, TextForm, digest, read, write
from tests.sheets.builders import a_file, a_source, a_workbook

Arrange = Callable[[Path], Source]


def text(content: bytes | str, name: str = "leads.csv", header_row: int | None = 1) -> Arrange:
    """A source of this content."""
    return lambda folder: a_source(a_file(folder, content, name), header_row=header_row)


def spelled(content: bytes, encoding: str) -> Arrange:
    """A text file whose encoding the config names."""
    form = TextForm(encoding=encoding)
    return lambda folder: a_source(a_file(folder, content), form=form)


def workbook(*rows: tuple[object, ...], sheet: str | None = None, header_row: int = 1) -> Arrange:
    """A source of these rows."""
    return lambda folder: a_source(a_workbook(folder, rows), sheet, header_row)


def missing(name: str) -> Arrange:
    """A source that is not there, beside one that is."""

    def arrange(folder: Path) -> Source:
        a_file(folder, "a\n1\n")
        return a_source(folder / name)

    return arrange


def without(part: str) -> Arrange:
    """A workbook that has lost a part."""

    def arrange(folder: Path) -> Source:
        path = a_workbook(folder)
        with (
            zipfile.ZipFile(io.BytesIO(path.read_bytes())) as old,
            zipfile.ZipFile(path, "w") as new,
        ):
            for name in old.namelist():
                if name != part:
                    new.writestr(name, old.read(name))
        return a_source(path)

    return arrange


def cut_short(folder: Path) -> Source:
    """A workbook whose download broke off."""
    path = a_workbook(folder)
    path.write_bytes(path.read_bytes()[:2000])
    return a_source(path)


def a_folder(folder: Path) -> Source:
    """A folder that is named like a file."""
    (folder / "leads.csv").mkdir()
    return a_source(folder / "leads.csv")


def zipped(*parts: str) -> bytes:
    """A zip file with these parts, all of them empty."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for part in parts:
            archive.writestr(part, "")
    return content.getvalue()


def compound(stream: str) -> bytes:
    """The beginning of a compound file and, a piece further on, a stream's name."""
    return OLE + bytes(2**20 - 10) + stream.encode("utf-16-le") + bytes(600)


OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ZIP = zipped("xl/workbook.xml")
ODS = b"PK\3\4" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK"


def a_long_duration(folder: Path) -> Source:
    """A moment in seconds under the format of a duration, which no library's duration holds."""

    def change(sheet: Worksheet) -> None:
        sheet["B3"].number_format = "[h]:mm:ss"

    rows = (("Name", "Synced"), ("a", 0.5), ("b", 1764500000))
    return a_source(a_workbook(folder, rows, change=change))


@pytest.mark.parametrize(
    ("arrange", "told"),
    [
        (missing("laeds.csv"), "no such file; did you mean 'leads.csv'"),
        (missing("zzz.tsv"), "no such file; mend the path"),
        (missing("nowhere/leads.csv"), "its folder is not there"),
        (missing("leads.csv/leads.csv"), "its folder is not there"),
        (a_folder, "this is a folder"),
        (text("", "leads.xls"), "the file is empty"),
        (text("", "leads.xlsb"), "the file is empty"),
        (text("", "leads.ods"), "the file is empty"),
        (text("", "leads.pdf"), "name a file of the kind .xlsx, .xlsm, .xls, "),
        (text("", "leads"), "the name has no suffix"),
        (text(b"", "leads.xlsx"), "the file is empty"),
        (text("Name,City", "leads.xlsx"), "no Excel workbook"),
        (text(b"PK\3\4 and nothing", "leads.xlsx"), "damaged"),
        (text(OLE + bytes(600), "leads.xlsx"), "protected by a password"),
        (text(ZIP, "leads.xls"), "kind .xlsx, whatever its name says; name it leads.xlsx"),
        (text(ZIP, "leads.csv"), "kind .xlsx, whatever its name says; name it leads.xlsx"),
        (text(zipped("XL/Workbook.xml")), "kind .xlsx, whatever its name says; name it"),
        (text(zipped("xl/workbook.xml", "xl/vbaProject.bin")), "name it leads.xlsm"),
        (text(zipped("xl/workbook.bin", "xl/vbaProject.bin")), "name it leads.xlsb"),
        (text(zipped("xl/workbook.bin"), "leads.xls"), "name it leads.xlsb"),
        (text(zipped("leads.csv")), "no text, but a zip file or another program's document; unp"),
        (text(zipped("word/document.xml")), "no text, but a zip file or another program's"),
        (text(zipped("word/document.xml"), "leads.xls"), "it is no Excel workbook; open it where"),
        (text(b"PK\3\4" + bytes(600)), "no text, but a zip file or another program's document"),
        (text(compound("Workbook"), "leads.tsv"), "kind .xls, whatever its name says; name it"),
        (text(compound("Book"), "leads.csv"), "kind .xls, whatever its name says; name it"),
        (text(compound("WordDocument")), "no text, but a zip file or another program's document"),
        (text(compound("EncryptedPackage")), "protected by a password; open it where it was made"),
        (text(ODS, "leads.xlsx"), "kind .ods, whatever its name says; name it leads.ods"),
        (text(ODS, "leads.csv"), "kind .ods, whatever its name says; name it leads.ods"),
        (cut_short, "damaged"),
        (without("xl/workbook.xml"), "damaged"),
        (without("xl/worksheets/sheet1.xml"), "damaged"),
        (workbook(("a",), (1,), sheet="leads"), "only 'Leads'; did you mean 'Leads'"),
        (workbook(("a",), (1,), sheet="zzz"), "no sheet 'zzz', only 'Leads'; name one"),
        (workbook(), "sheet Leads: it is empty"),
        (workbook((" ",), ("",)), "it is empty"),
        (workbook(("a",)), "no row under the header in row 1"),
        (workbook(("a",), (" ",)), "no row under the header in row 1"),
        (workbook((), ("a",), (1,)), "the header in row 1 is blank"),
        (workbook(("a",), (1,), header_row=3), "header_row 3 is beyond its last row, 2"),
        (a_long_duration, "sheet Leads, row 3: a number there is shown as a duration, and is lon"),
        (text(""), "it is empty"),
        (text("\ufeff"), "it is empty"),
        (text(" ,\n\n", header_row=None), "it is empty"),
        (text("a,b\n,\n"), "no row under the header"),
        (text("\na\n1\n"), "the header in row 1 is blank"),
        (text("a\n1\n", header_row=4), "header_row 4 is beyond its last row, 2"),
        (text("a\n1\r\nx\0y\n"), "leads.csv, line 3: there is a NUL"),
        (text("a,b\n1,\0\n"), "leads.csv, line 2: there is a NUL"),
        (text('a\n"x\ny"\n"open\nb\n'), "leads.csv, line 4: a quote opens here"),
        (text('a\n"x\r\ny"\r"open\nb\n'), "leads.csv, line 4: a quote opens here"),
        (text('sep=,\na,b\n1,"open\n'), "leads.csv, line 3: a quote opens here"),
        (text("a\r\nx\0y,12345678\n".encode("utf-16-le")), "leads.csv, line 2: there is a NUL"),
        (text('a,b\n"1\n",2\n1,2,3\n'), "line 4: a row has 3 fields under a header of 2;"),
        (text("a;b\n1;2;3\n\n4;5;;6\n"), "line 2: a row has 3 fields under a header of 2 (and 1"),
        (text("Title\n\na,b\n1,2\n"), "line 3: a row has 2 fields under a header of 1 (and 1"),
        (text(b"a\n\x81\xff\n"), "neither UTF-8, UTF-16 nor Windows-1252"),
        (spelled(b"a\n1\n\xff\n", "utf-8"), "line 3: its text is not in the encoding utf-8; mend"),
        (spelled(b"a\n1\n\x81\n", "cp1252"), "line 3: its text is not in the encoding cp1252"),
        (spelled(b"\xffa\n1\n", "utf-8"), "line 1: its text is not in the encoding utf-8"),
        (spelled(b"a\n1", "utf-16"), "leads.csv: its text is not in the encoding utf-16;"),
        (spelled(b"a\n\x87\x90\n", "cp932"), "line 2: a character could not be written back"),
        (text(b"\xff\xfea"), "neither UTF-8, UTF-16 nor Windows-1252"),
    ],
)  # fmt: skip
def test_a_wrong_input_is_told_in_one_line(tmp_path: Path, arrange: Arrange, told: str) -> None:
    """Each fault names the file, says what is wrong and what to do; no library's error leaves."""
    with pytest.raises(InputFault) as caught:
        read(arrange(tmp_path))
    line = str(caught.value)
    assert told in line
    assert "\n" not in line
    assert line.startswith(str(tmp_path))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode, or another program's lock, is named as what it is."""

    def refuse(*_: object) -> None:
        raise PermissionError

    source = text("a\n1\n")(tmp_path)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputFault, match="you may not read this file"):
        read(source)


def test_a_missing_file_has_no_digest(tmp_path: Path) -> None:
    """It is told as any other file that can't be read."""
    with pytest.raises(InputFault, match="no such file"):
        digest(tmp_path / "leads.csv")


def test_a_workbook_that_cannot_be_copied_is_told(tmp_path: Path) -> None:
    """A workbook that can be read and not be written back is a fault, and nothing is written."""
    source = without("[Content_Types].xml")(tmp_path)
    assert read(source).columns == ("Name", "City")
    with pytest.raises(OutputFault, match="a part that can't be copied"):
        write(source, tmp_path / "out.xlsx", ["Email"], {2: ["x"]})
    assert [file.name for file in tmp_path.iterdir()] == ["leads.xlsx"]
