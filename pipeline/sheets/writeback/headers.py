"""The texts of a header row, from the sheet's and the shared strings' parts. Must not know rows.

Only so much of the shared strings is looked at as the headers need. By ECMA-376, part 1, 18.3.1.4
(c) and 18.4.8 (si).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain

from pipeline.core.model import CellValue, Formatted, Look
from pipeline.sheets.exceltext import unescaped
from pipeline.sheets.package.elements import Element
from pipeline.sheets.package.parts import a_parser, local, parsed
from pipeline.sheets.package.references import DIGITS, column_number
from pipeline.sheets.workbook.sheetpart import number_of


def columns_of(row: Element) -> Iterator[tuple[int, Element]]:
    """The row's cells, each with its column."""
    column = 0
    for cell in row.below("c"):
        reference = cell.attribute("r")
        column = column_number(reference.rstrip(DIGITS)) if reference else column + 1
        yield column, cell


def shared_places(row: Element) -> set[int]:
    """Which of the shared strings the row's cells name."""
    return {int(_text(cell, "v")) for cell in row.below("c") if _is_shared(cell)}


def has_numbers(row: Element) -> bool:
    """Whether a cell of the row holds a number, which its style may show in its own way."""
    return any(_is_number(cell) for cell in row.below("c"))


def header_values(
    row: Element, shared: Mapping[int, str], looks: Mapping[str, Look], width: int
) -> list[CellValue]:
    """The row's values, as wide as asked for; `looks` are the styles of numbers, by their number.

    They are those that a reader gives, by which the columns have their names.
    """
    values: list[CellValue] = [None] * width
    for column, cell in columns_of(row):
        if column <= width:
            values[column - 1] = _value(cell, shared, looks)
    return values


def strings_at(chunks: Iterable[bytes], places: Collection[int], part: str) -> dict[int, str]:
    """The shared strings at these places. Raises `PartError`."""
    finder = _StringFinder(places)
    return parsed(lambda: finder.find(chunks), part)


def _value(cell: Element, shared: Mapping[int, str], looks: Mapping[str, Look]) -> CellValue:
    if _is_shared(cell):
        return shared.get(int(_text(cell, "v")))
    if _is_number(cell):
        return _number(_text(cell, "v"), looks.get(cell.attribute("s") or "0"))
    match cell.attribute("t"):
        case "inlineStr":
            return unescaped("".join(_runs(cell))) or None
        case "b":
            return _text(cell, "v") == "1"
        case _:
            return unescaped(_text(cell, "v")) or None


def _number(text: str, look: Look | None) -> CellValue:
    number = number_of(text)
    if number is None:
        return text or None  # As it stands: no name that we look for.
    return number if look is None else Formatted(number, look)


def _is_number(cell: Element) -> bool:
    return cell.attribute("t") in {"", "n"} and bool(_text(cell, "v"))


def _is_shared(cell: Element) -> bool:
    return cell.attribute("t") == "s" and _text(cell, "v").isdigit()


def _text(cell: Element, name: str) -> str:
    return "".join("".join(found.texts) for found in cell.below(name)).strip("\n")


def _runs(cell: Element) -> Iterator[str]:
    """The texts of an inline string: its own, or those of its runs."""
    for string in cell.below("is"):
        for text in chain(string.below("t"), string.below("r", "t")):
            yield from text.texts


class _StringFinder:
    """Expat's handlers over the shared strings; phonetic hints are no part of a text."""

    def __init__(self, places: Collection[int]) -> None:
        self._wanted = set(places)
        self._found: dict[int, str] = {}
        self._place = -1
        self._hint_depth = 0
        self._texts: list[str] = []
        self._parser = a_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def find(self, chunks: Iterable[bytes]) -> dict[int, str]:
        for chunk in chunks:
            if len(self._found) == len(self._wanted):
                break
            self._parser.Parse(chunk, False)  # noqa: FBT003 - C's own way
        return self._found

    def _start(self, name: str, _: list[str]) -> None:
        match local(name):
            case "si":
                self._place += 1
                self._texts = []
            case "rPh":
                self._hint_depth += 1
            case "t" if self._place in self._wanted and not self._hint_depth:
                self._parser.CharacterDataHandler = self._texts.append
            case _:
                pass

    def _end(self, name: str) -> None:
        match local(name):
            case "si" if self._place in self._wanted:
                self._found[self._place] = unescaped("".join(self._texts))
            case "rPh":
                self._hint_depth -= 1
            case "t":
                self._parser.CharacterDataHandler = None
            case _:
                pass
