"""The rows in doubt, as a person sees them. Owns their table and their JSON.

Tells where a row stands, when it was sent and which runs may be its own, never what is in its
cells. Must not know what a person decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pipeline.commands.preparing import Prepared
from pipeline.commands.runlist import RunList, ShownRun
from pipeline.commands.terminal import printable
from pipeline.config.model import Config
from pipeline.core.doubts import InputDigest, digest_of
from pipeline.core.model import Attempt, Entry, RowKey, RunId, State
from pipeline.core.reconciling import candidates
from pipeline.core.rows.cells import column_letter, find_column
from pipeline.core.rows.variables import Sendable
from pipeline.engine.calls.listing import claims_on
from pipeline.ledger.store import Ledger

PLACE_COLUMNS: Final = 30
STATUS_COLUMNS: Final = 10
LEFT_THE_SHEET: Final = "not in the sheet any more"
FOUND: Final = "  = bears the token of the row's start: it is its run, and `run` will find it"
HELD: Final = "  = bears the token of the row's start: it is its run; say so by --run"
"""The same where no call looks for what is in doubt."""
EQUAL: Final = "  ? was given equal start variables, and belongs to no row"


@dataclass(frozen=True, slots=True)
class CandidateRun:
    """A run that may be a row's own."""

    run_id: RunId
    is_its_own: bool
    """Whether it surely is."""
    shown: ShownRun


@dataclass(frozen=True, slots=True)
class RowInDoubt:
    """A row of which it is not known whether it was started."""

    entry: Entry
    attempt: Attempt
    """The one that is in doubt."""
    input: InputDigest
    number: int | None
    """Its number in the sheet as it now is; ``None``: it is not there any more."""
    place: str
    """Its cells, as a spreadsheet names them."""
    candidates: tuple[CandidateRun, ...] | None = None
    """``None``: not known, since the list of runs was not read."""


def rows_in_doubt(prepared: Prepared, ledger: Ledger) -> list[RowInDoubt]:
    """The rows in doubt by their place in the sheet, last those that left it."""
    doubtful = ledger.enrolled(State.UNCONFIRMED)
    in_sheet = _first_rows(prepared, {row.row_key for row in doubtful})
    rows = []
    for row in doubtful:
        assert row.entry.attempt is not None
        now = in_sheet.get(row.row_key)
        rows.append(
            RowInDoubt(
                entry=row.entry,
                attempt=row.entry.attempt,
                input=digest_of(row.variables),
                number=None if now is None else now.number,
                place=LEFT_THE_SHEET if now is None else _place(now, prepared),
            )
        )
    return sorted(rows, key=lambda row: (row.number is None, row.number or 0))


def _first_rows(prepared: Prepared, keys: set[RowKey]) -> dict[RowKey, Sendable]:
    """The sheet's rows of these keys: of equal rows that share a run, the first stands for all."""
    found: dict[RowKey, Sendable] = {}
    for row in prepared.rows if keys else ():
        if isinstance(row, Sendable) and row.key in keys:
            found.setdefault(row.key, row)
    return found


def _place(row: Sendable, prepared: Prepared) -> str:
    """The cells that its start variables are made of, from the first to the last."""
    sheet = prepared.sheet
    places = sorted(find_column(sheet.columns, column) for column in row.cells) or [0]
    first, last = (f"{column_letter(place)}{row.number}" for place in (places[0], places[-1]))
    return f"{sheet.name}!{first}" + (f":{last}" if last != first else "")


def with_candidates(rows: Sequence[RowInDoubt], runs: RunList, ledger: Ledger) -> list[RowInDoubt]:
    """The rows with what the list shows for each; `rows` must be all that are in doubt."""
    if runs.listing is None:
        return list(rows)
    inputs = {row.attempt.token: row.input for row in rows}
    found = candidates(inputs, runs.listing, claims_on(runs.listing, ledger))
    return [
        replace(
            row,
            candidates=tuple(
                CandidateRun(one.run_id, one.is_its_own, runs.shown[one.run_id])
                for one in found[row.attempt.token]
            ),
        )
        for row in rows
    ]


def as_json(rows: Sequence[RowInDoubt]) -> list[dict[str, object]]:
    """The rows, as the names of the JSON say."""
    return [
        {
            "row": row.number,
            "cells": row.place,
            "sent_at": row.attempt.intended_at,
            "attempt": row.attempt.number,
            "candidates": None
            if row.candidates is None
            else [
                {
                    "run": one.run_id,
                    "is_its_own": one.is_its_own,
                    "status": one.shown.status,
                    "created_at": one.shown.created_at,
                }
                for one in row.candidates
            ],
        }
        for row in rows
    ]


def heading() -> str:
    """What stands above the rows."""
    sent = f"sent ({datetime.now().astimezone().tzname()})"
    return f"{'row':>8}  {'cells':<{PLACE_COLUMNS}}  {sent:<19}  attempt"


def legend(rows: Sequence[RowInDoubt], config: Config) -> list[str]:
    """What the marks mean that stand before the candidates of these rows."""
    marks = {one.is_its_own for row in rows for one in row.candidates or ()}
    found = FOUND if config.retry.looks_for_doubts else HELD
    return [*([found] if True in marks else []), *([EQUAL] if False in marks else [])]


def as_text(row: RowInDoubt) -> str:
    """A row and below it its candidates, within 80 columns."""
    place = row.place
    if len(place) > PLACE_COLUMNS:
        place = f"…{place[1 - PLACE_COLUMNS :]}"
    number = "-" if row.number is None else str(row.number)
    sent = _moment(row.attempt.intended_at)
    lines = [f"{number:>8}  {place:<{PLACE_COLUMNS}}  {sent:<19}  {row.attempt.number:>7}"]
    if row.candidates is None:
        lines.append("  candidates: not known")
    elif not row.candidates:
        lines.append("  candidates: none")
    else:
        lines += map(_candidate, row.candidates)
    return "\n".join(lines)


def _candidate(one: CandidateRun) -> str:
    mark = "=" if one.is_its_own else "?"
    status = one.shown.status[:STATUS_COLUMNS]
    run_id = printable(one.run_id)
    return f"  {mark} {run_id}  {status:<{STATUS_COLUMNS}}  {_moment(one.shown.created_at)}"


def _moment(at: float | None) -> str:
    """A moment by the clock of the person's own place."""
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"
