"""Workbooks of other programs, as they really are, and what their manifest says of them.

They stand in the folder that the environment variable WORKBOOKS names, else in
``../shared/workbooks`` beside the checkout; its ``manifest.json`` names each one's sheet and header
row. Where there is no such folder, there are none.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.sheets import Source

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(os.environ.get("WORKBOOKS", CHECKOUT.parent / "shared" / "workbooks"))


@dataclass(frozen=True)
class Case:
    """One workbook, by what the manifest says of it."""

    path: Path
    sheet: str
    header_row: int | None
    feature: str

    @property
    def source(self) -> Source:
        """The sheet as the program is told of it."""
        return Source(self.path, self.sheet, self.header_row)


def _cases() -> list[Case]:
    manifest = FOLDER / "manifest.json"
    if not manifest.is_file():
        return []
    return [
        Case(
            path=FOLDER / entry["file"],
            sheet=entry["sheet"],
            header_row=None if entry["header_row"] == "none" else entry["header_row"],
            feature=entry["feature"],
        )
        for entry in json.loads(manifest.read_text("utf-8"))
    ]


CASES = _cases()
