"""The README's picture of a result. Owns its look; what it shows is what the demo wrote.

Drawn as SVG by hand, so that it is text, sharp at any size and the same on every machine.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml
from openpyxl import load_workbook

from pipeline.core.rows.cells import column_letter

CHECKOUT: Final = Path(__file__).parents[2]

WIDTHS: Final[Mapping[str, int]] = {
    "Lead ID": 70,
    "First name": 94,
    "Company": 200,
    "Ready": 62,
    "Email": 256,
    "Score": 56,
    "Industry": 122,
    "Status": 88,
    "Credits": 68,
}
"""The columns that are shown, each with its width in pixels. Run ids are new in each demo."""

FIRST_NEW: Final = "Email"
ROWS_SHOWN: Final = 9
GUTTER: Final = 30
ROW_HEIGHT: Final = 27
TOP: Final = 40
"""Pixels above the sheet, for the words on both halves."""

FAST: Final = {
    "limits": {"rate": "200/s"},
    "polling": {"rate": "500/s", "first": "10ms", "max": "50ms"},
}
"""The demo without its waits: what comes out is the same."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the picture: where it stands, and its texts from the header down."""

    letter: str
    texts: tuple[str, ...]
    left: int
    width: int
    is_new: bool


def picture() -> str:
    """The demo's result as an SVG: the demo is run for it."""
    with TemporaryDirectory() as folder:
        columns = _columns(_demo_output(Path(folder)))
    width = columns[-1].left + columns[-1].width + 1
    height = TOP + (ROWS_SHOWN + 2) * ROW_HEIGHT + 1
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif" '
        'font-size="13.5">'
    )
    lines = [
        opening,
        "<title>The demo's result: the leads, and behind them the new columns</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_words(columns, width),
        *_gutter(),
        *(line for column in columns for line in _drawn(column)),
        "</svg>\n",
    ]
    return "\n".join(lines)


def _demo_output(folder: Path) -> Path:
    shutil.copytree(CHECKOUT / "sample_data", folder / "sample_data")
    (folder / "configs").mkdir()
    config = folder / "configs" / "demo.yaml"
    data = yaml.safe_load((CHECKOUT / "configs" / "demo.yaml").read_text(encoding="utf-8"))
    data |= FAST | {"simulator": data["simulator"] | {"duration": "0s"}}
    # JSON is YAML as well.
    config.write_text(json.dumps(data), encoding="utf-8")
    call = [sys.executable, "-m", "pipeline", "run", str(config)]
    subprocess.run(call, check=True, capture_output=True, cwd=CHECKOUT)
    return config.parent / str(data["output"]["path"])


def _columns(workbook: Path) -> list[Column]:
    sheet = load_workbook(workbook)["Leads"]
    columns: list[Column] = []
    left = GUTTER
    is_new = False
    for place, cells in enumerate(sheet.iter_cols(max_row=1 + ROWS_SHOWN)):
        name = str(cells[0].value)
        is_new = is_new or name == FIRST_NEW
        if name in WIDTHS:
            texts = tuple("" if cell.value is None else str(cell.value) for cell in cells)
            column = Column(column_letter(place), texts, left, WIDTHS[name], is_new)
            columns.append(column)
            left += WIDTHS[name]
    return columns


def _words(columns: Sequence[Column], width: int) -> Iterator[str]:
    """What each half is, above it."""
    new = next(column.left for column in columns if column.is_new)
    halves = (
        (GUTTER, new - 6, "#1f4e78", "your sheet, as it was"),
        (
            new,
            width - 1,
            "#1e6b43",
            "new columns: what each row's run gave, how it ended, its cost",
        ),
    )
    for left, right, colour, text in halves:
        yield f'<text x="{left}" y="18" fill="{colour}" font-weight="bold">{escape(text)}</text>'
        yield f'<path d="M{left} 31v-5H{right}v5" fill="none" stroke="{colour}"/>'


def _gutter() -> Iterator[str]:
    for place in range(-1, ROWS_SHOWN + 1):
        text = "" if place < 0 else str(place + 1)
        yield from _cell(0, place, GUTTER, text, Look("#f3f3f3", "#666666", is_centred=True))


def _drawn(column: Column) -> Iterator[str]:
    letter = Look("#f3f3f3", "#666666", is_centred=True)
    yield from _cell(column.left, -1, column.width, column.letter, letter)
    for place, text in enumerate(column.texts):
        yield from _cell(column.left, place, column.width, text, _look(column, place, text))


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell is drawn."""

    fill: str
    ink: str
    is_bold: bool = False
    is_centred: bool = False


INK_OF_STATUS: Final = {"complete": "#1e6b43", "skipped": "#8a6d1b"}


def _look(column: Column, place: int, text: str) -> Look:
    if place == 0:
        return Look("#1e6b43" if column.is_new else "#1f4e78", "#ffffff", is_bold=True)
    fill = "#eef7f1" if column.is_new else "#ffffff"
    if column.texts[0] == "Status":
        return Look(fill, INK_OF_STATUS.get(text, "#222222"), is_bold=True)
    return Look(fill, "#222222")


def _cell(left: int, place: int, width: int, text: str, look: Look) -> Iterator[str]:
    top = TOP + (place + 1) * ROW_HEIGHT
    box = f'x="{left}" y="{top}" width="{width}" height="{ROW_HEIGHT}"'
    yield f'<rect {box} fill="{look.fill}" stroke="#d0d0d0"/>'
    if not text:
        return
    x, anchor = (width / 2, ' text-anchor="middle"') if look.is_centred else (6, "")
    weight = ' font-weight="bold"' if look.is_bold else ""
    # A nested picture cuts off what is longer than its cell, as a spreadsheet does.
    yield (
        f'<svg {box}><text x="{x:g}" y="18" fill="{look.ink}"{anchor}{weight}>'
        f"{escape(text)}</text></svg>"
    )
