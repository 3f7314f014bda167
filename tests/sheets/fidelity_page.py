"""The page ``docs/fidelity.md``, made from the features that the tests try. Writes it when run.

.venv/bin/python -m tests.sheets.fidelity_page
"""

from pathlib import Path

from tests.sheets.features import KEPT, REFUSED, SAID

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "fidelity.md"

INTRODUCTION = """\
# What of a workbook is kept

The output is the input's copy. Every part of the file but the sheet's own is copied byte for byte,
packed as it stands; the sheet's part is passed through as it is, with the new cells put into it.
Besides it only these may change, each for one reason:

| part | why |
|---|---|
| the styles | text that looks like a formula gets a style that says it is text, if none does |
| the styles | a new number in a column of dates or shares gets a style that shows a number |
| the order of calculation | a formula was replaced by a value, in a column filled in place |
| the types and ways of the parts | the order of calculation has no cell left, and goes |

Within the sheet's part only these change: the cells of the new columns; how far the sheet and its
rows are said to reach; and a format that would hide a new column, which is parted so that the
column is seen.

New headers take the look of their left neighbour. New cells take the format of their column where
it has one, else they are plain; a number is shown as it is, whatever its column shows. A cell that
is filled in place keeps its own format. New columns stand right of all content, merged cells,
tables and formulas that fill several cells.

Whether a workbook can be written is found out before any row is sent.

This page is made by the tests, which try each of its lines.
"""


def page() -> str:
    """The page's text."""
    kept = [f"| {feature.name} | kept |" for feature in KEPT]
    said = [f"| {feature.name} | said: {feature.told} |" for feature in SAID]
    refused = [f"| {feature.name} | refused: {feature.told} |" for feature in REFUSED]
    head = ["| a workbook with | what becomes of it |", "|---|---|"]
    return INTRODUCTION + "\n" + "\n".join([*head, *kept, *said, *refused]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
