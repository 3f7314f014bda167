"""What a file is by its bytes, whatever its name says. Must not know what stands in its cells."""

from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile

from pipeline.errors import InputFault
from pipeline.sheets.source import Source

OLE_MAGIC: Final = bytes.fromhex("D0CF11E0A1B11AE1")
"""Of a compound file: what Excel makes of a workbook with a password, and .xls."""

ZIP_MAGIC: Final = b"PK\3\4"
"""Of a zip file: any other workbook."""

ODS_ENTRY: Final = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
"""The first entry of an .ods, which stands plain behind its zip header."""

_ZIP_HEADER_BYTES: Final = 30

HEAD_BYTES: Final = 128
"""So many of its first bytes tell what a file is."""

KIND_OF_PARTS: Final = (
    ({"xl/workbook.xml", "xl/vbaproject.bin"}, ".xlsm"),
    ({"xl/workbook.xml"}, ".xlsx"),
    ({"xl/workbook.bin"}, ".xlsb"),
)
"""By which parts a zip file is a workbook, and of which kind; the first that fits counts."""

LOCKED_STREAM: Final = "EncryptedPackage".encode("utf-16-le")
OLD_STREAMS: Final = ("Workbook\0".encode("utf-16-le"), "Book\0".encode("utf-16-le"))
"""What the streams of a compound file are called: with a password, and of an .xls."""

_CHUNK_BYTES: Final = 1024 * 1024


def kind_of(head: bytes) -> str | None:
    """The suffix that goes with a workbook of this beginning; ``None``: it is no workbook.

    Another zip file begins like an .xlsx, and another compound file like an .xls.
    """
    if head.startswith(OLE_MAGIC):
        return ".xls"
    if not head.startswith(ZIP_MAGIC):
        return None
    return ".ods" if head.startswith(ODS_ENTRY, _ZIP_HEADER_BYTES) else ".xlsx"


def zipped_kind(file: BinaryIO) -> str | None:
    """The suffix that goes with a zip file, by its directory alone; ``None``: no workbook."""
    try:
        with ZipFile(file) as archive:
            parts = {name.replace("\\", "/").lstrip("/").casefold() for name in archive.namelist()}
    except (BadZipFile, NotImplementedError, ValueError):
        return None
    return next((kind for wanted, kind in KIND_OF_PARTS if wanted <= parts), None)


def no_text(source: Source, file: BinaryIO, kind: str) -> InputFault:
    """What is wrong where a file that begins like a workbook of this kind is named like a text."""
    place = str(source.path)
    if kind == ".xls" and _holds(file, (LOCKED_STREAM,)):
        return InputFault(
            place=place,
            wrong="it is protected by a password",
            remedy="open it where it was made and save it without a password",
        )
    told = {".xls": _old_kind, ".xlsx": zipped_kind}
    exact = told[kind](file) if kind in told else kind
    if exact is not None:
        return misnamed(source, exact)
    return InputFault(
        place=place,
        wrong="it is no text, but a zip file or another program's document",
        remedy="unpack it, or open it where it was made and save it as .csv or .xlsx",
    )


def _old_kind(file: BinaryIO) -> str | None:
    return ".xls" if _holds(file, OLD_STREAMS) else None


def _holds(file: BinaryIO, words: tuple[bytes, ...]) -> bool:
    """Whether any of these bytes stand in the file, which may be larger than memory."""
    file.seek(0)
    overlap = max(map(len, words))
    tail = b""
    while chunk := file.read(_CHUNK_BYTES):
        seen = tail + chunk
        if any(word in seen for word in words):
            return True
        tail = seen[-overlap:]
    return False


def misnamed(source: Source, kind: str) -> InputFault:
    """What is wrong where a workbook of this kind bears another suffix."""
    return InputFault(
        place=str(source.path),
        wrong=f"by its content it is a workbook of the kind {kind}, whatever its name says",
        remedy=f"name it {source.path.with_suffix(kind).name}",
    )
