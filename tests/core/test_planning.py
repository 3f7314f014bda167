"""One decision a row, from what it is and what the ledger knows of it."""

from collections import Counter
from typing import Final

import pytest

from pipeline.core.model import RowKey, State
from pipeline.core.rows.planning import DECISION_OF, Decision, plan
from pipeline.core.rows.variables import Faulty, RenderedRow, Skipped
from tests.core.builders import a_sendable

DECISIONS: Final = {
    State.PLANNED: Decision.START,
    State.STARTING: Decision.RECONCILE,
    State.RUNNING: Decision.RESUME,
    State.UNCONFIRMED: Decision.RECONCILE,
    State.COMPLETE: Decision.REUSE,
    State.FAILED: Decision.REUSE,
    State.EXPIRED: Decision.RESUME,
}


def test_every_state_has_a_decision() -> None:
    """No row that the ledger knows is left without an answer."""
    assert set(DECISION_OF) == set(State) == set(DECISIONS)


@pytest.mark.parametrize(("state", "decision"), DECISIONS.items())
def test_what_the_ledger_knows_decides(state: State, decision: Decision) -> None:
    """Only what was never started is started; what may have been is never sent again by guess."""
    assert plan([a_sendable()], {RowKey("key-1"): state}).decisions == (decision,)


@pytest.mark.parametrize(
    ("row", "decision"),
    [
        (a_sendable(), Decision.START),
        (Skipped(2), Decision.SKIP),
        (Faulty(2, "Leads!A2: Company is empty"), Decision.FAULT),
    ],
)
def test_what_the_ledger_does_not_know_is_started_if_it_can_be(
    row: RenderedRow, decision: Decision
) -> None:
    """Rows of another key, complete as they may be, decide nothing for this one."""
    assert plan([row], {RowKey("another"): State.COMPLETE}).decisions == (decision,)


@pytest.mark.parametrize(
    ("state", "decisions"),
    [
        (State.PLANNED, [Decision.START, Decision.SHARE, Decision.SHARE]),
        (State.RUNNING, [Decision.RESUME] * 3),
        (State.COMPLETE, [Decision.REUSE] * 3),
    ],
)
def test_rows_of_one_key_are_started_once(state: State, decisions: list[Decision]) -> None:
    """The first is started, and the others have its outcome; where it has one, all have it."""
    rows = [a_sendable(number, "a") for number in (2, 3, 4)]
    assert plan(rows, {RowKey("a"): state}).decisions == tuple(decisions)


def test_a_plan_keeps_the_sheets_order_and_counts() -> None:
    """The rows come as they were rendered, each with its decision."""
    rows: list[RenderedRow] = [
        a_sendable(2, "a"),
        Skipped(3),
        a_sendable(4, "b"),
        Faulty(5, "x"),
        a_sendable(6, "c"),
    ]
    made = plan(rows, {RowKey("b"): State.COMPLETE})
    assert made.rows == rows
    assert made.decisions == (
        Decision.START,
        Decision.SKIP,
        Decision.REUSE,
        Decision.FAULT,
        Decision.START,
    )
    assert made.counts() == Counter(
        {Decision.START: 2, Decision.SKIP: 1, Decision.REUSE: 1, Decision.FAULT: 1}
    )
