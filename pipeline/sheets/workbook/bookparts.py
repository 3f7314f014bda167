"""Where in a workbook's package the sheets and the styles stand. Must not know what a sheet holds.

The way leads from the package's relationships to the workbook, and on by its own (ECMA-376, part 2,
9.3; part 1, 12.3): no part's name is taken for granted but the first.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from xml.parsers import expat

from pipeline.errors import InputFault
from pipeline.sheets.shown.moments import DateSystem
from pipeline.sheets.workbook.container import Container, damaged

PACKAGE_RELATIONSHIPS: Final = "_rels/.rels"

UTF16_STARTS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

TRUE: Final = frozenset({"1", "true"})
"""How XML Schema spells it (part 2, 3.2.2)."""

Attributes: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Related:
    """One relationship to another part."""

    id: str
    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    """The parts that the cells of a workbook are made of, by their names in the package."""

    sheets: Mapping[str, str]
    """Each sheet's part, by the sheet's name."""
    styles: str | None
    strings: str | None
    """The texts that cells share."""
    system: DateSystem


def book_of(path: Path, container: Container) -> Book:
    """The workbook's parts. Raises `InputFault`."""
    part = _part_of_kind(_related(path, container, PACKAGE_RELATIONSHIPS, ""), "officeDocument")
    if part is None:
        raise damaged(path)
    folder, name = posixpath.split(part)
    related = _related(path, container, posixpath.join(folder, "_rels", f"{name}.rels"), folder)
    parts = {one.id: one.part for one in related}
    sheets: dict[str, str] = {}
    system = DateSystem.SINCE_1900
    for element, attributes in elements(path, container, part):
        if element == "sheet":
            target = parts.get(_relationship_id(attributes))
            if target is not None:
                sheets.setdefault(attributes.get("name", ""), target)
        elif element == "workbookPr" and attributes.get("date1904") in TRUE:
            system = DateSystem.SINCE_1904
    return Book(
        sheets, _part_of_kind(related, "styles"), _part_of_kind(related, "sharedStrings"), system
    )


def elements(path: Path, container: Container, part: str) -> Iterator[tuple[str, Attributes]]:
    """The elements of a small part in order, by their local names. Raises `InputFault`."""
    found: list[tuple[str, Attributes]] = []
    parser = a_parser(path, part)

    def start(name: str, attributes: Attributes) -> None:
        found.append((name.rpartition(":")[2], attributes))

    parser.StartElementHandler = start
    for chunk in container.chunks(part):
        feed(path, part, parser, chunk)
        yield from found
        found.clear()


def opening(path: Path, part: str, first: bytes) -> list[tuple[str, Attributes]]:
    """The elements in a part's first bytes. Raises `InputFault`, as for a document type or UTF-16.

    Such a thing stands before all elements, so that the rest of the part need not be parsed for it.
    """
    found: list[tuple[str, Attributes]] = []
    parser = a_parser(path, part)
    parser.StartElementHandler = lambda name, attributes: found.append(
        (name.rpartition(":")[2], attributes)
    )
    feed(path, part, parser, first)
    if not found:
        raise damaged(path)
    return found


def a_parser(path: Path, part: str) -> expat.XMLParserType:
    """A parser that refuses a document type: no workbook has one, but an attack by entities has.

    It then raises `InputFault`.
    """
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise InputFault(
            place=f"{path}, {part}",
            wrong="it holds a document type, which no workbook does",
            remedy="save it anew in Excel",
        )

    parser.StartDoctypeDeclHandler = refuse
    return parser


def feed(path: Path, part: str, parser: expat.XMLParserType, chunk: bytes) -> None:
    """Parse the next bytes of a part. Raises `InputFault` where they are no XML, or in UTF-16."""
    if parser.CurrentByteIndex <= 0 and chunk.startswith(UTF16_STARTS):
        raise InputFault(
            place=f"{path}, {part}",
            wrong="its text is in UTF-16",
            remedy="open it in Excel and save it as .xlsx",
        )
    try:
        parser.Parse(chunk)
    except expat.ExpatError:
        raise damaged(path) from None


def _related(path: Path, container: Container, part: str, folder: str) -> list[Related]:
    """A part's relationships, but for those that lead out of the package."""
    found = []
    for element, attributes in elements(path, container, part):
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            # The package's root is the top: no number of .. leads above it.
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            found.append(Related(attributes.get("Id", ""), kind, target))
    return found


def _part_of_kind(related: list[Related], kind: str) -> str | None:
    return next((one.part for one in related if one.kind == kind), None)


def _relationship_id(attributes: Attributes) -> str:
    # Under whatever prefix: the strict kind of workbook has a namespace of its own for it.
    return next((value for key, value in attributes.items() if key.endswith(":id")), "")
