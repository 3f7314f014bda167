"""Why rows are not complete, and what their owner can do. Owns the classes and the remedies.

Must not know where the rows come from nor how they are shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.core.model import FailureClass, State
from pipeline.core.rows.variables import Faulty
from pipeline.ledger.history import TroubledRow


class Trouble(Enum):
    """What keeps a row from being complete, as a heading for the person who owns the sheet."""

    CELLS = "The row can't be sent: a cell is missing or shows an error"
    REFUSED = "The service refused the row"
    RUN_FAILED = "The run failed"
    EXPIRED = "Not seen to end"
    IN_DOUBT = "Not known whether it was started"
    GIVEN_UP = "Given up by a person"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a trouble cost, and what can be done about it."""

    word: str
    """The trouble in a word or two, for a plot's axis and the figures' JSON."""
    meaning: str
    remedy: str
    """``{config}`` stands for the config's file name."""


ADVICE: Final[Mapping[Trouble, Advice]] = {
    Trouble.CELLS: Advice(
        "cell missing",
        "Nothing was sent for these rows, and they cost nothing.",
        "pipeline check {config} names each cell. Mend them in your sheet, then give: "
        "pipeline run {config}",
    ),
    Trouble.REFUSED: Advice(
        "refused",
        "The service would not begin a run with what these rows hold.",
        "Mend the rows in your sheet, then give: pipeline run {config}. A row that is sent "
        "unchanged once more, by pipeline retry {config}, is most likely refused again.",
    ),
    Trouble.RUN_FAILED: Advice(
        "run failed",
        "A run was begun for these rows, and failed at the service.",
        "pipeline retry {config} gives each of them a new attempt, which is paid for. Where many "
        "fail alike, look at the workflow first.",
    ),
    Trouble.EXPIRED: Advice(
        "expired",
        "A run was begun for these rows, and was not seen to end in polling.give_up.",
        "pipeline run {config} looks at them again, free; pipeline retry {config} looks, then "
        "pays for a new attempt where it still has not ended.",
    ),
    Trouble.IN_DOUBT: Advice(
        "unconfirmed",
        "The reply to these rows' start was lost: each may have been paid for. They are held, so "
        "that none is paid for twice.",
        "pipeline run {config} looks for their runs again, free, unless retry.unconfirmed is hold; "
        "pipeline resolve {config} shows them and takes your decision.",
    ),
    Trouble.GIVEN_UP: Advice(
        "given up",
        "It was not known whether these rows were started, and a person gave them up.",
        "pipeline retry {config} sends them anew. A row whose first start did arrive is then "
        "paid for twice.",
    ),
}


def trouble_of(state: State, failure: FailureClass | None) -> Trouble:
    """The class of a row that is in the ledger, and not complete."""
    if state is State.EXPIRED:
        return Trouble.EXPIRED
    if state is State.UNCONFIRMED:
        return Trouble.IN_DOUBT
    match failure:
        case FailureClass.INPUT:
            return Trouble.REFUSED
        case FailureClass.UNCONFIRMED:
            return Trouble.GIVEN_UP
        case FailureClass.TRANSIENT:
            return Trouble.EXPIRED
        case FailureClass.PROVIDER | FailureClass.NEVER_BEGUN | None:
            return Trouble.RUN_FAILED


@dataclass(frozen=True, slots=True)
class TroubledGroup:
    """All rows of one trouble, in the sheet's order."""

    trouble: Trouble
    count: int
    """How many they are; more than `rows` where not each of them could be named."""
    rows: tuple[TroubledRow, ...]


def grouped(
    rows: Iterable[TroubledRow], faulty_count: int, faulty: Iterable[Faulty]
) -> tuple[TroubledGroup, ...]:
    """The rows by trouble, in the order of `Trouble`; a trouble that no row has is left out.

    `faulty` are those of the sheet's `faulty_count` rows without an entry that can be named.
    """
    members: dict[Trouble, list[TroubledRow]] = {trouble: [] for trouble in Trouble}
    for row in rows:
        members[trouble_of(row.state, row.failure)].append(row)
    members[Trouble.CELLS] = [_as_troubled(row) for row in faulty]
    counts = {trouble: len(found) for trouble, found in members.items()}
    counts[Trouble.CELLS] = max(faulty_count, counts[Trouble.CELLS])
    return tuple(
        TroubledGroup(trouble, counts[trouble], tuple(found))
        for trouble, found in members.items()
        if counts[trouble]
    )


def _as_troubled(row: Faulty) -> TroubledRow:
    return TroubledRow(row.number, State.FAILED, None, None, 0, None, row.error)
