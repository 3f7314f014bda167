"""The columns' own formats: what a new column takes from them, and how it is brought to sight.

By ECMA-376, part 1, 18.3.1.13 (col) and 18.3.1.17 (cols). Must not know cells.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from pipeline.sheets.package.elements import Element, tree_of_piece
from pipeline.sheets.package.parts import PartError, whole_number
from pipeline.sheets.package.tags import end_of_tag, with_attribute, without_attribute

HIDDEN = ("1", "true")
USUAL_WIDTH: Final = b"9.140625"
"""Of eight characters in Excel's usual font, by the formula of 18.3.1.13."""


@dataclass(frozen=True, slots=True)
class ColumnFormats:
    """The ``cols`` element of a sheet, up to its end tag."""

    content: bytes
    formats: tuple[Element, ...]

    @classmethod
    def of(cls, content: bytes, part: str) -> "ColumnFormats":
        """The formats in these bytes. Raises `PartError`."""
        formats = tuple(tree_of_piece(content, part).below("col"))
        if not all(f.attribute("min").isdigit() and f.attribute("max").isdigit() for f in formats):
            raise PartError(f"its part {part} formats columns without a number")
        return cls(content, formats)

    def style(self, column: int) -> int:
        """The style of a column's new cells; 0 is the plain one."""
        for element in self.formats:
            if column in _range(element):
                return whole_number(element.attribute("style"))
        return 0

    def hidden(self, columns: Collection[int]) -> frozenset[int]:
        """Those of the columns that are hidden."""
        hidden = [_range(e) for e in self.formats if e.attribute("hidden") in HIDDEN]
        return frozenset(c for c in columns if any(c in covered for covered in hidden))

    def shown(self, columns: Collection[int]) -> bytes:
        """The element's bytes in which these columns are not hidden, and all others as before."""
        pieces = []
        done = 0
        for element in self.formats:
            pieces.append(self.content[done : element.start])
            pieces += self._split(element, self.hidden(columns) & frozenset(columns))
            done = element.stop
        return b"".join((*pieces, self.content[done:]))

    def _split(self, element: Element, columns: frozenset[int]) -> Iterator[bytes]:
        whole = self.content[element.start : element.stop]
        covered = _range(element)
        if not any(column in covered for column in columns):
            yield whole
            return
        stop = end_of_tag(whole)
        for first, last, is_shown in _runs(covered, columns):
            tag = with_attribute(whole[:stop], b"min", b"%d" % first)
            tag = with_attribute(tag, b"max", b"%d" % last)
            yield (_visible(tag, element) if is_shown else tag) + whole[stop:]


def _runs(covered: range, columns: frozenset[int]) -> Iterator[tuple[int, int, bool]]:
    """The range cut into runs that are among the columns, or are not."""
    # A range may reach to the last of 16,384 columns: cut at the columns, not number by number.
    cuts = sorted(
        {covered.start, covered.stop}
        | {c for c in columns if c in covered}
        | {c + 1 for c in columns if c in covered}
    )
    runs = [(a, b - 1, a in columns) for a, b in pairwise(cuts)]
    for is_shown, group in groupby(runs, key=lambda run: run[2]):
        members = list(group)
        yield members[0][0], members[-1][1], is_shown


def _visible(tag: bytes, element: Element) -> bytes:
    tag = without_attribute(tag, b"hidden")
    if (width := element.attribute("width")) and not width.strip("0."):
        # A column of no width is hidden too, and to some programs so is one that tells none.
        tag = with_attribute(tag, b"width", USUAL_WIDTH)
    return tag


def _range(element: Element) -> range:
    return range(int(element.attribute("min")), int(element.attribute("max")) + 1)
