"""The three forms of a cell, what is stored of it, and rows that a person does not see."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from pipeline.core.model import CellValue, Form, Formatted, Json, Plain, Row, Sheet, Uncalculated
from pipeline.core.rows.cells import raw_of, shown, text_of
from pipeline.core.rows.rendering import Rendering, badly_named_rows
from pipeline.core.rows.variables import (
    Faulty,
    Fixed,
    FromColumn,
    FromTemplate,
    Sendable,
    Skipped,
)
from tests.core.builders import a_recipe, a_sheet


@dataclass(frozen=True, slots=True)
class Days:
    """A format that shows a number as so many days, and means a date by it where it is told to."""

    is_date: bool = False

    def shows(self, number: float) -> str:
        """So many days."""
        return f"{number:g} days"

    def means(self, number: float) -> Plain:
        """The number, or the day that it counts to."""
        return date(2024, 1, 1) + timedelta(number) if self.is_date else number


@pytest.mark.parametrize(
    ("cell", "form", "text"),
    [
        (Formatted(1.0, Days()), "raw", "1"),
        (Formatted(1.5, Days()), "raw", "1.5"),
        (Formatted(1.0, Days()), "shown", "1 days"),
        (Formatted(1.0, Days()), "iso", "1 days"),
        (Formatted(1.0, Days(is_date=True)), "raw", "1"),
        (Formatted(1.0, Days(is_date=True)), "shown", "1 days"),
        (Formatted(1.0, Days(is_date=True)), "iso", "2024-01-02"),
        (Formatted(12345678901234567890, Days()), "raw", "12345678901234567890"),
        (date(2024, 1, 2), "raw", "2024-01-02"),
        (date(2024, 1, 2), "shown", "2024-01-02"),
        (1.0, "shown", "1"),
        ("00123", "raw", "00123"),
        (True, "raw", "TRUE"),
        (None, "shown", ""),
        (Uncalculated(), "iso", ""),
    ],
)
def test_a_variable_chooses_a_cells_form(cell: CellValue, form: Form, text: str) -> None:
    """As stored, as seen, or so with dates in ISO 8601; in a template too, and by default so."""
    assert text_of(cell, form) == text
    if form == "iso":
        assert shown(cell) == text
    if text:
        sheet = a_sheet((cell,))
        for variable in (
            FromColumn("Company", form=form),
            FromTemplate("{{ row.Company }}", ("Company",), form),
        ):
            (row,) = Rendering(sheet, a_recipe({"V": variable}))
            assert isinstance(row, Sendable)
            assert row.variables == {"V": text}


@pytest.mark.parametrize(
    ("cell", "raw"),
    [
        (Formatted(45293.0, Days(is_date=True)), 45293),
        (Formatted(1.5, Days()), 1.5),
        (45293.0, 45293),
        (45293, 45293),
        (1e300, 1e300),
        (date(2024, 1, 2), "2024-01-02"),
        ("00123", "00123"),
        (True, True),
        (None, None),
        (Uncalculated(), None),
    ],
)
def test_what_is_stored_does_not_hang_on_a_format(cell: CellValue, raw: Json) -> None:
    """A column that was formatted anew has other texts, and the same cells."""
    assert raw_of(cell) == raw
    assert type(raw_of(cell)) is type(raw)


def test_another_format_makes_another_row_of_the_same_cells() -> None:
    """The ledger can tell that the row's own values are those that they were."""
    plain, formatted = (
        next(iter(Rendering(a_sheet((cell,)), a_recipe())))
        for cell in (5.0, Formatted(5.0, Days()))
    )
    assert isinstance(plain, Sendable)
    assert isinstance(formatted, Sendable)
    assert plain.key != formatted.key
    assert plain.cells == formatted.cells == {"Company": 5}


TOLD = "the formula was never calculated; open and save it in Excel"


def test_a_formula_that_was_never_calculated_is_the_rows_fault() -> None:
    """Where the row needs it: the one that does not is sent."""
    sheet = a_sheet(("Acme", Uncalculated()), (Uncalculated(), "x"), columns=("Company", "Note"))
    first, second = Rendering(sheet, a_recipe())
    assert isinstance(first, Sendable)
    assert second == Faulty(3, f"Leads!A3: {TOLD}")


