"""What a file is by its first bytes, whatever its name says. Must not know what stands in it."""

from typing import Final

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


def kind_of(head: bytes) -> str | None:
    """The suffix that goes with a workbook of this beginning; ``None``: it is no workbook."""
    if head.startswith(OLE_MAGIC):
        return ".xls"
    if not head.startswith(ZIP_MAGIC):
        return None
    return ".ods" if head.startswith(ODS_ENTRY, _ZIP_HEADER_BYTES) else ".xlsx"


def misnamed(source: Source, kind: str) -> InputFault:
    """What is wrong where a workbook of this kind bears another suffix."""
    return InputFault(
        place=str(source.path),
        wrong=f"by its content it is a workbook of the kind {kind}, whatever its name says",
        remedy=f"name it {source.path.with_suffix(kind).name}",
    )
