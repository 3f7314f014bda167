"""A recipe made ready for one sheet: columns found, templates compiled, rules made into functions.

A sheet may have a million rows. So whatever is the same for each row is decided once, before the
first. Must not know what makes a row the same row, nor how rows are gone through.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, assert_never

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from pipeline.core.model import Form, Json, Row, Sheet, Uncalculated
from pipeline.core.rows.cells import (
    ERRORS,
    NEVER_CALCULATED,
    column_letter,
    find_column,
    raw_of,
    text_of,
)
from pipeline.core.rows.merges import Merges
from pipeline.core.rows.variables import (
    Fixed,
    FromColumn,
    FromTemplate,
    Recipe,
    Variable,
    columns_of,
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

MEND_EITHER: Final = "mend the cells that it takes, or the template"

_Text: TypeAlias = Callable[[Row], str]
_Value: TypeAlias = Callable[[Row], Json]


class RowError(Exception):
    """Why a row can't be sent, in words for the person who owns the sheet."""


class Kitchen:
    """What a recipe makes of each row of one sheet."""

    def __init__(self, sheet: Sheet, recipe: Recipe) -> None:
        """Raises `NoSuchColumnError` where the sheet lacks a column that the recipe names."""
        self._sheet_name = sheet.name
        self._columns = sheet.columns
        self._merges = Merges(sheet.merges)
        self._skips_hidden = recipe.hidden == "skip"
        self._key = [self._sound_text(column) for column in recipe.key]
        self._where = [(self._text(column), text.strip()) for column, text in recipe.where.items()]
        rules = recipe.variables.items()
        self._values = [(name, self._value(name, rule)) for name, rule in rules]
        used = [*recipe.key, *(column for _, rule in rules for column in columns_of(rule))]
        self._raw = [(column, self._place(column)) for column in dict.fromkeys(used)]

    def wants(self, row: Row) -> bool:
        """Whether the row is to be sent; raises `RowError`."""
        if self._skips_hidden and row.is_hidden:
            return False
        return not self._where or all(text(row).strip() == want for text, want in self._where)

    def key(self, row: Row) -> list[str]:
        """What names the row; raises `RowError`."""
        return [text(row) for text in self._key]

    def variables(self, row: Row) -> dict[str, Json]:
        """The row's start variables; raises `RowError`."""
        return {name: value(row) for name, value in self._values}

    def raw_cells(self, row: Row) -> dict[str, Json]:
        """The raw cells that the variables and the key are made of, by column."""
        values = row.values
        # Text is as it is stored: of most rows, that settles it for every cell.
        return {
            column: cell if isinstance(cell := values[place], str) else raw_of(cell)
            for column, place in self._raw
        }

    def cell(self, row: Row, column: str) -> str:
        """A cell as a spreadsheet names it: ``Leads!C17``."""
        return f"{self._sheet_name}!{column_letter(self._place(column))}{row.number}"

    def _place(self, column: str) -> int:
        return find_column(self._columns, column)

    def _text(self, column: str, form: Form = "iso") -> _Text:
        """What gives a row's text in a column."""
        place = self._place(column)

        def text(row: Row) -> str:
            value = row.values[place]
            if isinstance(value, str):
                return value
            if isinstance(value, Uncalculated):
                raise RowError(f"{self.cell(row, column)}: {NEVER_CALCULATED}")
            return text_of(value, form)

        return text

    def _sound_text(self, column: str, form: Form = "iso") -> _Text:
        """Likewise, where no error may stand in the cell."""
        text_in = self._text(column, form)

        def text(row: Row) -> str:
            found = text_in(row)
            if found.startswith("#"):
                self._refuse_error(row, column, found)
            return found

        return text

    def _refuse_error(self, row: Row, column: str, text: str) -> None:
        if (error := text.rstrip()) in ERRORS:
            raise RowError(
                f"{self.cell(row, column)}: the cell shows {error}; "
                "mend its formula, or leave the row out"
            )

    def _value(self, name: str, rule: Variable) -> _Value:
        """What gives a row's start variable."""
        match rule:
            case Fixed(value):
                return lambda _: value
            case FromColumn():
                return self._from_column(name, rule)
            case FromTemplate():
                return self._from_template(name, rule)
            case _:
                assert_never(rule)

    def _from_column(self, name: str, rule: FromColumn) -> _Value:
        place, text_in = self._place(rule.column), self._text(rule.column, rule.form)
        is_needed = rule.default is None and rule.required
        stand_in = rule.default or ""

        def value(row: Row) -> str:
            cell = row.values[place]
            text = cell if isinstance(cell, str) else text_in(row)
            if text and not text.isspace():
                # All but a few cells are told from an error by their first character.
                if text[0] == "#":
                    self._refuse_error(row, rule.column, text)
                return text
            if is_needed:
                raise RowError(self._blank(row, rule.column, name))
            return stand_in

        return value

    def _blank(self, row: Row, column: str, name: str) -> str:
        """Why nothing stands in a cell, and what to do."""
        cell = self.cell(row, column)
        first = self._merges.first_of(row.number, self._place(column))
        if first is None:
            return f"{cell}: {column} is empty; fill it in, or give {name} a default"
        return (
            f"{cell}: {column} is empty, since it is merged with {first}; "
            f"unmerge them and fill it in, or give {name} a default"
        )

    def _from_template(self, name: str, rule: FromTemplate) -> _Value:
        template = TEMPLATES.from_string(rule.source)
        texts_in = [(column, self._sound_text(column, rule.form)) for column in rule.columns]

        def value(row: Row) -> str:
            texts = {column: text(row) for column, text in texts_in}
            return self._filled(name, template, row, texts)

        return value

    def _filled(self, name: str, template: Template, row: Row, texts: Mapping[str, str]) -> str:
        place = f"{self._sheet_name}, row {row.number}"
        try:
            text = template.render(row=_RowView(texts))
        except TEMPLATE_FAILS as error:
            # The template's own error may quote a cell, so only its kind is told.
            kind = type(error).__name__
            wrong = f"the template of {name} fails ({kind})"
            raise RowError(f"{place}: {wrong}; {MEND_EITHER}") from None
        if not text.strip():
            raise RowError(f"{place}: the template of {name} gives empty text; {MEND_EITHER}")
        return text


class _RowView:
    """A row as a template sees it: ``row.Company`` and ``row['First name']``, nothing else."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, column: str) -> str:
        return self._texts[column]
