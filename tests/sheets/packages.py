"""Workbooks made part by part, for what no library would write."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"

FORMATS: Final = ("General", "00000", "yyyy-mm-dd", "0.0%", "[h]:mm", "d mmm yyyy hh:mm", "@")
"""The number formats of the styles 0, 1, 2 …"""

STRICT: Final = {
    MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    RELATIONS: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def relationship(identity: str, kind: str, target: str, mode: str = "Internal") -> str:
    return (
        f'<Relationship Id="{identity}" Type="{RELATIONS}/{kind}" Target="{target}" '
        f'TargetMode="{mode}"/>'
    )


def relationships(*ones: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(ones)}</Relationships>'


def styles(*codes: str) -> str:
    """A style for each number format, in order."""
    formats = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(codes)
    )
    xfs = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(codes)))
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{xfs}</cellXfs></styleSheet>'
    )


def worksheet(rows: str, before: str = "") -> str:
    """A sheet's part around these rows."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'


def parts(rows: str, properties: str = "") -> dict[str, str]:
    """The parts of a workbook whose sheet Leads holds these rows."""
    sheets = '<sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relationships(relationship("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"<workbookPr {properties}/>{sheets}</workbook>",
        "xl/_rels/workbook.xml.rels": relationships(
            relationship("rId1", "worksheet", "worksheets/sheet1.xml"),
            relationship("rId2", "styles", "styles.xml"),
            relationship("rId3", "sharedStrings", "sharedStrings.xml"),
        ),
        "xl/styles.xml": styles(*FORMATS),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>shared</t></si></sst>',
        "xl/worksheets/sheet1.xml": worksheet(rows),
    }


def a_package(folder: Path, content: Mapping[str, str | bytes], name: str = "leads.xlsx") -> Path:
    """A workbook of these parts, as a file."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in content.items():
            archive.writestr(part, text)
    return path


def header(*names: str) -> str:
    """A header in row 1, of inline texts."""
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
    return f'<row r="1">{cells}</row>'
