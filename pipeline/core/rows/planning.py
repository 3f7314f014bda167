"""What is to be done for each row. Owns the decisions. Must not know how they are carried out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from pipeline.core.model import RowKey, Rows, State
from pipeline.core.rows.variables import Faulty, RenderedRow, Sendable, Skipped


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


WHILE_IT_RUNS: Final[Mapping[State, Decision]] = {
    **DECISION_OF,
    State.STARTING: Decision.RESUME,
}
"""Beside a process that runs the batch: what is starting is on its way, and was not cut off."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of one sheet, in order, each with its decision."""

    rows: Rows[RenderedRow]
    """As they were handed in: they may be made anew each time that they are gone through."""
    decisions: tuple[Decision, ...]

    def counts(self) -> Counter[Decision]:
        """How many rows each decision was taken for."""
        return Counter(self.decisions)


def plan(
    rows: Rows[RenderedRow],
    known: Mapping[RowKey, State],
    decision_of: Mapping[State, Decision] = DECISION_OF,
) -> Plan:
    """One decision a row, from what the ledger knows of it."""
    begun: set[RowKey] = set()
    return Plan(rows, tuple(_decide(row, known, decision_of, begun) for row in rows))


def _decide(
    row: RenderedRow,
    known: Mapping[RowKey, State],
    decision_of: Mapping[State, Decision],
    begun: set[RowKey],
) -> Decision:
    """The decision; `begun` are the rows above that are started, and this one where it is."""
    match row:
        case Skipped():
            return Decision.SKIP
        case Faulty():
            return Decision.FAULT
        case Sendable():
            decision = decision_of[known.get(row.key, State.PLANNED)]
            if decision is not Decision.START:
                return decision
            if row.key in begun:
                return Decision.SHARE
            begun.add(row.key)
            return decision
        case _:
            assert_never(row)
