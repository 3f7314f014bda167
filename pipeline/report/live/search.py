"""What a person types to find a row, and what is found. Owns the reading of the question.

Must not know HTTP, nor how rows are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.amounts import plain_amount
from pipeline.core.model import State, Status
from pipeline.core.rows.writing import STATUS_OF
from pipeline.ledger.onlooker import FoundRow, Onlooker

MOST: Final = 100
"""So many rows are shown at once."""

STATES_OF: Final[Mapping[Status, Sequence[State]]] = {
    status: [state for state in State if STATUS_OF[state] is status] for status in Status
}

LARGEST_NUMBER: Final = 2**63 - 1
"""As SQLite stores them."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found; the names are the page's. Moments are Unix seconds."""

    row: int
    equal_rows: int
    """How many rows share its run, itself included."""
    is_in_sheet: bool
    status: Status
    attempts: int
    run_id: str | None
    sent_at: float | None
    ended_at: float | None
    credits: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, in the sheet's order."""

    hits: Sequence[Hit]
    has_more: bool = False
    """Asked again behind the last row, there is more."""
    remark: str | None = None
    """What to say beside it, or in its place."""


def search(onlooker: Onlooker, text: str, after_row: int) -> Answer:
    """Rows by number, by the beginning of a run's id, or by status.

    `after_row` pages through the rows of a status: 0 at first.
    """
    words = text.strip()
    if not words:
        return Answer((), remark="Type a row's number, a run's id or a status.")
    status = next((status for status in Status if status == words.casefold()), None)
    if status is Status.SKIPPED:
        return Answer((), remark="The ledger counts skipped rows, and does not keep them.")
    if status is not None:
        return _by_status(onlooker, status, after_row)
    return _by_name(onlooker, words)


def _by_status(onlooker: Onlooker, status: Status, after_row: int) -> Answer:
    rows = [
        row for state in STATES_OF[status] for row in onlooker.by_state(state, after_row, MOST + 1)
    ]
    rows.sort(key=lambda row: row.row_number)
    faulty = onlooker.faulty() if status is Status.FAILED else 0
    remark = f"{faulty} more can't be sent: pipeline check names their cells." if faulty else None
    return Answer([*map(_hit, rows[:MOST])], has_more=len(rows) > MOST, remark=remark)


def _by_name(onlooker: Onlooker, words: str) -> Answer:
    number = words.casefold().removeprefix("row").strip()
    rows = []
    if number.isdecimal() and int(number) <= LARGEST_NUMBER:
        rows += onlooker.by_row(int(number))
    rows += onlooker.by_run(words, MOST + 1)
    if rows:
        return Answer([*map(_hit, rows[:MOST])], remark=_too_many(rows))
    remark = (
        "No such row in the ledger: it may be skipped, blank, one that can't be sent, or share the "
        "run of an equal row above it."
    )
    return Answer((), remark=remark if number.isdecimal() else "No run's id begins so.")


def _too_many(rows: Sequence[FoundRow]) -> str | None:
    return f"The first {MOST}: type more of the id." if len(rows) > MOST else None


def _hit(row: FoundRow) -> Hit:
    return Hit(
        row=row.row_number,
        equal_rows=row.rows,
        is_in_sheet=row.is_in_sheet,
        status=STATUS_OF[row.state],
        attempts=row.attempts,
        run_id=row.run_id,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        credits=None if row.credits is None else plain_amount(row.credits),
        error=row.error,
    )
