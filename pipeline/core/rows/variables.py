"""What a row becomes for the remote. Owns the start variables' rules, and what a row can become.

Must not know how it is made, where a row was read from, nor what was started before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from msgspec import Struct

from pipeline.core.model import Duplicates, Form, HiddenRows, Json, RowKey


@dataclass(frozen=True, slots=True)
class FromColumn:
    """A start variable that takes its text from one column."""

    column: str
    default: str | None = None
    """Sent where the cell is blank."""
    required: bool = True
    """Without a default, a blank cell is the row's fault; else it is sent as empty text."""
    form: Form = "iso"
    """How its cells become text."""


@dataclass(frozen=True, slots=True)
class FromTemplate:
    """A start variable written from several columns, by a Jinja template over ``row``."""

    source: str
    columns: tuple[str, ...] = ()
    """The columns that the template names."""
    form: Form = "iso"
    """How the template sees their cells."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A start variable that is the same for each row."""

    value: Json


Variable: TypeAlias = FromColumn | FromTemplate | Fixed


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows of one sheet become start variables."""

    service: str
    workflow_id: str
    variables: Mapping[str, Variable]
    key: tuple[str, ...] = ()
    """The columns that name a row from one export to the next."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Only rows whose cells show this text are sent."""
    hidden: HiddenRows = "include"
    duplicates: Duplicates = "each"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that `where` leaves out, or one that is hidden where those are not to be sent."""

    number: int


@dataclass(frozen=True, slots=True)
class Faulty:
    """A row whose start variables can't be made: it costs nothing."""

    number: int
    error: str


class Sendable(Struct, frozen=True):
    """A row ready to be started."""

    number: int
    key: RowKey
    variables: Mapping[str, Json]
    cells: Mapping[str, Json]
    """The raw cells that the variables and the key were made of, by column."""


RenderedRow: TypeAlias = Skipped | Faulty | Sendable


def columns_of(variable: Variable) -> tuple[str, ...]:
    """The columns that a variable is made of."""
    match variable:
        case FromColumn(column):
            return (column,)
        case FromTemplate(_, columns):
            return columns
        case Fixed():
            return ()
        case _:
            assert_never(variable)
