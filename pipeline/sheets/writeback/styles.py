"""The styles of a workbook, to which some may have to be added. Owns the styles' part.

A style here is the index of a cell's format in ``cellXfs`` (ECMA-376, part 1, 18.8.10). Its
``quotePrefix`` (18.8.45) keeps text that looks like a formula from becoming one when the cell is
edited. Must not know cells.
"""

from collections.abc import Callable
from typing import Final

from pipeline.sheets.package.elements import Element, tree_of
from pipeline.sheets.package.tags import (
    attribute_of,
    end_of_tag,
    with_attribute,
    without_attribute,
)

QUOTE: Final = b"quotePrefix"
NUMBER_FORMAT: Final = b"numFmtId"
GENERAL: Final = b"0"
TRUE: Final = (b"1", b"true")


class Styles:
    """The formats of the part, and those that were added since."""

    @classmethod
    def of(cls, content: bytes, part: str) -> "Styles | None":
        """The part's; ``None`` where it lists no formats of cells. Raises `PartError`."""
        listing = next(tree_of(content, part).below("cellXfs"), None)
        return None if listing is None else cls(content, listing)

    def __init__(self, content: bytes, listing: Element) -> None:
        self._content = content
        self._listing = listing
        self._formats = [content[x.start : x.stop] for x in listing.below("xf")]
        self._known = len(self._formats)
        self._quoted: dict[int, int] = {}
        self._unquoted: dict[int, int] = {}
        self._numeric: dict[int, int] = {}

    @property
    def content(self) -> bytes | None:
        """The part with the formats that were added; ``None`` where there are none."""
        added = self._formats[self._known :]
        if not added:
            return None
        start, last = self._listing.start, self._listing.end_event
        stop = end_of_tag(self._content, start)
        tag = with_attribute(self._content[start:stop], b"count", b"%d" % len(self._formats))
        before, between, after = (
            self._content[:start],
            self._content[stop:last],
            self._content[last:],
        )
        return b"".join((before, tag, between, *added, after))

    def numeric(self, style: int) -> int:
        """The style that differs from this one in that it shows a number as a number."""
        return self._variant(style, self._numeric, _with_general_numbers)

    def quoted(self, style: int) -> int:
        """The style that differs from this one in that a formula's sign is only text."""
        return self._variant(style, self._quoted, _with_quote)

    def unquoted(self, style: int) -> int:
        """The style that differs from this one in that it has no such mark."""
        return self._variant(style, self._unquoted, _without_quote)

    def _variant(self, style: int, known: dict[int, int], change: Callable[[bytes], bytes]) -> int:
        """The place of the changed format, which is added where the part has none like it."""
        if style in known:
            return known[style]
        # A cell that names no format keeps what it names.
        if style < len(self._formats):
            new = change(self._formats[style])
            if new != self._formats[style] and new not in self._formats:
                self._formats.append(new)
            known[style] = style if new == self._formats[style] else self._formats.index(new)
        return known.setdefault(style, style)


def _with_general_numbers(style: bytes) -> bytes:
    stop = end_of_tag(style)
    if attribute_of(style[:stop], NUMBER_FORMAT) in (None, GENERAL):
        return style
    return with_attribute(style[:stop], NUMBER_FORMAT, GENERAL) + style[stop:]


def _with_quote(style: bytes) -> bytes:
    stop = end_of_tag(style)
    if attribute_of(style[:stop], QUOTE) in TRUE:
        return style
    return with_attribute(style[:stop], QUOTE, b"1") + style[stop:]


def _without_quote(style: bytes) -> bytes:
    stop = end_of_tag(style)
    if attribute_of(style[:stop], QUOTE) not in TRUE:
        return style
    return without_attribute(style[:stop], QUOTE) + style[stop:]
