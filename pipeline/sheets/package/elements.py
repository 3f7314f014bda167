"""A small part, or a piece of one, as a tree of elements that know their bytes.

Owns the tree. Must not know what the elements mean. For parts of a few hundred kilobytes: a sheet's
rows are too many for a tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.sheets.package.parts import a_parser, check_spelling, local, parsed
from pipeline.sheets.package.tags import end_of_element

Attributes: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Element:
    """An element with its place in the content. Grows while it is parsed, and not after."""

    name: str
    """Without its prefix: within one part, no two of the names that we look for are alike."""
    attributes: Attributes
    """By name, with the prefix where there is one."""
    start: int
    end_event: int = 0
    """Where its end tag stands; for an empty element, the place behind it."""
    stop: int = 0
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """The text between its tags, without that of its children."""

    def below(self, *path: str) -> Iterator["Element"]:
        """The elements under a path of names."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.below(*path[1:])

    def all_below(self) -> Iterator["Element"]:
        """All elements under this one, each before those under it."""
        for child in self.children:
            yield child
            yield from child.all_below()

    def attribute(self, local_name: str) -> str:
        """An attribute by its name without a prefix; empty where there is none."""
        return next((v for n, v in self.attributes.items() if local(n) == local_name), "")


def tree_of(content: bytes, part: str) -> Element:
    """The part's root. Raises `PartError`."""
    check_spelling(content, part)
    return _Builder(content).build(b"", part)


def tree_of_piece(content: bytes, part: str) -> Element:
    """The element that begins this piece of a part, which is cut before its end tag."""
    name = content[1:].split(b">", 1)[0].split()[0]
    return _Builder(content).build(b"</%b>" % name, part)


class _Builder:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._parser = a_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._open = [Element("", {}, 0)]

    def build(self, rest: bytes, part: str) -> Element:
        self._content += rest
        parsed(lambda: self._parser.Parse(self._content, True), part)  # noqa: FBT003 - C's own way
        return self._open[0].children[0]

    def _start(self, name: str, attributes: Sequence[str]) -> None:
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        element = Element(local(name), pairs, self._parser.CurrentByteIndex)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        element.end_event = self._parser.CurrentByteIndex
        element.stop = end_of_element(self._content, element.start, element.end_event)

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)
