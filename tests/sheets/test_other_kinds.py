"""Workbooks of the kinds that are read for their values alone."""

import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from struct import pack, unpack_from

import pytest

from pipeline.errors import InputFault
from pipeline.sheets.source import Source
from pipeline.sheets.workbook.calamine import told_of
from pipeline.sheets.workbook.compound import has_endless_chain
from pipeline.sheets.workbook.excel import read, tops
from tests.sheets.oldworkbook import an_old_workbook

MAPPED = frozenset({"Name", "Nr", "Signed"})

OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def an_open_document(folder: Path, rows: str) -> Path:
    """A spreadsheet of the kind .ods whose sheet Leads holds these rows."""
    path = folder / "leads.ods"
    content = (
        f'<office:document-content xmlns:office="{OASIS}:office:1.0" '
        f'xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="Leads">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return path


def a_text(text: str) -> str:
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    """Its values, with dates and times known as such; its number formats are not shown."""
    sheet = read(Source(an_old_workbook(tmp_path), None, 1, mapped=MAPPED))
    assert sheet.columns == ("Name", "Nr", "Signed", "Ok", "Time")
    assert [row.values for row in sheet.rows] == [
        ("Zürich", 123, date(2024, 1, 2), True, time(3, 4)),
        ("b", 1.5, datetime(2024, 1, 2, 14, 30), False, timedelta(hours=26)),  # noqa: DTZ001 - a spreadsheet knows no zones
    ]


def test_an_open_document_is_read(tmp_path: Path) -> None:
    """Likewise."""
    day = '<table:table-cell office:value-type="date" office:date-value="2024-01-02"/>'
    number = '<table:table-cell office:value-type="float" office:value="1.5"/>'
    rows = (
        f"<table:table-row>{a_text('Name')}{a_text('Nr')}{a_text('Signed')}</table:table-row>"
        f"<table:table-row>{a_text('Zürich')}{number}{day}</table:table-row>"
    )
    (row,) = read(Source(an_open_document(tmp_path, rows), "Leads", 1, mapped=MAPPED)).rows
    assert row.values[:2] == ("Zürich", 1.5)
    assert str(row.values[2]).startswith("2024-01-02")


def test_numbers_that_are_not_sent_as_they_are_shown_are_told(tmp_path: Path) -> None:
    """Once for the file, and only where a number is among what is sent."""
    path = an_old_workbook(tmp_path)
    (remark,) = read(Source(path, None, 1, mapped=MAPPED)).remarks
    assert remark.startswith("leads.xls: numbers are sent as they are stored, not as")
    assert "save it as .xlsx" in remark
    assert read(Source(path, None, 1, mapped=frozenset({"Name", "Ok", "Signed"}))).remarks == ()
    letters = read(Source(path, None, None, mapped=frozenset({"B"})))
    assert len(letters.remarks) == 1


END, FREE = 0xFFFFFFFE, 0xFFFFFFFF
ENDS = {1: END}


def a_compound_file(
    directory: int = END, small: int = END, more: int = END, chains: Mapping[int, int] = ENDS
) -> bytes:
    """The header of a compound file, its table of sectors in sector 0, and an empty sector 1.

    Given are the first sectors of the directory, of the small sectors' table and of the further
    part of the table, and what follows on a sector; each may lead in circles.
    """
    header = bytearray(bytes.fromhex("D0CF11E0A1B11AE1").ljust(76, b"\0"))
    for place, number in {44: 1, 48: directory, 56: 4096, 60: small, 68: more, 72: 1}.items():
        header[place : place + 4] = pack("<I", number)
    header[24:34] = pack("<5H", 62, 3, 0xFFFE, 9, 6)
    table = [chains.get(sector, FREE) for sector in range(128)]
    return bytes(header) + pack("<109I", 0, *[FREE] * 108) + pack("<128I", *table) + bytes(512)


@pytest.mark.parametrize(
    "content",
    [
        a_compound_file(directory=1, chains={1: 1}),
        a_compound_file(directory=1, chains={1: 2, 2: 1}),
        a_compound_file(small=1, chains={1: 1}),
        a_compound_file(more=0, chains={127: 0}),
    ],
)
def test_a_file_whose_sectors_lead_in_circles_is_told(tmp_path: Path, content: bytes) -> None:
    """Followed by the library, they fill the memory until the process is ended."""
    assert not has_endless_chain(a_compound_file(directory=1, small=1))
    path = tmp_path / "leads.xls"
    path.write_bytes(content)
    with pytest.raises(InputFault, match="damaged"):
        read(Source(path, None, 1))


def test_a_stream_that_leads_in_circles_is_told(tmp_path: Path) -> None:
    """Likewise, in a workbook that is whole but for one link of the chain."""
    path = an_old_workbook(tmp_path)
    content = bytearray(path.read_bytes())
    (table,) = unpack_from("<I", content, 76)
    start = 512 * (table + 1)
    links = list(unpack_from("<128I", content, start))
    place = next(n for n, link in enumerate(links) if link == n + 1)
    content[start + 4 * place + 4 : start + 4 * place + 8] = pack("<I", place)
    path.write_bytes(content)
    with pytest.raises(InputFault, match="damaged"):
        read(Source(path, None, 1))


def test_a_password_is_told_of(tmp_path: Path) -> None:
    """A workbook that wants one is whole, and needs no repair."""
    path = an_open_document(tmp_path, "")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = f"{OASIS}:manifest:1.0"
    parts["META-INF/manifest.xml"] = (
        f'<manifest:manifest xmlns:manifest="{manifest}"><manifest:file-entry '
        'manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
        "</manifest:manifest>"
    ).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    for look in (read, lambda source: tops(source, 3)):
        with pytest.raises(InputFault, match="protected by a password"):
            look(Source(path, None, 1))


def test_a_panic_of_the_library_is_told(tmp_path: Path) -> None:
    """It is no `Exception`, and would end the program with a traceback."""

    class PanicException(BaseException):
        pass

    with pytest.raises(InputFault, match="damaged"), told_of(tmp_path):
        raise PanicException
    with pytest.raises(KeyboardInterrupt), told_of(tmp_path):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("leads.xls", b"", "the file is empty"),
        ("leads.xls", b"PK\3\4 and nothing", "no Excel workbook"),
        ("leads.xls", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "damaged"),
        ("leads.ods", b"no zip", "no Excel workbook"),
        ("leads.ods", b"PK\3\4 and nothing", "damaged"),
        ("leads.xlsb", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "password"),
        ("leads.xlsb", b"PK\3\4 and nothing", "damaged"),
    ],
)
def test_a_wrong_one_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    """As of the other kinds: in one line."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputFault, match=told):
        read(Source(path, None, 1))
