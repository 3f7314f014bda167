"""Every command spells an amount of credits alike: to its last digit, and with no other."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.commands.doubting import Program
from tests.journeys.running import a_batch

COSTS: Final = (123456.78, 0.0004, 0.1)
AGAIN: Final = 0.2
"""What a second attempt for the last row cost."""
TOLD: Final = "123,457.0804"


@pytest.fixture
def batch(tmp_path: Path, program: Program) -> Path:
    """Three rows: one dear, one that costs next to nothing, and one with two attempts."""
    limits = {"rate": "100/s", "max_credits": 1358025.58}
    config = a_batch(tmp_path, 3, simulator={"duration": "0s"}, limits=limits)
    program("run", config)
    with closing(sqlite3.connect(config.with_name("batch.ledger"))) as ledger, ledger:
        ledger.executemany(
            "UPDATE attempt SET credits = ? WHERE rowid = ?", zip(COSTS, (1, 2, 3), strict=True)
        )
        ledger.execute(
            "INSERT INTO attempt (entry_id, number, state, round_id, token, intended_at, "
            "started_at, ended_at, run_id, credits) SELECT entry_id, 2, state, round_id, "
            "token || '2', intended_at, started_at, ended_at, run_id || '2', ? "
            "FROM attempt WHERE rowid = 3",
            (AGAIN,),
        )
        ledger.execute("UPDATE entry SET attempts = 2 WHERE id = 3")
        ledger.execute("DELETE FROM fact WHERE name = 'output'")
    return config


def test_a_person_is_told_one_sum_by_all_commands(batch: Path, program: Program) -> None:
    """With commas, without an exponent, and no digit less or more than what was named."""
    assert f"credits: {TOLD}\n" in program("status", batch).out
    statement = program("statement", batch).out
    assert f"4 attempts, {TOLD} credits" in statement
    told = [line.split()[-2] for line in statement.splitlines()[1:5]]
    assert told == ["123,456.78", "0.0004", "0.1", "0.2"]
    program("report", batch)
    page = next(batch.parent.glob("*.html")).read_text(encoding="utf-8")
    assert TOLD in page
    assert "123,456.78 at most" in page
    assert ">1358025.58<" in page


def test_a_script_is_told_the_same_sum(batch: Path, program: Program) -> None:
    """What two binary fractions leave behind when they are summed up is in no number."""
    with closing(sqlite3.connect(batch.with_name("batch.ledger"))) as ledger, ledger:
        ledger.execute("UPDATE attempt SET credits = 0.3 WHERE rowid = 1")
        ledger.execute("UPDATE attempt SET credits = 0 WHERE rowid = 2")
    status = json.loads(program("status", batch, "--json").out)
    report = json.loads(program("report", batch, "--json").out)
    statement = json.loads(program("statement", batch, "--json").out)
    assert status["credits"] == report["credits"] == statement["totals"]["credits"] == 0.6


def test_the_sheet_holds_the_same_amounts(batch: Path, program: Program) -> None:
    """Of a row with two attempts, the sum of both."""
    program("export", batch)
    with (batch.parent / "rows.done.csv").open(newline="", encoding="utf-8") as file:
        assert [row["Credits"] for row in csv.DictReader(file)] == ["123456.78", "0.0004", "0.3"]


def test_what_costs_little_is_not_quoted_as_free(tmp_path: Path, program: Program) -> None:
    """Thirty runs at 0.0004 credits cost about 0.012, and not about 0."""
    config = a_batch(tmp_path, 1, simulator={"duration": "0s", "credits": 0.0004})
    program("run", config)
    a_batch(tmp_path, 31, simulator={"duration": "0s", "credits": 0.0004})
    assert "about 0.012 credits" in program("check", config).out
