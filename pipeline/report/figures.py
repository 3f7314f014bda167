"""What a report says in numbers. Owns the figures that the page and the JSON share.

Must not know HTML, plots or files.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Final

from pipeline.core.amounts import plain_amount
from pipeline.core.model import Json
from pipeline.core.rows.variables import Faulty
from pipeline.ledger.history import History, TroubledRow
from pipeline.ledger.records import Tally
from pipeline.ledger.store import Ledger
from pipeline.report.troubles import ADVICE, TroubledGroup, grouped

FEW: Final = 2
"""So many runs are too few for a share of them to mean anything."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the ledger tells of a batch at one moment. Moments are Unix seconds."""

    tally: Tally
    started_at: tuple[float, ...]
    """When each run was begun, in order."""
    ended_at: tuple[float, ...]
    """When each end was first seen, in order."""
    run_seconds: tuple[float, ...]
    """How long each run that ended took, in order of size."""
    row_credits: tuple[float, ...]
    """What each row cost whose cost is known, in order of size."""
    groups: tuple[TroubledGroup, ...]


NOTHING: Final = Findings(Tally(), (), (), (), (), ())
"""Before the first row was entered."""


def findings(ledger: Ledger, faulty: Iterable[Faulty]) -> Findings:
    """Read what there is to tell; `faulty` are the sheet's rows that can't be sent, by name."""
    history: History = ledger.history
    with history.at_one_moment():
        tally = ledger.tally()
        runs = list(history.runs())
        row_credits = sorted(map(plain_amount, history.row_credits()))
        groups = grouped(history.troubled_rows(), tally.faulty, faulty)
    ended = [(run.started_at, run.ended_at) for run in runs if run.ended_at is not None]
    return Findings(
        tally=tally,
        started_at=tuple(sorted(run.started_at for run in runs)),
        ended_at=tuple(sorted(end for _, end in ended)),
        # The machine's clock may have been set back between the two moments.
        run_seconds=tuple(sorted(max(0.0, end - start) for start, end in ended)),
        row_credits=tuple(row_credits),
        groups=groups,
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure is spread over rows or runs."""

    mean: float
    median: float
    nine_of_ten: float
    """Nine of ten are at or below it."""
    highest: float


def spread_of(values: Sequence[float]) -> Spread | None:
    """The spread of values that are in order of size; ``None`` where there are none."""
    if not values:
        return None
    tenths = quantiles(values, n=10, method="inclusive") if len(values) >= FEW else values
    return Spread(sum(values) / len(values), median(values), tenths[-1], values[-1])


def as_json(batch: str, found: Findings, made_at: float) -> dict[str, Json]:
    """The figures for a script; moments in ISO 8601 and UTC, waits in seconds."""
    tally = found.tally
    return {
        "batch": batch,
        "made_at": _moment(made_at),
        "rows": tally.rows,
        **{str(status): rows for status, rows in tally.by_status().items()},
        "credits": plain_amount(tally.credits),
        "credits_unknown": tally.credits_unknown,
        "runs_started": len(found.started_at),
        "runs_ended": len(found.ended_at),
        "first_start_at": _moment(found.started_at[0]) if found.started_at else None,
        "last_end_at": _moment(found.ended_at[-1]) if found.ended_at else None,
        "run_seconds": _spread(spread_of(found.run_seconds), _milliseconds),
        "credits_a_row": _spread(spread_of(found.row_credits), plain_amount),
        "failures": [_group(group) for group in found.groups],
    }


def _group(group: TroubledGroup) -> dict[str, Json]:
    rows: list[Json] = [_row(row) for row in group.rows]
    return {"class": ADVICE[group.trouble].word, "count": group.count, "rows": rows}


def _row(row: TroubledRow) -> dict[str, Json]:
    return {
        "row": row.row_number,
        "run_id": row.run_id,
        "attempts": row.attempts,
        "credits": None if row.credits is None else plain_amount(row.credits),
        "error": row.error,
    }


def _spread(spread: Spread | None, told: Callable[[float], float]) -> Json:
    return None if spread is None else {k: told(v) for k, v in asdict(spread).items()}


def _milliseconds(seconds: float) -> float:
    return round(seconds, 3)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
