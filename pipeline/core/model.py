"""The nouns that every room hands on. Owns the frozen types. Must not know files, SQL or HTTP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, NewType, Protocol, TypeAlias, TypeVar

from msgspec import Struct

RunId = NewType("RunId", str)
"""The remote's name for one run: opaque text."""

RowKey = NewType("RowKey", str)
"""What makes a row the same row in a later export: a digest, never cell content."""

Token = NewType("Token", str)
"""What tells one attempt's run from every other run at the service: opaque, no cell content."""

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
"""A value as the service sends or takes it."""

Plain: TypeAlias = int | float | datetime | date | time | timedelta
"""What a number in a sheet can mean."""


class Look(Protocol):
    """How a sheet shows a number: a number format, as one who only reads cells sees it."""

    def shows(self, number: float) -> str:
        """The text that a person sees."""

    def means(self, number: float) -> Plain:
        """The number itself, or the date, time or duration that it is shown as."""


class Formatted(Struct, frozen=True):
    """A number that a sheet shows in a format of its own."""

    stored: int | float
    look: Look


@dataclass(frozen=True, slots=True)
class Uncalculated:
    """A formula whose value the file does not hold: its program never calculated it."""


CellValue: TypeAlias = str | bool | Plain | Formatted | Uncalculated | None
"""A cell as it stands in a sheet; ``None`` is an empty one."""

HiddenRows: TypeAlias = Literal["include", "skip"]
"""Whether rows that the sheet hides are sent like the others."""

Duplicates: TypeAlias = Literal["each", "once"]
"""Whether equal rows have a run each, or share one."""

Form: TypeAlias = Literal["raw", "shown", "iso"]
"""As stored, as a person sees it, or so with dates and times in ISO 8601."""

NewCell: TypeAlias = str | int | float | None
"""A cell that we write: text or a number, never a formula; ``None`` leaves it blank."""


class Row(Struct, frozen=True):
    """One row of the user's sheet that is not wholly blank."""

    number: int
    """Its number in the file, from 1, as a spreadsheet shows it."""
    values: tuple[CellValue, ...]
    """Its cells, in the order of the sheet's columns."""
    is_hidden: bool = False
    """Whether the sheet hides it, by hand or by a filter."""


class Merge(NamedTuple):
    """An area of cells that a sheet shows as one: rows by number, columns by place from 0."""

    first_row: int
    first_place: int
    last_row: int
    last_place: int


OneOf_co = TypeVar("OneOf_co", covariant=True)


