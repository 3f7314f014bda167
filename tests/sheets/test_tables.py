"""Tables of our own are whole, hold what they are given, and run nothing."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.errors import OutputFault
from pipeline.sheets import tables
from pipeline.sheets.tables import Table, Value, write_csv, write_workbook

NOON = datetime(2026, 6, 12, 12, 0, 3)  # noqa: DTZ001 - a workbook's moments have no zone
LIVE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("x")', "#N/A"]
TEXTS = [*LIVE, "WRUN-1", "a,b", 'say "so"', "two\nlines", "_x0041_", "é 😀"]


def a_table(*cells: Value, name: str = "Attempts") -> Table:
    """A table of one column."""
    return Table(name, ("Cell",), [(cell,) for cell in cells])


def in_csv(path: Path) -> list[str]:
    """The column as any reader sees it."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    assert header == ["Cell"]
    return [row[0] if row else "" for row in rows]


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_a_live_formula_in_csv(tmp_path: Path, text: str) -> None:
    """What a spreadsheet would run begins with an apostrophe; all else is as it was."""
    (cell,) = in_csv(write_csv(tmp_path / "t.csv", a_table(text)))
    assert cell == (f"'{text}" if text in LIVE and text != "#N/A" else text)


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_a_live_formula_in_a_workbook(tmp_path: Path, text: str) -> None:
    """It is a text for every reader, and the same text."""
    (cell,) = load_workbook(write_workbook(tmp_path / "t.xlsx", [a_table(text)]))["Attempts"]["A"][
        1:
    ]
    assert cell.data_type == "s"
    assert cell.value is not None
    assert cell.value.replace("_x005F_", "_").replace("_x000D_", "\r") == text


def test_numbers_and_moments_are_what_they_are(tmp_path: Path) -> None:
    """A whole number has no fraction, a blank is blank, and a moment can be sorted."""
    cells: list[Value] = [2, None, 2.5, NOON]
    assert in_csv(write_csv(tmp_path / "t.csv", a_table(*cells))) == [
        "2",
        "",
        "2.5",
        "2026-06-12 12:00:03",
    ]
    column = load_workbook(write_workbook(tmp_path / "t.xlsx", [a_table(*cells)]))["Attempts"]["A"]
    assert [cell.value for cell in column[1:]] == cells


def test_a_workbook_has_a_sheet_for_each_table(tmp_path: Path) -> None:
    """In their order, by their names; a table without rows has its header."""
    path = write_workbook(tmp_path / "t.xlsx", [a_table("x"), a_table(name="Totals")])
    book = load_workbook(path)
    assert book.sheetnames == ["Attempts", "Totals"]
    assert [cell.value for cell in book["Totals"]["A"]] == ["Cell"]


def test_what_no_file_can_hold_does_not_stop_the_statement(tmp_path: Path) -> None:
    """A control character or half a pair in an id is replaced."""
    table = a_table("a\0b\x07", "\ud800")
    assert in_csv(write_csv(tmp_path / "t.csv", table)) == ["a\ufffdb\x07", "?"]
    column = load_workbook(write_workbook(tmp_path / "t.xlsx", [table]))["Attempts"]["A"]
    assert [cell.value for cell in column[1:]] == ["a\ufffdb\ufffd", "\ufffd"]


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the file that was there stands as it was."""
    monkeypatch.setattr(tables, "ROWS_LIMIT", 3)
    target = tmp_path / "t.xlsx"
    target.write_text("before")
    with pytest.raises(OutputFault, match=r"name a \.csv"):
        write_workbook(target, [a_table("a", "b", "c")])
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["t.xlsx"]
