"""A condition that leaves out every row is told, with what the cells hold instead."""

import sys
from pathlib import Path

import pytest

from tests.commands.arranging import a_batch
from tests.commands.doubting import Program

ROWS = "Company,Ready,Land\n" + "Acme,yes,DE\n" * 3 + "Beta,no,AT\n" * 2 + "Gamma,,CH\nDelta,x,FR\n"
LONG = "a text that is longer than what is shown"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(program: Program, command: str, where: str, rows: str = ROWS) -> list[str]:
    """What is said of `where`, by a call that ends well."""
    a_batch(Path(), rows, input=f"{{path: leads.csv, where: {where}}}")
    ended = program(command, "batch.yaml")
    assert ended.exit == 0, ended.err
    # A terminal breaks a line between words.
    text = " ".join(ended.err.split()) if sys.stderr.isatty() else ended.err
    return [line for line in text.splitlines() if "where" in line]


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_condition_that_no_row_meets_is_told(program: Program, command: str) -> None:
    """Without a terminal no cell is shown: the line may stand in a log for long."""
    assert told(program, command, "{Ready: 'Yes'}") == [
        'input.where: no row has Ready "Yes"; look at what its cells hold'
    ]


def test_at_a_terminal_it_is_told_what_the_cells_hold_instead(program: Program) -> None:
    """The three most frequent texts, cut short, and that there are others."""
    at_a_terminal = program.answering()
    (line,) = told(at_a_terminal, "check", "{Ready: 'Yes'}", ROWS.replace("no,", f"{LONG},"))
    assert line.startswith(
        'input.where: no row has Ready "Yes"; its cells hold "yes" (3), '
        '"a text that is longer t…" (2), "" (1) and others'
    )


def test_of_several_conditions_the_one_is_told_that_no_row_meets(program: Program) -> None:
    """Where each is met by some row, that none meets them all."""
    assert told(program, "check", "{Ready: 'Yes', Land: DE}") == [
        'input.where: no row has Ready "Yes"; look at what its cells hold'
    ]
    assert told(program, "check", "{Ready: 'no', Land: DE}") == [
        'input.where: no row has Ready "no" and Land "DE" together'
    ]


def test_where_a_row_is_left_nothing_is_told(program: Program) -> None:
    """One row is enough."""
    assert told(program, "check", "{Land: ' FR '}") == []


def test_no_cell_is_handed_on_that_a_terminal_would_obey(program: Program) -> None:
    """Control characters of both sets, in cells and in what they are compared with."""
    at_a_terminal = program.answering()
    (line,) = told(at_a_terminal, "check", '{Land: "x\\x9b"}', "Company,Land\nAcme,a\x9b2J\x7fb\n")
    assert line.startswith('input.where: no row has Land "x?"; its cells hold "a?2J?b" (1)')