@pytest.mark.parametrize(
    "variable",
    [
        FromColumn("Company", default="?"),
        FromColumn("Company", required=False),
        FromTemplate("{{ row.Company }}", ("Company",)),
    ],
)
def test_no_default_stands_for_what_is_not_known(variable: FromColumn | FromTemplate) -> None:
    """A cell without a value known is no blank cell."""
    (row,) = Rendering(a_sheet((Uncalculated(),)), a_recipe({"V": variable}))
    assert row == Faulty(2, f"Leads!A2: {TOLD}")


def test_a_key_and_a_condition_need_their_formulas_too() -> None:
    """It is told as the row's fault, and as no fault of the key's."""
    sheet = a_sheet((Uncalculated(), "yes"), ("a", Uncalculated()), columns=("Lead ID", "Ready"))
    recipe = a_recipe({"V": Fixed("x")}, key=("Lead ID",), where={"Ready": "yes"})
    assert list(Rendering(sheet, recipe)) == [
        Faulty(2, f"Leads!A2: {TOLD}"),
        Faulty(3, f"Leads!B3: {TOLD}"),
    ]
    assert list(badly_named_rows(sheet, recipe)) == []


ERRORS = (
    *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"),
    *("#SPILL!", "#CALC!", "#GETTING_DATA", "#N/A "),
)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "variable",
    [
        FromColumn("Company"),
        FromColumn("Company", default="?"),
        FromColumn("Company", required=False, form="raw"),
        FromTemplate("{{ row.Company }}", ("Company",)),
    ],
)
def test_an_error_in_a_cell_is_never_paid_for(
    variable: FromColumn | FromTemplate, error: str
) -> None:
    """It is no text that anybody meant, and no blank cell for which a default could stand."""
    (row,) = Rendering(a_sheet((error,)), a_recipe({"V": variable}))
    told = f"the cell shows {error.strip()}; mend its formula, or leave the row out"
    assert row == Faulty(2, f"Leads!A2: {told}")


@pytest.mark.parametrize("text", ["#", "#1", "#n/a", "#N/A is what it shows", "N/A", "#REF"])
def test_a_text_that_is_no_error_is_sent(text: str) -> None:
    """A sign in front makes no error of a text."""
    for variable in (FromColumn("Company"), FromTemplate("{{ row.Company }}", ("Company",))):
        (row,) = Rendering(a_sheet((text,)), a_recipe({"V": variable}))
        assert isinstance(row, Sendable)
        assert row.variables == {"V": text}


def test_an_error_in_a_key_is_the_rows_fault_and_in_a_condition_a_text() -> None:
    """Rows whose condition failed can be told from the others, and be left out."""
    rows = (("#N/A", "yes"), ("#N/A", "yes"), ("a", "#REF!"), ("b", "yes"))
    sheet = a_sheet(*rows, columns=("Lead ID", "Ready"))
    recipe = a_recipe({"V": Fixed("x")}, key=("Lead ID",), where={"Ready": "yes"})
    kinds = [type(row) for row in Rendering(sheet, recipe)]
    assert kinds == [Faulty, Faulty, Skipped, Sendable]
    assert list(badly_named_rows(sheet, recipe)) == []
    failed = a_recipe({"V": Fixed("x")}, where={"Ready": "#REF!"})
    assert [type(row) for row in Rendering(sheet, failed)] == [Skipped, Skipped, Sendable, Skipped]


def test_hidden_rows_are_sent_unless_they_are_to_be_skipped() -> None:
    """One that is skipped needs neither values nor a key."""
    rows = (Row(2, ("Acme",)), Row(3, ("Beta",), is_hidden=True), Row(4, (None,), is_hidden=True))
    sheet = Sheet("Leads", ("Company",), rows)
    included = Rendering(sheet, a_recipe())
    assert [type(row) for row in included] == [Sendable, Sendable, Faulty]
    skipping = a_recipe(hidden="skip", key=("Company",))
    assert [type(row) for row in Rendering(sheet, skipping)] == [Sendable, Skipped, Skipped]
    assert list(badly_named_rows(sheet, skipping)) == []
