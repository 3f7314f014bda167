"""Workbooks of the kinds that are read for their values alone."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from pipeline.errors import InputFault
from pipeline.sheets.excel import read
from pipeline.sheets.source import Source
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
