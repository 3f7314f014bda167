"""The statement, as a person or a script reads it. Owns its table, its totals and its JSON.

Tells rows by their numbers and runs by their ids, never what is in a cell. Must not know where the
figures come from.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from pipeline.commands.terminal import printable
from pipeline.core.amounts import amount_in_words, plain_amount
from pipeline.core.counting import counted
from pipeline.core.model import RunId
from pipeline.core.money.accounts import Line, Totals

RUN_COLUMNS: Final = 14
LEFT: Final = "left"
"""Stands for the number of a row that is not in the sheet any more."""
TEXT: Final = "{:>8} {:>3}  {:<16}  {:<19}  {:>10}  {}"
"""A line of the table on a terminal."""
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a workbook's moments have no zone: UTC is said
COLUMNS: Final = (
    "Row",
    "In the sheet",
    "Rows that share it",
    "Attempt",
    "Workflow",
    "Run ID",
    "Sent (UTC)",
    "Accepted (UTC)",
    "Ended (UTC)",
    "Status",
    "Failure",
    "Credits",
)
"""Of the file."""
EVER_SINCE: Final = frozenset({"Row", "In the sheet", "Run ID", "Credits"})
"""Of these columns, those that stand in the file of every version of this program."""
Cell: TypeAlias = str | int | float | datetime | None


def is_heading(cells: Sequence[object]) -> bool:
    """Whether these cells head a statement's file: an older version wrote fewer of the columns."""
    return set(cells) >= EVER_SINCE and [name for name in COLUMNS if name in cells] == list(cells)


def cells_of(line: Line) -> tuple[Cell, ...]:
    """A line's cells in the file, in the order of its columns."""
    attempt = line.attempt
    return (
        line.row_number,
        "yes" if line.in_sheet else "no",
        line.rows,
        attempt.number,
        line.workflow,
        attempt.run_id,
        _moment(attempt.intended_at),
        _moment(attempt.started_at),
        _moment(attempt.ended_at),
        str(attempt.state),
        None if attempt.failure is None else str(attempt.failure),
        None if attempt.credits is None else plain_amount(attempt.credits),
    )


def _moment(at: float | None) -> datetime | None:
    # By adding: what a broken clock said may lie beyond what the platform can convert.
    try:
        return None if at is None else EPOCH + timedelta(seconds=round(at))
    except OverflowError:
        return None


def table_of(lines: Sequence[Line]) -> Iterator[str]:
    """A heading and a line for each attempt, within 80 columns."""
    yield TEXT.format("row", "try", "sent (UTC)", "status", "credits", "run")
    for line in lines:
        attempt = line.attempt
        status = f"{attempt.state}: {attempt.failure}" if attempt.failure else str(attempt.state)
        sent = _moment(attempt.intended_at)
        told = (
            _place(line),
            str(attempt.number),
            "" if sent is None else f"{sent:%Y-%m-%d %H:%M}",
            status,
            "" if attempt.credits is None else amount_in_words(attempt.credits),
            _shortened(attempt.run_id),
        )
        yield TEXT.format(*told).rstrip()


def _place(line: Line) -> str:
    if not line.in_sheet:
        return LEFT
    return f"{line.row_number}{f' +{line.rows - 1}' if line.rows > 1 else ''}"


def _shortened(run_id: RunId | None) -> str:
    shown = printable(run_id or "")
    # The end of an id tells it from others: the beginning is the same for all.
    return shown if len(shown) <= RUN_COLUMNS else f"…{shown[1 - RUN_COLUMNS :]}"


def totals_in_words(name: str, sums: Totals) -> list[str]:
    """The totals, a line each; what is in no sum is told where there is any."""
    lines = [
        f"{name}: {counted(sums.attempts, 'attempt')}, {amount_in_words(sums.credits)} credits",
        f"  for rows in the sheet: {amount_in_words(sums.sheet_credits)}",
        f"  for rows that left it or were changed: {amount_in_words(sums.left_credits)}",
    ]
    if sums.credits_unknown:
        lines.append(f"complete without credits, in no sum: {counted(sums.credits_unknown, 'run')}")
    if sums.failed_unknown:
        lines.append(f"failed without credits, in no sum: {counted(sums.failed_unknown, 'run')}")
    if sums.may_cost_yet:
        lines.append(f"not seen to end, may cost yet: {counted(sums.may_cost_yet, 'attempt')}")
    return lines


def totals_of(sums: Totals) -> list[tuple[Cell, ...]]:
    """The totals as rows of a table: what is summed, and the sum."""
    return [
        ("Attempts", sums.attempts),
        ("Credits", plain_amount(sums.credits)),
        ("Credits for rows in the sheet", plain_amount(sums.sheet_credits)),
        ("Credits for rows that left it or were changed", plain_amount(sums.left_credits)),
        ("Complete without credits, in no sum", sums.credits_unknown),
        ("Failed without credits, in no sum", sums.failed_unknown),
        ("Not seen to end, may cost yet", sums.may_cost_yet),
    ]


def lines_as_json(lines: Iterable[Line]) -> list[dict[str, object]]:
    """Each attempt, as the names of the JSON say. Moments are Unix seconds."""
    return [
        {
            **place_of(line),
            "rows": line.rows,
            "workflow": line.workflow,
            "run": line.attempt.run_id,
            "sent_at": line.attempt.intended_at,
            "accepted_at": line.attempt.started_at,
            "ended_at": line.attempt.ended_at,
            "status": line.attempt.state,
            "failure": line.attempt.failure,
            "credits": None if line.attempt.credits is None else plain_amount(line.attempt.credits),
        }
        for line in lines
    ]


def totals_as_json(sums: Totals) -> dict[str, object]:
    """The totals by their names."""
    return {
        name: plain_amount(amount) if isinstance(amount, float) else amount
        for name, amount in asdict(sums).items()
    }


def place_of(line: Line) -> dict[str, object]:
    """Which attempt of which row it is, as the names of the JSON say."""
    return {
        "row": line.row_number,
        "in_sheet": line.in_sheet,
        "attempt": line.attempt.number,
    }
