"""Each row that is not complete falls into one class, and each class says what to do."""

from itertools import product

import pytest

from pipeline.cli import VERBS
from pipeline.core.model import FailureClass, State, Status
from pipeline.core.rows.variables import Faulty
from pipeline.core.rows.writing import STATUS_OF
from pipeline.ledger.history import TroubledRow
from pipeline.report.troubles import ADVICE, Trouble, grouped, trouble_of

REASONS = (None, *FailureClass)


def a_row(
    number: int = 2, state: State = State.FAILED, failure: FailureClass | None = None
) -> TroubledRow:
    return TroubledRow(number, state, failure, None, 1, None, "why")


def test_a_row_is_in_the_class_that_helps_it() -> None:
    """The table of states and reasons, whole."""
    by_reason = {
        None: Trouble.RUN_FAILED,
        FailureClass.INPUT: Trouble.REFUSED,
        FailureClass.PROVIDER: Trouble.RUN_FAILED,
        FailureClass.UNCONFIRMED: Trouble.GIVEN_UP,
        FailureClass.NEVER_BEGUN: Trouble.RUN_FAILED,
        FailureClass.TRANSIENT: Trouble.EXPIRED,
    }
    expected = {
        **{(State.FAILED, reason): trouble for reason, trouble in by_reason.items()},
        **{(State.EXPIRED, reason): Trouble.EXPIRED for reason in REASONS},
        **{(State.UNCONFIRMED, reason): Trouble.IN_DOUBT for reason in REASONS},
    }
    fine = {Status.COMPLETE, Status.RUNNING, Status.PENDING}
    states = [state for state, status in STATUS_OF.items() if status not in fine]
    found = {
        (state, reason): trouble_of(state, reason) for state, reason in product(states, REASONS)
    }
    assert found == expected


@pytest.mark.parametrize("trouble", Trouble)
def test_each_class_says_which_command_helps(trouble: Trouble) -> None:
    """A remedy without a command helps nobody at a terminal."""
    remedy = ADVICE[trouble].remedy
    assert any(f"pipeline {verb} {{config}}" in remedy for verb in VERBS)


def test_rows_without_an_entry_are_counted_though_they_cannot_be_named() -> None:
    """The classes together are as many as the rows that are not complete."""
    named = grouped([a_row(3), a_row(9)], 2, [Faulty(4, "A4"), Faulty(5, "A5")])
    assert [(g.trouble, g.count, len(g.rows)) for g in named] == [
        (Trouble.CELLS, 2, 2),
        (Trouble.RUN_FAILED, 2, 2),
    ]
    unnamed = grouped([], 2, [])
    assert [(g.trouble, g.count, len(g.rows)) for g in unnamed] == [(Trouble.CELLS, 2, 0)]
