"""The order of calculation, without the cells whose formulas were replaced by values.

Excel takes a workbook whose chain names a cell without a formula for a damaged one. By ECMA-376,
part 1, 18.6. Must not know the sheet's part.
"""

from collections.abc import Callable

from pipeline.sheets.package.elements import tree_of
from pipeline.sheets.package.parts import whole_number
from pipeline.sheets.package.tags import end_of_tag, with_attribute


def without_cells(
    content: bytes, part: str, is_replaced: Callable[[int, str], bool]
) -> tuple[bytes, int]:
    """The part without the cells that were replaced, and how many cells it has left.

    `is_replaced` is asked with the sheet's id and the cell's reference. Raises `PartError`.
    """
    root = tree_of(content, part)
    pieces = []
    sheet = kept_sheet = 0
    done = end_of_tag(content, root.start)
    head = content[:done]
    count = 0
    for cell in root.below("c"):
        # A cell that names no sheet is on that of the cell before it.
        sheet = whole_number(cell.attribute("i")) or sheet
        if is_replaced(sheet, cell.attribute("r")):
            continue
        whole = content[cell.start : cell.stop]
        if sheet != kept_sheet:
            stop = end_of_tag(whole)
            whole = with_attribute(whole[:stop], b"i", b"%d" % sheet) + whole[stop:]
        pieces.append(whole)
        kept_sheet = sheet
        count += 1
    return b"".join((head, *pieces, content[root.end_event :])), count
