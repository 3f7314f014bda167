"""Workbooks that were made to do harm, or only look so: one line, and quickly."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.rows.cells import shown
from pipeline.errors import InputFault
from pipeline.sheets import Source, read
from tests.sheets.packages import a_package, header, parts, relationship, relationships

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
ROW = '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'

ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def good_parts() -> dict[str, str | bytes]:
    return dict(parts(header("Name") + ROW))


def fault_of(path: Path) -> str:
    """The one line that a workbook is refused with."""
    with pytest.raises(InputFault) as caught:
        read(Source(path, None, 1, mapped=frozenset({"Name"})))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_good_workbook_is_read(tmp_path: Path) -> None:
    """What the others are made from has no fault."""
    sheet = read(Source(a_package(tmp_path, good_parts()), None, 1))
    assert [shown(value) for value in sheet.rows[0].values] == ["shared"]


@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/media/image1.bmp"])
def test_what_would_unpack_to_gigabytes_is_refused(tmp_path: Path, part: str) -> None:
    """Nothing of it is unpacked: the file tells how large it is, and how small it was made."""
    path = a_package(tmp_path, {name: text for name, text in good_parts().items() if name != part})
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(zeros.compress(bytes(2**20)) for _ in range(100)) + zeros.flush()
    append_part(path, part, packed, size=100 * 2**20)
    begun = time.process_time()
    tracemalloc.start()
    try:
        assert "would unpack to far more" in fault_of(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("part", [SHEET, STRINGS])
def test_a_part_that_hides_its_size_is_refused(tmp_path: Path, part: str) -> None:
    """Its bytes are counted, and no more of them are taken than it said there are."""
    path = a_package(tmp_path, {name: text for name, text in good_parts().items() if name != part})
    text = good_parts()[part]
    assert isinstance(text, str)
    content = text.encode() + b" " * 2**22
    zipped = zlib.compressobj(9, zlib.DEFLATED, -15)
    append_part(path, part, zipped.compress(content) + zipped.flush(), size=len(text))
    assert "would unpack to far more" in fault_of(path)


def append_part(path: Path, name: str, packed: bytes, size: int) -> None:
    """Add a part that says of itself that it unpacks to so many bytes, true or not."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), packed)
    content = bytearray(path.read_bytes())
    entry = zipfile.ZipFile(io.BytesIO(content)).getinfo(name)
    struct.pack_into("<H", content, entry.header_offset + 8, zipfile.ZIP_DEFLATED)
    struct.pack_into("<I", content, entry.header_offset + 22, size)
    central = content.rindex(b"PK\1\2")
    struct.pack_into("<H", content, central + 10, zipfile.ZIP_DEFLATED)
    struct.pack_into("<I", content, central + 24, size)
    path.write_bytes(content)


def changed(part: str, change: Callable[[str], str | bytes]) -> dict[str, str | bytes]:
    """The good workbook with one part changed."""
    content = good_parts()
    text = content[part]
    assert isinstance(text, str)
    content[part] = change(text)
    return content


@pytest.mark.parametrize(
    "part",
    [SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"],
)
def test_a_document_type_is_refused(tmp_path: Path, part: str) -> None:
    """No workbook has one: it is how entities within entities fill the memory."""
    path = a_package(tmp_path, changed(part, lambda text: ENTITIES + text))
    assert f"{part}: it holds a document type" in fault_of(path)


@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told(tmp_path: Path, part: str, encoding: str) -> None:
    """Excel could read it, and no other program writes it."""
    path = a_package(tmp_path, changed(part, lambda text: text.encode(encoding)))
    assert f"{part}: its text is in UTF-16" in fault_of(path)


@pytest.mark.parametrize(
    "target",
    [
        "../../../../etc/passwd",
        "/etc/passwd",
        "..\\..\\windows\\win.ini",
        "file:///etc/passwd",
        "http://127.0.0.1/sheet1.xml",
        "",
        "worksheets",
    ],
)
def test_a_target_that_leads_elsewhere_leads_nowhere(tmp_path: Path, target: str) -> None:
    """A part's name is a name within the package, and no path or address."""
    content = good_parts()
    content["xl/_rels/workbook.xml.rels"] = relationships(
        relationship("rId1", "worksheet", target),
        relationship("rId3", "sharedStrings", "sharedStrings.xml"),
    )
    assert "damaged" in fault_of(a_package(tmp_path, content))


def test_a_sheet_outside_of_the_package_is_none(tmp_path: Path) -> None:
    """A relationship may say of itself that it leads out."""
    content = good_parts()
    content["xl/_rels/workbook.xml.rels"] = relationships(
        relationship("rId1", "worksheet", "worksheets/sheet1.xml", mode="External")
    )
    assert "damaged" in fault_of(a_package(tmp_path, content))


@pytest.mark.parametrize(
    "part", ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET]
)
@pytest.mark.parametrize("broken", [b"", b"no XML", b"\xff\xff", b"<a></b>"])
def test_a_broken_part_is_told(tmp_path: Path, part: str, broken: bytes) -> None:
    """Whichever of the two readers meets it first."""
    assert "damaged" in fault_of(a_package(tmp_path, changed(part, lambda _: broken)))


def test_a_part_with_a_password_is_told(tmp_path: Path) -> None:
    """Some programs encrypt the parts one by one."""
    path = a_package(tmp_path, good_parts())
    content = bytearray(path.read_bytes())
    place = -1
    for _ in good_parts():
        place = content.index(b"PK\1\2", place + 1)
        content[place + 8] |= 1
    path.write_bytes(content)
    assert "encrypted" in fault_of(path)


def test_bytes_that_went_bad_are_told(tmp_path: Path) -> None:
    """A file that was damaged on its way is no reason for a traceback."""
    path = a_package(tmp_path, good_parts())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET)
    content = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(SHEET)
    content[start : start + 20] = b"\xff" * 20
    path.write_bytes(content)
    assert "damaged" in fault_of(path)
