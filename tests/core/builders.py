"""What the tests of the core are built of: entries in every state, rows and recipes."""

import dataclasses
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from pipeline.core.model import (
    Attempt,
    CellValue,
    Entry,
    FailureClass,
    Observation,
    Row,
    RowKey,
    RunId,
    RunStatus,
    Sheet,
    Standing,
    State,
    Token,
)
from pipeline.core.rows.variables import FromColumn, Recipe, Sendable, Variable
from pipeline.core.rules import Context

NOON: Final = 1_790_000_000.0
RUN: Final = RunId("WRUN-1")

TOKEN: Final = Token("0123456789abcdef-1-1")
BEGUN: Final = Attempt(1, State.RUNNING, 0, TOKEN, NOON, started_at=NOON + 1, run_id=RUN)
ATTEMPTS: Final[dict[State, Attempt | None]] = {
    State.PLANNED: None,
    State.STARTING: Attempt(1, State.STARTING, 0, TOKEN, NOON),
    State.RUNNING: BEGUN,
    State.UNCONFIRMED: Attempt(1, State.UNCONFIRMED, 0, TOKEN, NOON, error="It is not known"),
    State.COMPLETE: replace(
        BEGUN, state=State.COMPLETE, ended_at=NOON + 9, credits=2.0, outputs={"Email": "Dear Ada"}
    ),
    State.FAILED: replace(
        BEGUN,
        state=State.FAILED,
        ended_at=NOON + 9,
        credits=1.0,
        error="The run failed: no such company",
        failure=FailureClass.PROVIDER,
    ),
    State.EXPIRED: replace(
        BEGUN, state=State.EXPIRED, ended_at=NOON + 9, error="The run had not ended"
    ),
}
"""The first attempt of an entry in each state, as the lifecycle leaves it."""


def an_entry(state: State = State.PLANNED, **changes: object) -> Entry:
    attempt = ATTEMPTS[state]
    entry = Entry(id=1, state=state, attempts=0 if attempt is None else 1, attempt=attempt)
    return replace(entry, **changes)


def asked_again(**changes: object) -> Entry:
    """An entry whose failed run is to be followed by a new attempt."""
    failed = an_entry(State.FAILED, **changes)
    return replace(failed, state=State.PLANNED, round_id=1)


def an_observation(status: RunStatus = RunStatus.COMPLETE, **changes: object) -> Observation:
    seen = Observation(RUN, status, status.upper())
    return replace(seen, **changes)


def a_context(**changes: object) -> Context:
    return replace(Context(NOON + 100), **changes)  # type: ignore[arg-type]  # fields of a context


def a_sheet(*rows: tuple[CellValue, ...], columns: tuple[str, ...] = ("Company",)) -> Sheet:
    """A sheet under a header in its row 1."""
    return Sheet("Leads", columns, tuple(Row(n, values) for n, values in enumerate(rows, 2)))


def a_recipe(variables: Mapping[str, Variable] | None = None, **changes: object) -> Recipe:
    chosen: Mapping[str, Variable] = (
        {"Company": FromColumn("Company")} if variables is None else variables
    )
    recipe = Recipe("https://service.test/api", "WCFG-1", chosen)
    return dataclasses.replace(recipe, **changes)  # type: ignore[arg-type]  # fields of a recipe


def a_sendable(number: int = 2, key: str = "key-1") -> Sendable:
    return Sendable(number, RowKey(key), {"Company": key}, {"Company": key})


def a_standing(state: State, **changes: object) -> Standing:
    """How a row stands after its first attempt; the changes are the attempt's."""
    attempt = ATTEMPTS[state]
    if attempt is not None:
        attempt = replace(attempt, **changes)
    return Standing(state, attempt, None if attempt is None else attempt.credits)
