"""What a batch cost, attempt by attempt, and whether the service says the same. Owns the sums.

Must not know where the attempts are kept, nor how the service's list was read.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.doubts import ledger_token_of
from pipeline.core.model import UNENDED, Attempt, RunId, State, Token
from pipeline.core.money.budget import Spending


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt, with the row that it was made for."""

    row_number: int
    """The row's number when the sheet was last read with it."""
    in_sheet: bool
    """Whether the newest reading held the row."""
    attempt: Attempt
    rows: int = 1
    """How many equal rows of the sheet share the attempt; it stands at the first of them."""
    service: str = ""
    """The address of the service that its row was for."""
    workflow: str = ""
    """The id of the workflow there."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the lines of a statement come to."""

    attempts: int
    credits: float
    """What the service named, over all attempts."""
    sheet_credits: float
    """Of it: for rows that are in the sheet."""
    left_credits: float
    """Of it: for rows that left the sheet, or were changed and are new ones now."""
    credits_unknown: int
    """Complete runs for which the service named no credits: they are in no sum."""
    failed_unknown: int
    """Runs that failed and for which the service named no credits: they too are in no sum."""
    may_cost_yet: int
    """Attempts that may be paid for and were not seen to end: in flight, in doubt, expired."""


def totals(lines: Sequence[Line]) -> Totals:
    """The sums over all lines."""
    spending = Spending()
    for line in lines:
        spending = spending.after(None, line.attempt)
    sheet_credits = sum(line.attempt.credits or 0.0 for line in lines if line.in_sheet)
    left_credits = sum(line.attempt.credits or 0.0 for line in lines if not line.in_sheet)
    unknown = sum(
        line.attempt.state is State.COMPLETE and line.attempt.credits is None for line in lines
    )
    return Totals(
        attempts=len(lines),
        credits=sheet_credits + left_credits,
        sheet_credits=sheet_credits,
        left_credits=left_credits,
        credits_unknown=unknown,
        failed_unknown=spending.unnamed - unknown,
        may_cost_yet=spending.unended,
    )


@dataclass(frozen=True, slots=True)
class ServiceRun:
    """A run, as the service's list shows it."""

    token: Token | None
    """What its start carried; ``None``: nothing of ours."""
    credits: float | None
    """``None``: the list does not say, and nothing can be compared."""


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A run at the service that bears a token of this ledger, which no attempt names as its own."""

    run_id: RunId
    credits: float | None
    line: Line | None
    """The attempt that bears the token; ``None``: none does any more."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A run to which ledger and service ascribe different credits."""

    line: Line
    service_credits: float


@dataclass(frozen=True, slots=True)
class Audit:
    """How the ledger and the service's list stand to each other."""

    agreed: int
    """Runs that both have, with the same credits."""
    running: int
    """Runs that both have and that the ledger has not seen to end: what they cost is open yet."""
    unnamed: int
    """Other runs that both have, for which the list names no credits."""
    lacking: str | None
    """Why the list could not be read whole, so that nothing can be missed in it; ``None``: it was.
    """
    missing: tuple[Line, ...]
    """What the ledger has and the service has not."""
    unrecorded: tuple[Unrecorded, ...]
    differing: tuple[Differing, ...]
    not_ours: int
    """Other runs of the workflow, which bear no token of this ledger."""

    @property
    def differs(self) -> bool:
        """Whether anything was found that is not as the other side has it."""
        return bool(self.missing or self.unrecorded or self.differing)


def audit(
    lines: Sequence[Line], runs: Mapping[RunId, ServiceRun], lacking: str | None = None
) -> Audit:
    """Hold the ledger's attempts against the runs of the service's list."""
    recorded = {line.attempt.run_id: line for line in lines if line.attempt.run_id is not None}
    shown = {run_id: line for run_id, line in recorded.items() if run_id in runs}
    both = [
        (line, runs[run_id].credits)
        for run_id, line in shown.items()
        if line.attempt.state not in UNENDED
    ]
    differing = tuple(
        Differing(line, credits_)
        for line, credits_ in both
        if credits_ is not None and not _is_same(line.attempt.credits, credits_)
    )
    unnamed = sum(credits_ is None for _, credits_ in both)
    others = {run_id: run for run_id, run in runs.items() if run_id not in recorded}
    unrecorded = tuple(_unrecorded(lines, others))
    return Audit(
        agreed=len(both) - unnamed - len(differing),
        running=len(shown) - len(both),
        unnamed=unnamed,
        lacking=lacking,
        missing=_missing(recorded, runs) if lacking is None else (),
        unrecorded=unrecorded,
        differing=differing,
        not_ours=len(others) - len(unrecorded),
    )


def _missing(recorded: Mapping[RunId, Line], runs: Mapping[RunId, ServiceRun]) -> tuple[Line, ...]:
    return tuple(line for run_id, line in recorded.items() if run_id not in runs)


def _is_same(ours: float | None, theirs: float) -> bool:
    return ours is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


def _unrecorded(lines: Sequence[Line], others: Mapping[RunId, ServiceRun]) -> Iterable[Unrecorded]:
    bearers = {line.attempt.token: line for line in lines}
    # A ledger that was copied has tokens of two beginnings, and both are its own.
    ours = {ledger_token_of(token) for token in bearers}
    for run_id, run in others.items():
        if run.token is not None and ledger_token_of(run.token) in ours:
            yield Unrecorded(run_id, run.credits, bearers.get(run.token))
