"""The features of workbooks that the copy is tried on, each with a workbook that has it."""

import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.sheets.opendocument import an_ods
from tests.sheets.rawworkbooks import (
    CHECKSUM,
    FLAGS,
    MAIN,
    METHOD,
    PACKAGE,
    PACKED,
    ROWS,
    SHEET,
    SIZE,
    STRICT,
    STRICT_RELATIONSHIPS,
    STYLES,
    a_listing,
    a_package,
    a_sheet,
    a_streamed_package,
    parts_with,
    patched,
)

Make = Callable[[Path], Path]
"""Makes the workbook in a folder."""

X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
EXTENDED = (
    f'<extLst><ext xmlns:x14="{X14}" uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}">'
    "<x14:sparklineGroups><x14:sparklineGroup/></x14:sparklineGroups></ext></extLst>"
)
ADA = '<c r="A2" t="inlineStr"><is><t>Ada</t></is></c>'
DISGUISED = (
    f'<row r="2">{ADA}<!-- </row> --><c r="B2" t="inlineStr"><is><t><![CDATA[</c></row>]]></t>'
    "</is></c><?pi </row>?></row>"
)
RULES = (
    '<conditionalFormatting sqref="A1:Z9"/><dataValidations count="1">'
    '<dataValidation sqref="C2"/></dataValidations>'
)
STRINGS = (
    f'<sst xmlns="{MAIN}"><si><t>Na</t></si><si><r><t>Na</t></r><r><t>me</t></r>'
    '<rPh sb="0" eb="1"><t>x</t></rPh></si>'
    '<si><r><t>N</t></r><rPh sb="0" eb="1"><t>x</t></rPh><r><t>r</t></r></si></sst>'
)
OTHER_PARTS = (
    "xl/charts/chart1.xml",
    "xl/media/image1.png",
    "xl/drawings/drawing1.xml",
    "xl/comments1.xml",
    "xl/threadedComments/threadedComment1.xml",
    "xl/pivotTables/pivotTable1.xml",
    "xl/activeX/activeX1.bin",
    "xl/embeddings/oleObject1.bin",
    "xl/model/item.data",
    "xl/queryTables/queryTable1.xml",
    "xl/revisions/revisionLog1.xml",
    "customXml/item1.xml",
    "[trash]/0000.dat",
)
HEADER = ROWS.partition("</row>")[0] + "</row>"


def _of(rows: str = ROWS, *, before: str = "", after: str = "") -> Make:
    return lambda folder: a_package(folder, parts_with(a_sheet(rows, before=before, after=after)))


def _with_parts(
    more: Mapping[str, str | bytes],
    ways: Mapping[str, tuple[str, str]] | None = None,
    sheet: str | None = None,
    name: str = "leads.xlsx",
) -> Make:
    return lambda folder: a_package(
        folder, parts_with(sheet, more=more, ways=ways or {}), name=name
    )


def _with_table(folder: Path) -> Path:
    table = f'<table xmlns="{MAIN}" id="1" name="T" ref="A1:D2" headerRowCount="0"/>'
    listing = a_listing({"rId1": ("table", "../tables/table1.xml")})
    parts = {"xl/tables/table1.xml": table, "xl/worksheets/_rels/sheet1.xml.rels": listing}
    return a_package(folder, parts_with(more=parts))


def _strict(folder: Path) -> Path:
    sheet = a_sheet(attributes=f'xmlns="{STRICT}"')
    return a_package(folder, parts_with(sheet, base=STRICT_RELATIONSHIPS, main=STRICT))


def _prefixed(folder: Path) -> Path:
    body = a_sheet(before='<dimension ref="A1:B2"/>', attributes="")
    for name in ("worksheet", "dimension", "sheetData", "row", "c", "is", "t", "v"):
        for end in (">", " ", "/>"):
            body = body.replace(f"<{name}{end}", f"<x:{name}{end}")
        body = body.replace(f"</{name}>", f"</x:{name}>")
    return a_package(
        folder, parts_with(body.replace("<x:worksheet ", f'<x:worksheet xmlns:x="{MAIN}"'))
    )


