"""Which rows a retry sends again."""

import dataclasses

import pytest
from msgspec.structs import replace

from pipeline.core.events import GaveUp, Resumed
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, FailureClass, State
from pipeline.core.retrying import Answer, Choice, RowRanges, answer
from tests.core.builders import a_context, an_entry

ROW = 7
SENT, UNCHANGED, NOT_MEANT = Answer.SENT_AGAIN, Answer.UNCHANGED, Answer.NOT_MEANT


def failed(failure: FailureClass) -> Entry:
    """A row that failed so."""
    entry = an_entry(State.FAILED)
    assert entry.attempt is not None
    return replace(entry, attempt=replace(entry.attempt, failure=failure))


REFUSED = failed(FailureClass.INPUT)
RUN_FAILED = failed(FailureClass.PROVIDER)
GIVEN_UP = failed(FailureClass.UNCONFIRMED)
NEVER_BEGUN = failed(FailureClass.NEVER_BEGUN)
EXPIRED = step(an_entry(State.RUNNING), GaveUp("it had not ended"), a_context())[0]


def of(*failures: FailureClass) -> Choice:
    """A choice by class."""
    return Choice(failures=frozenset(failures))


def rows(*ranges: tuple[int, int]) -> Choice:
    """A choice by rows."""
    return Choice(rows=RowRanges(ranges))


@pytest.mark.parametrize(
    ("entry", "choice", "expected"),
    [
        (RUN_FAILED, Choice(), SENT),
        (EXPIRED, Choice(), SENT),
        (GIVEN_UP, Choice(), SENT),
        (NEVER_BEGUN, Choice(), SENT),
        (REFUSED, Choice(), UNCHANGED),
        (REFUSED, of(FailureClass.INPUT), UNCHANGED),
        (REFUSED, of(FailureClass.PROVIDER), NOT_MEANT),
        (REFUSED, rows((7, 7)), SENT),
        (REFUSED, rows((1, 6), (8, 99)), NOT_MEANT),
        (RUN_FAILED, rows((3, 3), (7, 9)), SENT),
        (RUN_FAILED, rows((3, 3), (8, 9)), NOT_MEANT),
        (RUN_FAILED, of(FailureClass.PROVIDER), SENT),
        (RUN_FAILED, of(FailureClass.TRANSIENT), NOT_MEANT),
        (EXPIRED, of(FailureClass.TRANSIENT), SENT),
        (EXPIRED, of(FailureClass.PROVIDER), NOT_MEANT),
        (NEVER_BEGUN, of(FailureClass.TRANSIENT), SENT),
        (GIVEN_UP, of(FailureClass.TRANSIENT), NOT_MEANT),
        (GIVEN_UP, of(FailureClass.UNCONFIRMED), SENT),
        (EXPIRED, Choice(states={State.FAILED}), NOT_MEANT),
        (REFUSED, Choice(states={State.EXPIRED}), NOT_MEANT),
        (EXPIRED, Choice(states={State.EXPIRED}), SENT),
        (EXPIRED, dataclasses.replace(rows((7, 7)), states={State.FAILED}), NOT_MEANT),
        (REFUSED, dataclasses.replace(rows((7, 7)), failures={FailureClass.INPUT}), SENT),
        (RUN_FAILED, dataclasses.replace(rows((7, 7)), failures={FailureClass.INPUT}), NOT_MEANT),
    ],
)
def test_a_row_is_sent_again_where_it_is_meant(
    entry: Entry, choice: Choice, expected: Answer
) -> None:
    """What was refused and is the same still is sent only where its row is named."""
    assert answer(entry, [ROW], choice) is expected


def test_rows_that_share_a_run_are_named_by_any_of_their_numbers() -> None:
    """The run is tried again for all of them."""
    assert answer(REFUSED, [2, ROW, 9], rows((9, 9))) is SENT
    assert answer(REFUSED, [2, ROW, 9], rows((3, 6))) is NOT_MEANT


def test_a_run_that_is_watched_again_has_no_failure_any_more() -> None:
    """An expired run that goes on is no failure, and completes as one that never expired."""
    again, _ = step(EXPIRED, Resumed(), a_context())
    assert again.attempt is not None
    assert again.attempt.failure is None
