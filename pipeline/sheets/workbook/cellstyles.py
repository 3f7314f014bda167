"""The number format of each cell style. Must not know cells.

A cell names a style by its place among the ``cellXfs``, and that names a number format by id
(ECMA-376, part 1, 18.8.10 and 18.8.30).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.sheets.shown.moments import DateSystem
from pipeline.sheets.shown.numberformat import BUILT_IN, GENERAL, NumberFormat
from pipeline.sheets.workbook.bookparts import Attributes, Book, elements
from pipeline.sheets.workbook.container import Container


def looks_of(path: Path, container: Container, book: Book) -> Mapping[str, NumberFormat]:
    """The formats by the number of their style, as a cell writes it. Raises `InputFault`.

    Styles that show a number as it is are left out.
    """
    if book.styles is None or not container.holds(book.styles):
        return {}
    return looks_among(elements(path, container, book.styles), book.system)


def looks_among(
    elements: Iterable[tuple[str, Attributes]], system: DateSystem
) -> Mapping[str, NumberFormat]:
    """The same among the elements of a styles' part, in their order, by their local names."""
    codes = dict(BUILT_IN)
    ids: list[int] = []
    inside = ""
    for element, attributes in elements:
        if element in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
            inside = element
        elif element == "numFmt" and not inside:
            codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif element == "xf" and inside == "cellXfs":
            ids.append(_number(attributes.get("numFmtId")))
    made = {n: NumberFormat.of(codes.get(n, GENERAL), system) for n in set(ids)}
    looks = ((str(style), made[n]) for style, n in enumerate(ids))
    return {style: look for style, look in looks if look is not None}


def _number(text: str | None) -> int:
    return int(text) if text and text.strip().isdecimal() else 0