def _twice_named(folder: Path) -> Path:
    path = a_package(folder, {SHEET: a_sheet(ROWS.replace("Ada", "Bob")), "a.bin": b"old"})
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "a") as archive:
        for part, content in parts_with(more={"a.bin": b"new"}).items():
            archive.writestr(part, content)
    return path


def _moved(folder: Path) -> Path:
    parts = parts_with(ways={"rId1": ("worksheet", "/xl/Sheets/SHEET1.xml")})
    parts["xl/sheets/Sheet1.xml"] = parts.pop(SHEET)
    return a_package(folder, parts)


def _renamed(old: str, new: str) -> Make:
    """A workbook whose sheet's part has another name, in the archive and in the way to it."""

    def make(folder: Path) -> Path:
        parts = parts_with(ways={"rId1": ("worksheet", f"worksheets/{old}")})
        parts[f"xl/worksheets/{new}"] = parts.pop(SHEET)
        return a_package(folder, parts)

    return make


def _reaching_on(folder: Path) -> Path:
    path = a_package(folder, parts_with())
    with zipfile.ZipFile(path) as archive:
        packed = archive.getinfo("_rels/.rels").compress_size
    return patched(path, "_rels/.rels", PACKED, packed + 1)


def _backslashed(folder: Path) -> Path:
    parts = parts_with()
    parts[SHEET.replace("/", "\\")] = parts.pop(SHEET)
    return a_package(folder, parts)


def _commented(folder: Path) -> Path:
    path = a_package(folder, parts_with())
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"made by hand"
    return path


def a_signed_package(folder: Path) -> Path:
    """A workbook with a digital signature."""
    parts = parts_with(more={"_xmlsignatures/origin.sigs": ""})
    parts["_rels/.rels"] = a_listing({"rId1": ("officeDocument", "xl/workbook.xml")}).replace(
        "</Relationships>",
        f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/digital-signature/origin" '
        'Target="_xmlsignatures/origin.sigs"/></Relationships>',
    )
    return a_package(folder, parts)


def _without(part: str) -> Make:
    return lambda folder: a_package(
        folder, {name: content for name, content in parts_with().items() if name != part}
    )


def _patched(place: tuple[int, int, str], value: int) -> Make:
    return lambda folder: patched(a_package(folder, parts_with()), SHEET, place, value)


def _bomb(folder: Path) -> Path:
    return a_package(folder, parts_with(b"<!--" + b" " * 80 * 1024**2))


def _overlapping(folder: Path) -> Path:
    path = a_package(folder, parts_with())
    content = path.read_bytes()
    start = content.index(b"PK\1\2")
    record_end = content.index(b"PK\1\2", start + 1)
    records = content[start:record_end] + content[start : content.index(b"PK\5\6")]
    end = bytearray(content[content.index(b"PK\5\6") :])
    end[12:16] = len(records).to_bytes(4, "little")
    path.write_bytes(content[:start] + records + end)
    return path


@dataclass(frozen=True)
class Kept:
    """A feature that the copy keeps, and where the new cells then stand."""

    name: str
    make: Make
    new: Mapping[str, object] = field(
        default_factory=lambda: {"C1": "Email", "D1": "Score", "C2": "=x", "D2": 5}
    )


@dataclass(frozen=True)
class Said:
    """A feature that the copy can't keep as it was, and what is told of it before."""

    name: str
    make: Make
    told: str


@dataclass(frozen=True)
class Refused:
    """A workbook that is not written, and what is told of it."""

    name: str
    make: Make
    told: str


def _at(first: str, second: str) -> dict[str, object]:
    """The new cells, where they stand in other columns."""
    return {f"{first}1": "Email", f"{second}1": "Score", f"{first}2": "=x", f"{second}2": 5}


