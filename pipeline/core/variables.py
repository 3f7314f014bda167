"""What a row becomes for the remote. Owns the start variables, their rules and the RowKey.

Must not know where a row was read from, nor what was started before.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from pipeline.core.cells import column_letter, find_column, raw_of, text_of
from pipeline.core.model import (
    Duplicates,
    Form,
    HiddenRows,
    Json,
    Row,
    RowKey,
    Sheet,
    Uncalculated,
)

TEMPLATES: Final = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
"""Autoescape is for HTML; a start variable is plain text, and the sandbox keeps it from code."""


TEMPLATE_FAILS: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""Whatever a template's filters may raise over one row's cells: that row's fault alone."""


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


@dataclass(frozen=True, slots=True)
class Sendable:
    """A row ready to be started."""

    number: int
    key: RowKey
    variables: Mapping[str, Json]
    cells: Mapping[str, Json]
    """The raw cells that the variables and the key were made of, by column."""


RenderedRow: TypeAlias = Skipped | Faulty | Sendable


def render(sheet: Sheet, recipe: Recipe) -> Iterator[RenderedRow]:
    """Each row of the sheet, in order, as what it becomes for the remote.

    All columns that the recipe names must be in the sheet: see `find_column`.
    """
    kitchen = _Kitchen(sheet, recipe)
    identities = _Identities(recipe)
    for row in sheet.rows:
        try:
            if not kitchen.wants(row):
                yield Skipped(row.number)
                continue
            variables, names = kitchen.variables(row), kitchen.key(row)
        except _RowError as error:
            yield Faulty(row.number, str(error))
            continue
        key = identities.next(variables, names)
        yield Sendable(row.number, key, variables, kitchen.raw_cells(row))


def badly_named_rows(sheet: Sheet, recipe: Recipe) -> Iterator[tuple[str, str]]:
    """The cells of rows that the key does not name, each with what is wrong.

    A key that is blank names no row, and one that stands twice names two; rows that `where` leaves
    out need none.
    """
    if not recipe.key:
        return
    kitchen = _Kitchen(sheet, recipe)
    seen: dict[tuple[str, ...], int] = {}
    for row in sheet.rows:
        try:
            if not kitchen.wants(row):
                continue
            name = tuple(text.strip() for text in kitchen.key(row))
        except _RowError:
            continue  # A formula without a value is the row's own fault, and is told as such.
        cell = kitchen.cell(row, recipe.key[0])
        if not any(name):
            yield cell, "the key is blank"
        elif name in seen:
            yield cell, f"the key stands twice: it is that of row {seen[name]}"
        else:
            seen[name] = row.number


class _RowError(Exception):
    """Why a row can't be sent, in words for the person who owns the sheet."""


class _Kitchen:
    """A recipe made ready for one sheet: columns found, templates compiled."""

    def __init__(self, sheet: Sheet, recipe: Recipe) -> None:
        self._sheet_name = sheet.name
        self._recipe = recipe
        used = [*recipe.key, *recipe.where]
        for variable in recipe.variables.values():
            used += columns_of(variable)
        self._places = {column: find_column(sheet.columns, column) for column in used}
        self._templates = {
            name: TEMPLATES.from_string(variable.source)
            for name, variable in recipe.variables.items()
            if isinstance(variable, FromTemplate)
        }

    def wants(self, row: Row) -> bool:
        """Whether the row is to be sent; raises `_RowError`."""
        if row.is_hidden and self._recipe.hidden == "skip":
            return False
        return all(
            self._text(row, column).strip() == text.strip()
            for column, text in self._recipe.where.items()
        )

    def key(self, row: Row) -> list[str]:
        """What names the row; raises `_RowError`."""
        return [self._text(row, column) for column in self._recipe.key]

    def variables(self, row: Row) -> dict[str, Json]:
        """The row's start variables; raises `_RowError`."""
        return {name: self._value(name, rule, row) for name, rule in self._recipe.variables.items()}

    def raw_cells(self, row: Row) -> dict[str, Json]:
        columns = dict.fromkeys(self._recipe.key)
        for variable in self._recipe.variables.values():
            columns |= dict.fromkeys(columns_of(variable))
        return {column: raw_of(row.values[self._places[column]]) for column in columns}

    def cell(self, row: Row, column: str) -> str:
        """A cell as a spreadsheet names it: ``Leads!C17``."""
        return f"{self._sheet_name}!{column_letter(self._places[column])}{row.number}"

    def _text(self, row: Row, column: str, form: Form = "iso") -> str:
        value = row.values[self._places[column]]
        if isinstance(value, Uncalculated):
            raise _RowError(
                f"{self.cell(row, column)}: the formula was never calculated; "
                "open and save it in Excel"
            )
        return text_of(value, form)

    def _value(self, name: str, variable: Variable, row: Row) -> Json:
        match variable:
            case Fixed(value):
                return value
            case FromColumn(column, default, required, form):
                text = self._text(row, column, form)
                if text.strip():
                    return text
                if default is None and required:
                    raise _RowError(
                        f"{self.cell(row, column)}: {column} is empty; "
                        f"fill it in, or give {name} a default"
                    )
                return default or ""
            case FromTemplate(_, columns, form):
                texts = {column: self._text(row, column, form) for column in columns}
                return self._filled(name, row, texts)

    def _filled(self, name: str, row: Row, texts: Mapping[str, str]) -> str:
        place = f"{self._sheet_name}, row {row.number}"
        try:
            text = self._templates[name].render(row=_RowView(texts))
        except TEMPLATE_FAILS as error:
            # The template's own error may quote a cell, so only its kind is told.
            kind = type(error).__name__
            raise _RowError(f"{place}: the template of {name} fails ({kind})") from None
        if not text.strip():
            raise _RowError(f"{place}: the template of {name} gives empty text")
        return text


class _RowView:
    """A row as a template sees it: ``row.Company`` and ``row['First name']``, nothing else."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, column: str) -> str:
        return self._texts[column]


def columns_of(variable: Variable) -> tuple[str, ...]:
    """The columns that a variable is made of."""
    match variable:
        case FromColumn(column):
            return (column,)
        case FromTemplate(_, columns):
            return columns
        case Fixed():
            return ()


class _Identities:
    """What each row of one sheet is known by, from the first row to the last."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._equals: Counter[str] = Counter()

    def next(self, variables: Mapping[str, Json], key: Sequence[str]) -> RowKey:
        """The identity of the next row."""
        match self._recipe.duplicates:
            case "each":
                digest = _digest(self._recipe, variables, key)
                self._equals[digest] += 1
                return RowKey(f"{digest}-{self._equals[digest]}")
            case "once":
                # The key's columns don't reach the service: by them rows would never be equal.
                return RowKey(f"{_digest(self._recipe, variables, ())}-1")
            case _:
                assert_never(self._recipe.duplicates)


def _digest(recipe: Recipe, variables: Mapping[str, Json], key: Sequence[str]) -> str:
    """Service, workflow, key and start variables in one number of 128 bits: the row's identity."""
    identity = [recipe.service, recipe.workflow_id, list(key), variables]
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
