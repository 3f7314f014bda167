"""A start tag as bytes: where it ends, and its attributes changed in their places.

Must not know what a tag means, nor where the tags of a part stand: expat has found the tag and its
place. Within a tag only quotes hide a delimiter (XML 1.0, productions 40 and 10).
"""

from collections.abc import Iterator
from typing import Final

SPACE: Final = b" \t\r\n"


def end_of_tag(content: bytes, start: int = 0) -> int:
    """The place behind the tag that begins at `start`."""
    place = start
    while True:
        close = content.index(b">", place)
        quotes = [found for q in (b'"', b"'") if (found := content.find(q, place, close)) >= 0]
        if not quotes:
            return close + 1
        opening = min(quotes)
        place = content.index(content[opening : opening + 1], opening + 1) + 1


def end_of_element(content: bytes, start: int, end_event: int) -> int:
    """The place behind the element that begins at `start`.

    `end_event` is where expat tells of its end: behind the tag of an empty element, else at the
    end tag.
    """
    if is_empty(content, start, end_event):
        return end_event
    return content.index(b">", end_event) + 1


def is_empty(content: bytes, start: int, end_event: int) -> bool:
    """Whether the element that begins at `start` is one tag, as ``<row/>``."""
    return end_of_tag(content, start) == end_event and content.endswith(b"/>", start, end_event)


def attribute_of(tag: bytes, name: bytes) -> bytes | None:
    """The value of this attribute, as it is spelled; ``None`` where there is none."""
    return next((tag[start:stop] for n, _, start, stop in _attributes(tag) if n == name), None)


def with_attribute(tag: bytes, name: bytes, value: bytes) -> bytes:
    """The tag with this attribute: its value replaced, or the attribute put before the others."""
    for found, _, start, stop in _attributes(tag):
        if found == name:
            return tag[:start] + value + tag[stop:]
    first = _end_of_name(tag)
    return tag[:first] + b" " + name + b'="' + value + b'"' + tag[first:]


def without_attribute(tag: bytes, name: bytes) -> bytes:
    """The tag without this attribute."""
    for found, begin, _, stop in _attributes(tag):
        if found == name:
            return tag[:begin] + tag[stop + 1 :]
    return tag


def _attributes(tag: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Each attribute's name, where it begins with its white space, and where its value stands."""
    begin = _end_of_name(tag)
    while (equals := tag.find(b"=", begin)) >= 0:
        opening = len(tag) - len(tag[equals + 1 :].lstrip(SPACE))
        closing = tag.index(tag[opening : opening + 1], opening + 1)
        yield tag[begin:equals].strip(SPACE), begin, opening + 1, closing
        begin = closing + 1


def _end_of_name(tag: bytes) -> int:
    return next(n for n, byte in enumerate(tag) if byte in b" \t\r\n/>")
