"""`pipeline retry`: which rows it sends again, and what it says of the others."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.core.model import FailureClass
from tests.commands.doubting import Ended, Program
from tests.journeys.running import a_batch, write_config, write_rows

HOW_ROWS_FAILED: Mapping[int, tuple[str, FailureClass]] = {
    2: ("failed", FailureClass.INPUT),
    3: ("failed", FailureClass.PROVIDER),
    4: ("expired", FailureClass.TRANSIENT),
    5: ("failed", FailureClass.INPUT),
    6: ("failed", FailureClass.UNCONFIRMED),
    7: ("failed", FailureClass.PROVIDER),
}
"""By their numbers in the sheet; row 8 is complete."""


@pytest.fixture
def batch(tmp_path: Path, program: Program) -> Path:
    """Seven rows, of which six did not complete, each in its own way. Their runs are gone."""
    config = a_batch(tmp_path, 7)
    assert program("run", config).exit == 0
    with closing(sqlite3.connect(tmp_path / "batch.ledger")) as ledger, ledger:
        for row, (state, failure) in HOW_ROWS_FAILED.items():
            ledger.execute("UPDATE entry SET state = ? WHERE row_number = ?", (state, row))
            ledger.execute(
                "UPDATE attempt SET state = ?, failure = ?, outputs = NULL, "
                "run_id = 'WRUN-gone-' || ?, ended_at = 0 "
                "WHERE entry_id = (SELECT id FROM entry WHERE row_number = ?)",
                (state, failure, row, row),
            )
    # Row 4 is looked at by every call, for so long.
    return write_config(config, polling={"rate": "500/s", "first": "20ms", "give_up": "50ms"})


def sent_again(config: Path) -> set[int]:
    """The rows that had a second attempt."""
    with closing(sqlite3.connect(config.with_name("batch.ledger"))) as ledger:
        rows = ledger.execute("SELECT row_number FROM entry WHERE attempts = 2")
        return {number for (number,) in rows}


def reused(ended: Ended) -> int:
    """How many rows were final, by the summary's JSON."""
    return int(json.loads(ended.out)["reused"])


@pytest.mark.parametrize(
    ("flags", "rows"),
    [
        ((), {3, 4, 6, 7}),
        (("--status", "expired"), {4}),
        (("--status", "failed"), {3, 6, 7}),
        (("--class", "provider"), {3, 7}),
        (("--class", "transient"), {4}),
        (("--class", "unconfirmed"), {6}),
        (("--class", "input"), set()),
        (("--class", "input", "--rows", "2-5"), {2, 5}),
        (("--rows", "2,4-6"), {2, 4, 5, 6}),
        (("--rows", "6-4"), {4, 5, 6}),
        (("--rows", "8,99"), set()),
        (("--rows", "2-99", "--status", "expired"), {4}),
    ],
)
def test_only_what_is_meant_is_sent_again(
    batch: Path, program: Program, flags: tuple[str, ...], rows: set[int]
) -> None:
    """By status, class and row; each sent once, and the others as they were."""
    ended = program("retry", batch, *flags, "--json")
    assert sent_again(batch) == rows
    assert reused(ended) == 6 - len(rows - {4})
    said = f"Rows that get a new attempt: {len(rows)}; about {2 * len(rows)} credits"
    assert (said if rows else "No row to retry.") in ended.err


def test_rows_that_are_not_in_the_sheet_are_told_as_such(batch: Path, program: Program) -> None:
    """A number from another sheet, or a mistyped one, is no row that needs no retry."""
    none = "No row to retry: the sheet has no row of these numbers; its rows stand between 2 and 8."
    assert none in program("retry", batch, "--rows", "1,9-99").err
    assert "No row to retry.\n" in program("retry", batch, "--rows", "8,99").err


@pytest.mark.parametrize(
    ("lines", "asked", "told"),
    [
        ("A\n,\n,\nB\n", "3", "; its rows stand between 2 and 5"),
        ("A\n", "999", ", only row 2"),
    ],
)
def test_where_the_rows_of_a_sheet_stand_is_told(
    tmp_path: Path, program: Program, lines: str, asked: str, told: str
) -> None:
    """Not every line between the first row and the last is one: some are blank."""
    config = a_batch(tmp_path, 1)
    (tmp_path / "rows.csv").write_text(f"Company,Nr\n{lines}", encoding="utf-8")
    program("run", config)
    said = f"No row to retry: the sheet has no row of these numbers{told}."
    assert said in program("retry", config, "--rows", asked).err


def test_rows_that_were_refused_are_counted_and_can_be_named(batch: Path, program: Program) -> None:
    """One line says how many are left out, and what to write: that very call sends them."""
    ended = program("retry", batch, "--class", "input")
    (line,) = (line for line in ended.err.splitlines() if line.startswith("Left out: "))
    assert line.startswith("Left out: 2 rows")
    flags = line.rpartition(": ")[2].split()
    assert flags == ["--class", "input", "--rows", "2-5"]
    assert "Left out" not in program("retry", batch, *flags).err
    assert sent_again(batch) == {2, 5}


def test_a_refused_row_that_was_mended_is_a_new_one(batch: Path, program: Program) -> None:
    """`run` sends it, without a retry; the others stay as they are."""
    rows = [["Mended", 0], *([f"Company {n}", n] for n in range(1, 7))]
    write_rows(batch.with_name("rows.csv"), rows, ["Company", "Nr"])
    ended = program("run", batch, "--json")
    assert json.loads(ended.out)["requests"]["start"] == 1


def test_a_round_under_way_goes_on_whatever_is_named(batch: Path, program: Program) -> None:
    """The same command goes on after a stop, and one that names other rows says that it waits."""
    begun = program("retry", batch, "--class", "provider", "--limit", 1)
    assert "goes on" not in begun.err, "a round that begins is none that goes on"
    assert sent_again(batch) == {3}
    ended = program("retry", batch, "--rows", "4")
    assert "What this call names is left aside" in ended.err
    assert "An earlier `retry` goes on; rows still to be sent: 1." in ended.err
    assert "A round" not in ended.err
    assert sent_again(batch) == {3, 7}


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        (("--rows", "3-"), "are no rows: write numbers such as 3,7-9"),
        (("--rows", "0"), "are no rows"),
        (("--rows", ""), "are no rows"),
        (("--class", "quota"), "invalid choice: 'quota'"),
        (("--status", "complete"), "invalid choice: 'complete'"),
        (("--fresh", "--rows", "3"), "--fresh is for all rows of the sheet"),
    ],
)
def test_what_can_mean_no_row_is_refused(
    batch: Path, program: Program, flags: tuple[str, ...], wrong: str
) -> None:
    """Exit 2, in one line, and nothing was started."""
    ended = program("retry", batch, *flags)
    assert ended.exit == 2
    (line,) = ended.err.splitlines()
    assert wrong in line
    assert sent_again(batch) == set()