KEPT = (
    Kept("a plain sheet", _of()),
    Kept(
        "rows and cells without their numbers",
        _of(
            ROWS.replace(' r="1"', "")
            .replace(' r="2"', "")
            .replace(' r="A1"', "")
            .replace(' r="B1"', "")
            .replace(' r="A2"', "")
            .replace(' r="B2"', "")
        ),
    ),
    Kept(
        "rows without numbers whose cells have them",
        _of(
            ROWS.replace('<row r="1">', "<row>").replace('<row r="2">', "<row>")
            + '<row><c r="A9"><v>9</v></c></row><row><c><v>10</v></c></row>'
        ),
    ),
    Kept("elements with a prefix", _prefixed),
    Kept("the strict dialect (ISO 29500)", _strict),
    Kept("rows out of order", _of('<row r="4"><c r="A4"><v>1</v></c></row>' + ROWS)),
    Kept(
        "blank, absent and empty rows",
        _of(HEADER + ROWS[len(HEADER) :] + '<row r="3"/><row r="9"><c r="A9" s="1"/></row>'),
    ),
    Kept(
        "comments and CDATA that look like markup",
        _of(HEADER + DISGUISED),
    ),
    Kept(
        "attributes with > and ' in them",
        _of(HEADER + f"""<row r='2' x:a="'>" xmlns:x='u>"v'>{ADA}</row>"""),
    ),
    Kept(
        "dimension and spans, which grow",
        _of(
            ROWS.replace('<row r="2">', '<row r="2" spans="1:2">'),
            before='<dimension ref="A1:B2"/>',
        ),
    ),
    Kept(
        "columns with a format of their own",
        _of(before='<cols><col min="2" max="16384" width="9" style="2"/></cols>'),
    ),
    Kept(
        "blank cells with a format in the new column",
        _of(
            ROWS.replace(
                '<c r="B2"><v>7</v></c>', '<c r="B2"><v>7</v></c><c r="C2" s="1"/><c r="F2" s="1"/>'
            )
        ),
    ),
    Kept(
        "merged cells beside the rows",
        _of(after='<mergeCells count="1"><mergeCell ref="A2:D3"/></mergeCells>'),
        _at("E", "F"),
    ),
    Kept("a table, also one wider than its content", _with_table, _at("E", "F")),
    Kept("an autofilter that ends at the new column", _of(after='<autoFilter ref="A1:C2"/>')),
    Kept(
        "array formulas, also those that spill",
        _of(ROWS.replace("<v>7</v>", '<f t="array" ref="B2:D2">X</f><v>7</v>')),
        _at("E", "F"),
    ),
    Kept(
        "shared formulas and cached values",
        _of(ROWS.replace("<v>7</v>", '<f t="shared" ref="B2:B9" si="0">A2</f><v>7</v>')),
    ),
    Kept("formulas never calculated", _of(ROWS.replace("<v>7</v>", "<f>A2</f>"))),
    Kept("sparklines and other extensions", _of(after=EXTENDED)),
    Kept(
        "conditional formats and data validations",
        _of(after=RULES),
    ),
    Kept(
        "styles without any format of cells",
        _with_parts({"xl/styles.xml": f'<styleSheet xmlns="{MAIN}"/>'}),
    ),
    Kept("a protected sheet", _of(after='<sheetProtection sheet="1" password="CC3D"/>')),
    Kept(
        "charts, images, shapes, comments and their threads, pivots, controls, embedded files, "
        "data models, queries, revisions, custom XML, junk",
        _with_parts(dict.fromkeys(OTHER_PARTS, bytes(range(256)))),
    ),
    Kept("macros", _with_parts({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}, name="leads.xlsm")),
    Kept(
        "shared strings in the header",
        _with_parts(
            {"xl/sharedStrings.xml": STRINGS},
            {"rId9": ("sharedStrings", "sharedStrings.xml")},
            a_sheet(
                ROWS.replace(
                    '<c r="A1" t="inlineStr"><is><t>Name</t></is></c>',
                    '<c r="A1" t="s"><v>1</v></c>',
                )
            ),
        ),
    ),
    Kept(
        "a part with a byte order mark",
        lambda folder: a_package(folder, parts_with("\ufeff" + a_sheet())),
    ),
    Kept(
        "a part that does not say how it is spelled",
        lambda folder: a_package(folder, parts_with("<?xml version='1.0'?>" + a_sheet())),
    ),
    Kept(
        "parts that are stored, not packed",
        lambda folder: a_package(folder, parts_with(), method=zipfile.ZIP_STORED),
    ),
    Kept("data descriptors and ZIP64", lambda folder: a_streamed_package(folder, parts_with())),
    Kept("two parts under one name", _twice_named),
    Kept("absolute names, and other letters", _moved),
    Kept("names that are not ASCII", _renamed("blätter.xml", "blätter.xml")),
    Kept("names with backslashes", _backslashed),
    Kept("a comment of the archive", _commented),
)

