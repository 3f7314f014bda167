"""Wrong inputs of every kind: each arrangement makes a folder and gives the command line to try."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from openpyxl import Workbook

CELL = "Umbrella-that-is-nobodys-business"
"""Stands in a cell of every sheet here: no error may tell it."""

KEY = "sk-secret-that-opens-nothing"

ROWS = f"Company,Nr\n{CELL},1\nInitech,2\n"

GOOD = {
    "input": "{path: leads.csv}",
    "workflow": "{id: WCFG-1, base_url: simulator}",
    "variables": "{Company: Company}",
    "outputs": "{Email: Generated email}",
}
"""A line of the config for each key, in this order; what is added stands from line 5 on."""

QUICK = {
    "limits": "{rate: 500/s}",
    "polling": "{rate: 500/s, first: 20ms, max: 200ms}",
    "simulator": "{duration: 0s}",
}
"""For a batch that is run to its end: nobody waits for the pace of a real one."""

Arrange: TypeAlias = Callable[[Path], Sequence[str]]
"""Makes the files in a folder, and gives the command line."""


def write_config(folder: Path, **sections: str | None) -> None:
    """The config ``batch.yaml``: a line for each key, good ones by default; None leaves one out."""
    lines = [f"{key}: {text}\n" for key, text in (GOOD | sections).items() if text is not None]
    (folder / "batch.yaml").write_text("".join(lines), encoding="utf-8")


def a_batch(folder: Path, rows: str = ROWS, **sections: str | None) -> None:
    """A good sheet and its config."""
    (folder / "leads.csv").write_text(rows, encoding="utf-8")
    write_config(folder, **sections)


def config(**sections: str | None) -> Arrange:
    """A config that is wrong in these sections, over a good sheet."""

    def arrange(folder: Path) -> Sequence[str]:
        a_batch(folder, **sections)
        return ["run", "batch.yaml"]

    return arrange


def config_file(content: bytes) -> Arrange:
    """A config file of these very bytes."""

    def arrange(folder: Path) -> Sequence[str]:
        a_batch(folder)
        (folder / "batch.yaml").write_bytes(content)
        return ["run", "batch.yaml"]

    return arrange


def rows(content: str | bytes, **sections: str | None) -> Arrange:
    """A good config over a text file of this content."""

    def arrange(folder: Path) -> Sequence[str]:
        write_config(folder, **sections)
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / "leads.csv").write_bytes(raw)
        return ["run", "batch.yaml"]

    return arrange


def workbook(**keys: object) -> Arrange:
    """A good workbook whose only sheet is Leads, and an `input` that has these keys beside it."""

    def arrange(folder: Path) -> Sequence[str]:
        (folder / "leads.xlsx").write_bytes(a_workbook())
        inner = "".join(f", {key}: {value}" for key, value in keys.items())
        write_config(folder, input=f"{{path: leads.xlsx{inner}}}")
        return ["run", "batch.yaml"]

    return arrange


def workbook_file(content: bytes) -> Arrange:
    """A good config over a file that is called a workbook."""

    def arrange(folder: Path) -> Sequence[str]:
        (folder / "leads.xlsx").write_bytes(content)
        write_config(folder, input="{path: leads.xlsx}")
        return ["run", "batch.yaml"]

    return arrange


def a_workbook(*, last_column: int = 2, last_header: str = "Last", formula: str = "") -> bytes:
    """The bytes of a workbook of two rows; the formula, never calculated, stands in the last."""
    book = Workbook()
    sheet = book.create_sheet("Leads", 0)
    del book["Sheet"]
    for row in (("Company", "Nr"), (CELL, 1), ("Initech", 2)):
        sheet.append(row)
    sheet.cell(1, last_column).value = last_header
    if formula:
        sheet.cell(2, last_column).value = formula
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def without_its_sheet(content: bytes) -> bytes:
    """A workbook that has lost the part that holds its rows."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            if "sheet1.xml" not in name:
                new.writestr(name, old.read(name))
    return file.getvalue()


def said(*arguments: str, **sections: str | None) -> Arrange:
    """A good batch, and this command line."""

    def arrange(folder: Path) -> Sequence[str]:
        a_batch(folder, **sections)
        return arguments

    return arrange


def beside(prepare: Callable[[Path], object], *arguments: str, **sections: str | None) -> Arrange:
    """A good batch with something else in its folder, and this command line."""

    def arrange(folder: Path) -> Sequence[str]:
        a_batch(folder, **sections)
        prepare(folder)
        return arguments or ["run", "batch.yaml"]

    return arrange
