"""A batch that has ended is called again: nothing is started, and what stands is left alone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Call
from tests.journeys.running import a_batch, read_rows, write_config, write_rows

ROWS = 3
OUTPUT = {"path": "done.csv"}


def an_ended_batch(folder: Path, call: Call) -> Path:
    a_batch(folder, ROWS, output=OUTPUT)
    assert call("run", "batch.yaml").exit == 0
    return folder / "done.csv"


def readings(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "batch.ledger")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM reading").fetchone()
        return int(count)


def test_the_same_call_again_leaves_reading_and_output_as_they_are(
    tmp_path: Path, call: Call
) -> None:
    """The output is the very file that was written, and the summary says the same of the rows."""
    output = an_ended_batch(tmp_path, call)
    before = output.stat()
    ended = call("run", "batch.yaml", "--json")
    assert (ended.exit, f'"reused": {ROWS}' in ended.out) == (0, True)
    assert (output.stat().st_ino, output.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert readings(tmp_path) == 1


def removed(folder: Path) -> None:
    (folder / "done.csv").unlink()


def edited(folder: Path) -> None:
    (folder / "done.csv").write_text("mine", encoding="utf-8")


def renamed_column(folder: Path) -> None:
    write_config(folder / "batch.yaml", output={**OUTPUT, "columns": {"status": "How it went"}})


def another_output(folder: Path) -> None:
    write_config(folder / "batch.yaml", output=OUTPUT, outputs={"Letter": "Generated email"})


def a_row_more(folder: Path) -> None:
    rows = [[f"Company {n}", n] for n in range(ROWS + 1)]
    write_rows(folder / "rows.csv", rows, ["Company", "Nr"])


def another_cell(folder: Path) -> None:
    rows = [[f"Company {n}", -n] for n in range(ROWS)]
    write_rows(folder / "rows.csv", rows, ["Company", "Nr"])


@pytest.mark.parametrize(
    "change", [removed, edited, renamed_column, another_output, a_row_more, another_cell]
)
def test_whatever_changed_the_output_is_written_anew(
    tmp_path: Path, call: Call, change: Callable[[Path], None]
) -> None:
    """It is as it would be had it never been written before."""
    output = an_ended_batch(tmp_path, call)
    change(tmp_path)
    assert call("run", "batch.yaml").exit == 0
    again = output.read_bytes()
    assert call("export", "batch.yaml", "--output", "other.csv").exit == 0
    assert again == (tmp_path / "other.csv").read_bytes()


def test_rows_that_were_paid_for_again_are_shown(tmp_path: Path, call: Call) -> None:
    """After a round of new attempts, nothing of the earlier output stands."""
    output = an_ended_batch(tmp_path, call)
    before = read_rows(output)
    assert call("run", "batch.yaml", "--fresh", "--yes").exit == 0
    after = read_rows(output)
    assert {row["Run ID"] for row in before}.isdisjoint(row["Run ID"] for row in after)


def test_an_export_of_other_columns_does_not_pass_for_the_runs_own(
    tmp_path: Path, call: Call
) -> None:
    """What another config put in the output's place is replaced."""
    output = an_ended_batch(tmp_path, call)
    before = output.read_bytes()
    renamed_column(tmp_path)
    assert call("export", "batch.yaml").exit == 0
    write_config(tmp_path / "batch.yaml", output=OUTPUT)
    assert call("run", "batch.yaml").exit == 0
    assert output.read_bytes() == before