SAID = (
    Said("a digital signature", a_signed_package, "in the output the signature will be void"),
    Said(
        "workbooks of the kinds .xls, .xlsb and .ods",
        lambda folder: an_ods(folder, "Leads").path,
        "the output is a new .xlsx of values, without formats and formulas",
    ),
)

REFUSED = (
    Refused("a part encrypted", _patched(FLAGS, 1), "its parts are encrypted"),
    Refused("a method of packing that Excel lacks", _patched(METHOD, 12), "packed by a method"),
    Refused("a size that is not the true one", _patched(SIZE, 10), "the file is damaged"),
    Refused("a checksum that is not the true one", _patched(CHECKSUM, 10), "the file is damaged"),
    Refused("a zip bomb", _bomb, "a part would unpack to"),
    Refused("entries that overlap", _overlapping, "the file is damaged"),
    Refused("a part that reaches into the next", _reaching_on, "the file is damaged"),
    Refused(
        "styles in UTF-16",
        _with_parts({"xl/styles.xml": STYLES.encode("utf-16")}),
        "its part xl/styles.xml is spelled in UTF-16",
    ),
    Refused(
        "a DOCTYPE",
        lambda f: a_package(f, parts_with('<!DOCTYPE a [<!ENTITY b "c">]>' + a_sheet())),
        "has a DOCTYPE",
    ),
    Refused(
        "a part in UTF-16",
        lambda f: a_package(f, parts_with(a_sheet().encode("utf-16"))),
        "spelled in UTF-16",
    ),
    Refused(
        "a part in Latin-1",
        lambda f: a_package(
            f,
            parts_with(
                ("<?xml version='1.0' encoding='ISO-8859-1'?>" + a_sheet()).encode("latin-1")
            ),
        ),
        "spelled in iso-8859-1",
    ),
    Refused(
        "a part that breaks off",
        lambda f: a_package(f, parts_with(a_sheet()[:-20])),
        "is damaged (line 1)",
    ),
    Refused(
        "a part that is no worksheet",
        lambda f: a_package(f, parts_with("<chartsheet/>")),
        "is no worksheet",
    ),
    Refused(
        "no list of content types", _without("[Content_Types].xml"), "part that can't be copied"
    ),
    Refused("no sheet's part", _without(SHEET), "part that can't be copied"),
    Refused("a cell without a place", _of(ROWS.replace('"B2"', '"2"')), "not in a sheet"),
    Refused("a row below the last", _of(ROWS + '<row r="1048577"/>'), "and 1,048,576 rows"),
    Refused("a style that is no number", _of(ROWS.replace('"B1"', '"B1" s="x"')), "a number must"),
    Refused("a row that stands twice", _of(ROWS + '<row r="2"/>'), "row 2 stands twice"),
    Refused(
        "no room for more columns",
        _of(ROWS.replace("</row>", '<c r="XFC1"><v>1</v></c></row>', 1)),
        "wider than Excel's 16,384 columns",
    ),
)
