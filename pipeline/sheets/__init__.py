"""The only room that knows a file format: reads the sheet, writes its copy."""

from pipeline.sheets.files import check_target, digest, keep_aside
from pipeline.sheets.formats import read, rehearse, tops, write
from pipeline.sheets.recognising import WrittenTexts
from pipeline.sheets.source import InputChanged, Source, TextForm, Top, Written

__all__ = [
    "InputChanged",
    "Source",
    "TextForm",
    "Top",
    "Written",
    "WrittenTexts",
    "check_target",
    "digest",
    "keep_aside",
    "read",
    "rehearse",
    "tops",
    "write",
]
