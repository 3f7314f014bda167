"""What is to be done for each row. Owns the decisions. Must not know how they are carried out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.core.model import RowKey, State
from pipeline.core.variables import Faulty, RenderedRow, Sendable, Skipped


class Decision(StrEnum):
    """What a call does for one row."""

    START = "start"
    RESUME = "resume"
    """It was started before, and has not been seen to end."""
    REUSE = "reuse"
    """Its outcome is in the ledger."""
    RECONCILE = "reconcile"
    """It may have been started: held, and never sent again by guess."""
    SKIP = "skip"
    FAULT = "fault"
    """Its start variables can't be made."""


DECISION_OF: Final[Mapping[State, Decision]] = {
    State.PLANNED: Decision.START,
    State.STARTING: Decision.RECONCILE,
    State.RUNNING: Decision.RESUME,
    State.UNCONFIRMED: Decision.RECONCILE,
    State.COMPLETE: Decision.REUSE,
    State.FAILED: Decision.REUSE,
    State.EXPIRED: Decision.RESUME,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of one sheet, in order, each with its decision."""

    rows: tuple[RenderedRow, ...]
    decisions: tuple[Decision, ...]

    def counts(self) -> Counter[Decision]:
        """How many rows each decision was taken for."""
        return Counter(self.decisions)


def plan(rows: Iterable[RenderedRow], known: Mapping[RowKey, State]) -> Plan:
    """One decision a row, from what the ledger knows of it."""
    rendered = tuple(rows)
    return Plan(rendered, tuple(_decide(row, known) for row in rendered))


def _decide(row: RenderedRow, known: Mapping[RowKey, State]) -> Decision:
    match row:
        case Skipped():
            return Decision.SKIP
        case Faulty():
            return Decision.FAULT
        case Sendable():
            return DECISION_OF[known.get(row.key, State.PLANNED)]