class Rows(Protocol[OneOf_co]):
    """Rows in a sheet's order, which can be gone through again and again and need not be held."""

    def __len__(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[OneOf_co]:
        """Each row, from the first on; raises what makes it unreadable."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: the named columns and the rows below the header."""

    name: str
    """The sheet's name in the workbook; for a text file, the file's name."""
    columns: tuple[str, ...]
    """The columns' names from the left, made by `core.rows.cells.column_names`."""
    rows: Rows[Row]
    remarks: tuple[str, ...] = ()
    """What a person should know of how it was read, a line each."""
    merges: tuple[Merge, ...] = ()
    """Cells that are shown as one: only the first of each holds a value."""


class State(StrEnum):
    """Where an Entry stands between the intent to start and its Outcome."""

    PLANNED = "planned"
    STARTING = "starting"
    RUNNING = "running"
    UNCONFIRMED = "unconfirmed"
    COMPLETE = "complete"
    FAILED = "failed"
    EXPIRED = "expired"


OUTCOMES = frozenset({State.COMPLETE, State.FAILED, State.EXPIRED})
"""The states in which nothing is owed to a row any more."""

CAME_TO_NOTHING = OUTCOMES - {State.COMPLETE}
"""The outcomes without outputs: a retry may ask for such a row again."""

IN_FLIGHT = frozenset({State.STARTING, State.RUNNING})
"""The states in which an entry is this call's: its start was sent, or its run is watched."""

UNENDED = frozenset({State.STARTING, State.RUNNING, State.UNCONFIRMED, State.EXPIRED})
"""The states in which a run may be under way: it is looked for or at, and may cost yet."""

ENDED = OUTCOMES - UNENDED
"""The outcomes that the service told: how long the run took is known."""


class Status(StrEnum):
    """The words of the output sheet's status column."""

    COMPLETE = "complete"
    FAILED = "failed"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    PENDING = "pending"
    SKIPPED = "skipped"


class FailureClass(StrEnum):
    """Who could mend a failure.

    An account without credits, a refused key and a fault of this program have no class here: they
    stop the batch, and no row fails for them.
    """

    INPUT = "input"
    """The service refused the row's start variables."""
    TRANSIENT = "transient"
    """The run was not seen to end in time: nothing tells against the row."""
    PROVIDER = "provider"
    """The run was accepted and ended FAILED at the service."""
    UNCONFIRMED = "unconfirmed"
    """It is not known whether a run exists, and a person gave the row up."""
    NEVER_BEGUN = "never begun"
    """The attempt was in doubt, and was shown never to have begun a run."""


class Attempt(Struct, frozen=True):
    """One intent to start a run for an Entry, and what came of it. Moments are Unix seconds."""

    number: int
    """Counted within its entry, from 1."""
    state: State
    round_id: int
    """The round that it was made in; 0 outside of any."""
    token: Token
    """What its start carries, and no other: see `core.doubts`."""
    intended_at: float
    started_at: float | None = None
    """When the service's acceptance was read."""
    seen_running_at: float | None = None
    """When a look last saw it running; known once it has ended, ``None`` where no look did."""
    ended_at: float | None = None
    """When its end was first seen."""
    run_id: RunId | None = None
    is_named: bool = False
    """Whether a person named its run, which may have been started with other metadata."""
    credits: float | None = None
    """What the service said it cost; ``None`` where it did not say."""
    outputs: Mapping[str, Json] | None = None
    error: str | None = None
    """Why it did not complete, for the person who owns the sheet."""
    failure: FailureClass | None = None


class Entry(Struct, frozen=True):
    """The ledger's line for one row: its state, and its newest attempt."""

    id: int
    state: State
    attempts: int = 0
    """The highest number that an attempt was given. One that surely never began is taken back, but
    its number is not used again."""
    attempt: Attempt | None = None
    """The newest attempt; ``None`` before the first, and where the newest was taken back."""
    retries: int = 0
    """New attempts that `retry.failed` made since the row was last asked for."""
    round_id: int = 0
    """The round that asked for the row's newest attempt; 0 outside of any."""
    owes_retry: bool = False
    """A round asked for a new attempt, to be made once a look shows that the last has not ended."""


class RoundKind(StrEnum):
    """What opened a round: rows are asked for again."""

    FRESH = "fresh"
    RETRY = "retry"


class Standing(Struct, frozen=True):
    """How a row stands now, and what it cost so far."""

    state: State
    attempt: Attempt | None
    credits: float | None
    """The total of all its attempts; ``None`` where no attempt's cost is known."""


class RunStatus(StrEnum):
    """What a look at a run can tell. A word never seen before counts as still running."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


KNOWN_WORDS = frozenset({"NEW", "WAITING", "PROCESSING", "RETRYING", "COMPLETE", "FAILED"})
"""The statuses that the service documents, in its own spelling."""


class Observation(Struct, frozen=True):
    """One look at a run, whether by poll, list or webhook."""

    run_id: RunId
    status: RunStatus
    word: str
    """The status in the service's own spelling."""
    outputs: Mapping[str, Json] | None = None
    """What the run gave; may be partly filled before it is complete."""
    credits: float | None = None
    message: str | None = None
    """The service's own words on a failure."""
    metadata: Mapping[str, Json] | None = None
    input: Mapping[str, Json] | None = None
    created_at: float | None = None
    """When the run began, in Unix seconds by the service's clock; ``None``: it does not say."""
