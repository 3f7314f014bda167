"""What text an Excel cell can hold, and in what spelling. Must not know workbooks.

The limit is of Excel's "specifications and limits"; the characters are those of XML 1.0, section
2.2; the spelling ``_xHHHH_`` is that of ECMA-376, part 1, 22.9.2.19 (ST_Xstring).
"""

import re
from typing import Final

from pipeline.sheets.overflow import Overflow

LIMIT_UNITS: Final = 32_767
"""The longest text in a cell, in UTF-16 code units."""

FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ESCAPE: Final = re.compile("_x([0-9A-Fa-f]{4})_")
ESCAPE_LIKE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def fitted(text: str, row: int, column: str, overflow: Overflow) -> str:
    """The text, or as much of it as a cell can hold with a note on where the whole is kept."""
    held = held_text(text, overflow.name)
    if held is not text:
        overflow.keep(row, column, text)
    return held


def held_text(text: str, name: str) -> str:
    """The text itself, or what a cell holds of one that is kept whole in the file of this name."""
    # A character takes two units at most: most texts are surely short enough.
    if len(text) <= LIMIT_UNITS // 2 and not FORBIDDEN.search(text):
        return text
    held = FORBIDDEN.sub("\ufffd", text)
    if _units(held) > LIMIT_UNITS:
        note = f" … [cut: the whole text of {len(text)} characters is in {name}]"
    elif held != text:
        note = f" [characters that Excel cannot hold: the whole text is in {name}]"
    else:
        return text
    return _cut(held, LIMIT_UNITS - _units(note)) + note


def escaped(text: str) -> str:
    """The spelling in the file that reads back as this text.

    A carriage return would come back as a line feed (XML 1.0, section 2.11), and text that looks
    like an escape as the character that it names.
    """
    if "_x" in text:
        text = ESCAPE_LIKE.sub("_x005F_", text)
    return text.replace("\r", "_x000D_")


def unescaped(text: str) -> str:
    """The text that a spelling in the file stands for."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, units: int) -> str:
    # Half a surrogate pair at the cut is dropped with it.
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")
