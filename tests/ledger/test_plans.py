"""How the ledger finds what a batch asks for again and again: by a key, whatever else it holds."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from pipeline.ledger import queries, saving
from tests.ledger.builders import a_ledger

KEYS: Final[Mapping[str, str]] = {
    "STATE_OF": "row_key=?",
    "STANDINGS": "row_key=?",
    "PLANNED_BY_ID": "rowid=?",
    "SAVE_ENTRIES": "rowid=?",
    "TAKE_BACK_ATTEMPTS": "entry_id=?",
    "USE_EARLIER_OUTPUTS": "rowid=?",
    "TAKE_LATE_OUTPUTS": "rowid=?",
    "WAITED_FOR_BY_ID": "entry_id=?",
    "ENTRY_WITH_ATTEMPT": "rowid=?",
    "OWNERS": "run_id=?",
    "BEARERS": "token=?",
    "BEARERS_WITHOUT_RUN": "token=?",
}
"""What is asked for a few rows, runs or tokens, and the key by which they are to be found."""


def the_plan(folder: Path, statement: str) -> list[str]:
    """The steps by which SQLite would answer."""
    with a_ledger(folder, "a") as ledger, closing(sqlite3.connect(ledger.path)) as connection:
        values = ("[]",) * statement.count("?")
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        return [step for *_, step in plan]


@pytest.mark.parametrize("name", ["SPENDING", "SUM_CREDITS"])
def test_a_sum_over_all_attempts_looks_up_no_row(tmp_path: Path, name: str) -> None:
    """A call over a million rows that have ended begins and ends with such sums."""
    steps = the_plan(tmp_path, getattr(queries, name))
    assert "SCAN attempt" in steps
    assert not [step for step in steps if re.match("SEARCH entry .*rowid", step)]


def test_runs_that_rows_wait_for_are_found_among_those_that_expired(tmp_path: Path) -> None:
    """Each call asks for them as it begins: mostly there are none."""
    assert the_plan(tmp_path, queries.WAITED_FOR)[0] == "SCAN told USING INDEX attempt_expired"


@pytest.mark.parametrize(("name", "key"), KEYS.items(), ids=KEYS)
def test_a_few_of_many_are_found_by_their_key(tmp_path: Path, name: str, key: str) -> None:
    """Among a million rows a group takes as long as among ten: no others are gone through."""
    statement = getattr(saving if name.startswith("SAVE") else queries, name)
    steps = [
        step
        for step in the_plan(tmp_path, statement)
        if "json_each" not in step and "reading" not in step
    ]
    first = next(step for step in steps if step.startswith(("SCAN", "SEARCH")))
    assert re.search(rf"^SEARCH (entry|attempt|told) USING .*\b{re.escape(key)}\)$", first), steps
    assert not [step for step in steps if step.startswith("SCAN")]
