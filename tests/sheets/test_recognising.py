"""Texts that we wrote are known again, as far as a cell can tell of them, and no others are."""

from pathlib import Path
from typing import Final

import pytest

from pipeline.core.rows.cells import shown
from pipeline.sheets import TextForm, WrittenTexts, read
from tests.sheets.builders import a_copy, a_file, a_source, a_workbook

TEXTS: Final = (
    *("plain", "- a bullet", "=1+1", "@handle", "＠wide", " +1 day", "\ttabbed", "'quoted'", "-5"),  # noqa: RUF001 - the wide one
    *("one; two", "two\nlines", "a\0b", "x\ud800y", "- a\0b", "naïve 日本", "what? no\0thing"),
    *("x" * 40_000, "- " + "y" * 40_000, "\U0001f600" * 20_000, "\0" + "z" * 40_000),
)
INPUTS: Final = {
    "leads.xlsx": None,
    "leads.csv": "Name,City\nAda,London\n",
    "unquoted.csv": "Name;City\nAda;London\n",
    "old.csv": "Name;City\nAda;M\xfcnchen\n".encode("cp1252"),
}


def read_back(folder: Path, name: str, text: str) -> str:
    """The text as its cell is read after it was written into a copy of the input."""
    content = INPUTS[name]
    path = a_workbook(folder) if content is None else a_file(folder, content, name)
    form = TextForm(delimiter=";", quote=None) if name == "unquoted.csv" else None
    written = a_copy(a_source(path, form=form), {2: [text]})
    return shown(next(iter(read(a_source(written.path, form=form)).rows)).values[2])


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_what_was_written_is_known_again(tmp_path: Path, name: str, number: int) -> None:
    """Defused, cut, or with other characters in place of those that the file can't hold."""
    text = TEXTS[number]
    cell = read_back(tmp_path, name, text)
    assert cell in WrittenTexts({"another", text})
    assert cell not in WrittenTexts({*TEXTS} - {text})


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("text", ["- a bullet", "a\0b", "x" * 40_000])
def test_what_a_person_changed_is_not_ours(tmp_path: Path, name: str, text: str) -> None:
    """A word more before it, within it or behind it."""
    cell = read_back(tmp_path, name, text)
    ours = WrittenTexts({text})
    assert cell in ours
    for edited in (f"no {cell}", f"{cell[:3]}no{cell[3:]}", f"{cell[:2]}Q{cell[3:]}", f"{cell} no"):
        assert edited not in ours
