"""Attempts are written by whichever statement fits: the line is the same as by the full one."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from pipeline.core.events import GaveUp, Intended, Resumed
from pipeline.core.jsontext import to_json
from pipeline.core.lifecycle import step
from pipeline.core.model import Attempt, Entry, RunId, RunStatus, State, Token
from pipeline.core.replies import Accepted
from pipeline.ledger.records import ATTEMPT_COLUMNS, Values, attempt_values
from pipeline.ledger.saving import BEGIN, END, IN_FULL, INTEND, save_attempts
from tests.core.builders import NOON, a_context, an_observation
from tests.ledger.builders import a_ledger, ids_of

COLUMNS: Final = ", ".join(ATTEMPT_COLUMNS)
INTENT: Final = Attempt(1, State.STARTING, 0, Token("0123456789abcdef-1-1"), NOON)
RUN: Final = {"run_id": RunId("WRUN-1"), "started_at": NOON + 1}
LINES: Final = (
    INTENT,
    replace(INTENT, credits=2.5),
    replace(INTENT, state=State.UNCONFIRMED, error="not known"),
    replace(INTENT, state=State.RUNNING, **RUN),
    replace(INTENT, state=State.RUNNING, **RUN, is_named=True),
    replace(INTENT, state=State.RUNNING, **RUN, error="left over"),
    replace(INTENT, state=State.COMPLETE, **RUN, ended_at=NOON + 9, outputs={"Email": "Hi"}),
    replace(INTENT, state=State.COMPLETE, **RUN, ended_at=NOON + 9, seen_running_at=NOON + 2),
    replace(INTENT, state=State.FAILED, run_id=RunId("WRUN-2"), error="no", credits=0.0),
    replace(INTENT, state=State.EXPIRED, **RUN, ended_at=NOON + 9, error="late"),
)


def the_lines(saved: Sequence[Sequence[Values]], *, in_full: bool) -> list[Values]:
    """What stands in a new ledger once these groups were saved."""
    schema = resources.files("pipeline.ledger").joinpath("schema.sql").read_text()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        for group in saved:
            if in_full:
                connection.execute(IN_FULL, (to_json(group),))
            else:
                save_attempts(group, connection.execute)
        return connection.execute(f"SELECT {COLUMNS} FROM attempt").fetchall()  # noqa: S608


def test_whatever_stood_there_the_line_is_that_of_the_full_statement() -> None:
    """The quick statements are for what is common: what they don't fit is not lost by them."""
    for before, after in product((None, *LINES), LINES):
        saved = [[attempt_values(1, line)] for line in (before, after) if line is not None]
        quick = the_lines(saved, in_full=False)
        full = the_lines(saved, in_full=True)
        assert quick == full, (before, after)


def test_in_a_group_the_common_and_the_others_are_all_saved() -> None:
    """One that its statement does not fit takes none of its group along."""
    first = [attempt_values(1, replace(INTENT, number=n, token=Token(f"{n}"))) for n in (1, 2, 3)]
    ended = replace(INTENT, state=State.COMPLETE, run_id=RunId("WRUN-9"), outputs={"Email": "Hi"})
    known = replace(INTENT, number=2, token=Token("2"), state=State.UNCONFIRMED, error="lost")
    again = replace(INTENT, number=4, token=Token("4"))
    group = [
        attempt_values(1, replace(ended, token=Token("1"))),
        attempt_values(1, known),
        attempt_values(1, again),
    ]
    quick = the_lines([first, group], in_full=False)
    assert quick == the_lines([first, group], in_full=True)
    assert len(quick) == 4


def test_an_attempt_on_its_usual_way_never_needs_the_full_statement(tmp_path: Path) -> None:
    """From intent to end, once with an end that was given up: each step is one quick statement."""
    said: list[str] = []
    complete = an_observation(RunStatus.COMPLETE)
    with a_ledger(tmp_path, "a") as ledger, ledger.transaction() as execute:

        def heard(sql: str, *values: object) -> object:
            said.append(sql)
            return execute(sql, *values)

        entry = Entry(*ids_of(ledger), State.PLANNED)
        events = (Intended(), Accepted(complete.run_id), GaveUp("late"), Resumed(), complete)
        for event in events:
            entry, _ = step(entry, event, a_context())
            assert entry.attempt is not None
            save_attempts([attempt_values(entry.id, entry.attempt)], heard)
    assert said == [INTEND, BEGIN, END, BEGIN, END]


@pytest.mark.parametrize("statement", [BEGIN, END], ids=["begin", "end"])
def test_an_attempt_among_a_million_is_found_by_its_key(tmp_path: Path, statement: str) -> None:
    """A group takes as long as among ten: no others are gone through."""
    with a_ledger(tmp_path, "a") as ledger, ledger.transaction() as execute:
        plan = execute(f"EXPLAIN QUERY PLAN {statement}", ("[]",))
        steps = [step for *_, step in plan if "json_each" not in step]
    assert [re.sub(r".*INDEX \S+ ", "", step) for step in steps] == ["(entry_id=? AND number=?)"]


def test_an_end_does_not_write_the_run_of_the_attempt_anew() -> None:
    """Runs have random ids: each that is written again costs a page of their index."""
    set_, _, _ = END.partition(" FROM ")
    assert "run_id" not in set_
