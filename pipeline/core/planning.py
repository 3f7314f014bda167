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
    SHARE = "share"
    """An equal row above it is started, and its outcome is this row's too."""
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
    begun: set[RowKey] = set()
    return Plan(rendered, tuple(_decide(row, known, begun) for row in rendered))


def _decide(row: RenderedRow, known: Mapping[RowKey, State], begun: set[RowKey]) -> Decision:
    """The decision; `begun` are the rows above that are started, and this one where it is."""
    match row:
        case Skipped():
            return Decision.SKIP
        case Faulty():
            return Decision.FAULT
        case Sendable():
            decision = DECISION_OF[known.get(row.key, State.PLANNED)]
            if decision is Decision.START and row.key in begun:
                return Decision.SHARE
            begun.add(row.key)
            return decision
