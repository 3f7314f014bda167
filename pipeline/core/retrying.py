"""Which rows a retry sends again. Owns the choice. Must not know the Ledger or the command line."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto

from pipeline.core.model import CAME_TO_NOTHING, Entry, FailureClass, State


@dataclass(frozen=True, slots=True)
class RowRanges:
    """Rows by their numbers in the sheet."""

    ranges: tuple[tuple[int, int], ...]
    """The first and the last row of each."""

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person wants tried again; without a filter, all that failed or expired."""

    states: AbstractSet[State] = CAME_TO_NOTHING
    failures: AbstractSet[FailureClass] = frozenset()
    """Empty: of every class."""
    rows: RowRanges | None = None
    """``None``: wherever they stand."""


class Answer(Enum):
    """What becomes of one row in a retry."""

    SENT_AGAIN = auto()
    UNCHANGED = auto()
    """It was meant, but its start was refused, and it would be the same start: only a person who
    names the row can know better."""
    NOT_MEANT = auto()


def answer(entry: Entry, row_numbers: Iterable[int], choice: Choice) -> Answer:
    """Whether the rows of these numbers, which share a run if they are several, are sent again.

    A row whose start variables changed is another entry.
    """
    failure = _class_of(entry)
    if entry.state not in choice.states or (choice.failures and failure not in choice.failures):
        return Answer.NOT_MEANT
    if choice.rows is None:
        return Answer.UNCHANGED if failure is FailureClass.INPUT else Answer.SENT_AGAIN
    is_named = any(number in choice.rows for number in row_numbers)
    return Answer.SENT_AGAIN if is_named else Answer.NOT_MEANT


def _class_of(entry: Entry) -> FailureClass | None:
    failure = None if entry.attempt is None else entry.attempt.failure
    # What surely never began was cut off on its way: nothing tells against the row.
    return FailureClass.TRANSIENT if failure is FailureClass.NEVER_BEGUN else failure
