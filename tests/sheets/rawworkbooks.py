"""Workbooks spelled out part by part, for what no library would write."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONSHIPS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"

SHEET = "xl/worksheets/sheet1.xml"
ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>City</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>Ada</t></is></c><c r="B2"><v>7</v></c></row>'
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0"/>'
    '<xf numFmtId="0" fontId="0" xfId="0"><alignment wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def a_sheet(
    rows: str = ROWS, *, before: str = "", after: str = "", attributes: str = f'xmlns="{MAIN}"'
) -> str:
    """A worksheet's part with these rows, and what stands before and after them."""
    return f"<worksheet {attributes}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def a_listing(ways: Mapping[str, tuple[str, str]], base: str = RELATIONSHIPS) -> str:
    """A part of relationships: each one's id, with its kind and target."""
    listed = "".join(
        f'<Relationship Id="{identity}" Type="{base}/{kind}" Target="{target}"/>'
        for identity, (kind, target) in ways.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def content_types(*more: str) -> str:
    """The list of the parts' types, with further parts of some type."""
    types = {
        "xl/workbook.xml": "sheet.main",
        SHEET: "worksheet",
        "xl/styles.xml": "styles",
        **dict.fromkeys(more, "other"),
    }
    listed = "".join(
        f'<Override PartName="/{name}" ContentType="{SPREADSHEET}.{kind}+xml"/>'
        for name, kind in types.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


def parts_with(
    sheet: str | bytes | None = None,
    *,
    base: str = RELATIONSHIPS,
    main: str = MAIN,
    more: Mapping[str, str | bytes] | None = None,
    ways: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, str | bytes]:
    """The parts of a workbook whose one sheet is Leads; `ways` lead from the workbook to `more`."""
    known = {
        "rId1": ("worksheet", "worksheets/sheet1.xml"),
        "rId2": ("styles", "styles.xml"),
        **(ways or {}),
    }
    workbook = (
        f'<workbook xmlns="{main}" xmlns:r="{base}"><sheets>'
        '<sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    return {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": a_listing({"rId1": ("officeDocument", "xl/workbook.xml")}, base),
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": a_listing(known, base),
        "xl/styles.xml": STYLES,
        SHEET: a_sheet() if sheet is None else sheet,
        **(more or {}),
    }


def a_package(
    folder: Path,
    parts: Mapping[str, str | bytes],
    *,
    name: str = "leads.xlsx",
    method: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A workbook of these parts."""
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


def a_streamed_package(folder: Path, parts: Mapping[str, str | bytes]) -> Path:
    """The same as a program writes it that can't go back: sizes behind the bytes, in 64 bits."""

    class Pipe:
        """A file that can only be written to."""

        def __init__(self, path: Path) -> None:
            self._file = path.open("wb")

        def write(self, content: bytes) -> int:
            return self._file.write(content)

        def flush(self) -> None:
            self._file.flush()

        def close(self) -> None:
            self._file.close()

    path = folder / "leads.xlsx"
    pipe = Pipe(path)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for part, content in parts.items():
            with archive.open(part, "w", force_zip64=True) as file:
                file.write(content.encode() if isinstance(content, str) else content)
    pipe.close()
    return path


def patched(path: Path, part: str, field: tuple[int, int, str], value: int) -> Path:
    """The workbook with one field of a part's records changed.

    The field is named by its places in the local header and in the central record, and its format.
    """
    content = bytearray(path.read_bytes())
    local_place, central_place, form = field
    name = part.encode()
    for signature, place, at in ((b"PK\3\4", local_place, 30), (b"PK\1\2", central_place, 46)):
        record = next(
            n
            for n in range(len(content))
            if content.startswith(signature, n) and content.startswith(name, n + at)
        )
        struct.pack_into(form, content, record + place, value)
    path.write_bytes(content)
    return path


FLAGS = (6, 8, "<H")
METHOD = (8, 10, "<H")
PACKED = (18, 20, "<I")
SIZE = (22, 24, "<I")
CHECKSUM = (14, 16, "<I")
