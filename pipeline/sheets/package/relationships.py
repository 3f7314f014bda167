"""A workbook's package: its parts, and how one leads to another.

By ECMA-376, part 2 (Open Packaging Conventions): part names are looked up without regard to case,
relationships by the last word of their type, which is the same in both dialects. For copying: what
is missing or twofold is told as it bears on a copy; a reader's way is `workbook.bookparts`.
Must not know what stands in a sheet.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.sheets.package.archive import Archive, Entry
from pipeline.sheets.package.elements import Element, tree_of
from pipeline.sheets.package.parts import PartError, whole_number

CONTENT_TYPES: Final = "[Content_Types].xml"
LARGEST_SMALL_PART_BYTES: Final = 64 * 1024**2
"""Parts that are held whole; only a sheet and the shared strings may be larger."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """A way from one part to another."""

    identity: str
    kind: str
    """The last word of its type, as ``worksheet``."""
    part: str
    """The name of the part that it leads to."""


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A sheet with cells."""

    name: str
    identity: int
    """Its id in the workbook."""
    part: str
    is_visible: bool


class Package:
    """The parts of an open archive. Raises `PartError` where one is missing or damaged."""

    def __init__(self, archive: Archive) -> None:
        self._entries = {_key(_name_of(entry)): entry for entry in archive.entries}
        self._archive = archive
        if CONTENT_TYPES.lower() not in self._entries:
            raise _missing(CONTENT_TYPES)
        self.workbook_part = self._only("", "officeDocument")

    def entry(self, part: str) -> Entry:
        """The archive's entry of a part; of two under one name, the last, as other readers do."""
        entry = self._entries.get(_key(part))
        if entry is None:
            raise _missing(part)
        return entry

    def stream(self, part: str) -> Iterator[bytes]:
        """A part's content in pieces."""
        return self._archive.inflated(self.entry(part))

    def content(self, part: str) -> bytes:
        """A small part's content. Raises `PartError` where it is too large for one."""
        entry = self.entry(part)
        if entry.size > LARGEST_SMALL_PART_BYTES:
            raise PartError(f"its part {part} is far larger than such a part should be")
        return self._archive.content(entry)

    def tree(self, part: str) -> Element:
        """A small part's root element."""
        return tree_of(self.content(part), part)

    def related(self, part: str, kind: str) -> Iterator[Relationship]:
        """The ways of this kind from a part, within the package; from "" for the package's own."""
        listing = _listing_of(part)
        if _key(listing) not in self._entries:
            return
        for element in self.tree(listing).below("Relationship"):
            found = element.attribute("Type").rpartition("/")[2]
            if found == kind and element.attribute("TargetMode") != "External":
                yield Relationship(element.attribute("Id"), found, _target(part, element))

    def first_related(self, part: str, kind: str) -> str | None:
        """The part that such a way leads to; ``None`` where there is no way, or no such part."""
        for way in self.related(part, kind):
            if _key(way.part) in self._entries:
                return way.part
        return None

    def sheets(self) -> Iterator[Worksheet]:
        """The worksheets, in the order of their tabs."""
        parts = {w.identity: w.part for w in self.related(self.workbook_part, "worksheet")}
        for sheet in self.tree(self.workbook_part).below("sheets", "sheet"):
            # The one attribute whose name without a prefix is `id`: the way's, in both dialects.
            if (part := parts.get(sheet.attribute("id"))) is not None:
                yield Worksheet(
                    name=sheet.attribute("name"),
                    identity=whole_number(sheet.attribute("sheetId")),
                    part=part,
                    is_visible=sheet.attribute("state") in ("", "visible"),
                )

    def without_mentions(self, part: str) -> dict[str, bytes]:
        """The parts that name this one, by their names, without their mention of it."""
        listing = _listing_of(self.workbook_part)
        ways = self.tree(listing).below("Relationship")
        types = self.tree(CONTENT_TYPES).below("Override")
        found = {
            listing: [w for w in ways if _target(self.workbook_part, w) == part],
            CONTENT_TYPES: [t for t in types if _key(t.attribute("PartName")) == _key(f"/{part}")],
        }
        return {name: _without(self.content(name), elements) for name, elements in found.items()}

    def is_signed(self) -> bool:
        """Whether a digital signature covers the package."""
        return any(self.related("", "origin"))

    def _only(self, part: str, kind: str) -> str:
        found = self.first_related(part, kind)
        if found is None:
            raise _missing(kind)
        return found


def _listing_of(part: str) -> str:
    """The part that lists the ways from a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(part: str, way: Element) -> str:
    """The name of the part that a way leads to. From the root, so that no name leads out of it."""
    path = posixpath.join("/", posixpath.dirname(part), way.attribute("Target"))
    return posixpath.normpath(path).lstrip("/")


def _without(content: bytes, elements: Sequence[Element]) -> bytes:
    for element in reversed(elements):
        content = content[: element.start] + content[element.stop :]
    return content


def _name_of(entry: Entry) -> str:
    # Names of parts are ASCII; what else stands in an archive must only not be taken for one.
    return entry.name.decode("utf-8", errors="replace").replace("\\", "/").lstrip("/")


def _key(part: str) -> str:
    return part.lower()


def _missing(part: str) -> PartError:
    return PartError(f"the workbook has a part that can't be copied ({part} is missing)")
