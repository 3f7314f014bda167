"""What a row becomes for the remote."""

from datetime import date
from typing import Final

import pytest

from pipeline.core.model import CellValue, Json, Merge, Row, Sheet
from pipeline.core.rows.cells import NoSuchColumnError
from pipeline.core.rows.kitchen import MEND_EITHER
from pipeline.core.rows.rendering import Rendering, badly_named_rows
from pipeline.core.rows.variables import (
    Faulty,
    Fixed,
    FromColumn,
    FromTemplate,
    Sendable,
    Skipped,
    Variable,
    columns_of,
)
from tests.core.builders import a_recipe, a_sheet

SECRET: Final = "s3cret cell"
PITCH: Final = FromTemplate(
    "{{ row['First name'] }} of {{ row.Company }}", ("First name", "Company")
)


def a_value(variable: Variable, cell: CellValue) -> Json:
    """What one variable becomes for a row of one cell."""
    (row,) = Rendering(a_sheet((cell,)), a_recipe({"V": variable}))
    assert isinstance(row, Sendable), row
    return row.variables["V"]


def an_error(variable: Variable, cell: CellValue) -> str:
    (row,) = Rendering(a_sheet((cell,)), a_recipe({"V": variable}))
    assert isinstance(row, Faulty), row
    return row.error


@pytest.mark.parametrize(
    ("variable", "cell", "value"),
    [
        (FromColumn("Company"), "Acme", "Acme"),
        (FromColumn("Company"), " padded ", " padded "),
        (FromColumn("Company"), 1.0, "1"),
        (FromColumn("Company"), 0, "0"),
        (FromColumn("Company"), False, "FALSE"),
        (FromColumn("Company"), date(2024, 1, 2), "2024-01-02"),
        (FromColumn("Company", default="?"), "Acme", "Acme"),
        (FromColumn("Company", default="?"), None, "?"),
        (FromColumn("Company", default="?"), " \n", "?"),
        (FromColumn("Company", default=""), None, ""),
        (FromColumn("Company", required=False), None, ""),
        (FromColumn(" Company "), "Acme", "Acme"),
        (Fixed("friendly"), None, "friendly"),
        (Fixed(3), None, 3),
        (Fixed({"a": [1]}), None, {"a": [1]}),
        (FromTemplate("{{ row.Company }}!", ("Company",)), "Acme", "Acme!"),
        (FromTemplate("{{ row['Company'] | upper }}", ("Company",)), "Acme", "ACME"),
        (FromTemplate("{{ row.Company }}", ("Company",)), '<b> & "x"', '<b> & "x"'),
        (FromTemplate("{{ row.Company }}", ("Company",)), "{{ 1 + 1 }}", "{{ 1 + 1 }}"),
        (FromTemplate("no column"), None, "no column"),
    ],
)
def test_what_a_variable_becomes(variable: Variable, cell: CellValue, value: Json) -> None:
    """A column's text, a default where it is blank, a template's text as it is, a fixed value."""
    assert a_value(variable, cell) == value


@pytest.mark.parametrize(
    ("variable", "error"),
    [
        (
            FromColumn("Company"),
            "Leads!A2: Company is empty; fill it in, or give V a default",
        ),
        (
            FromTemplate("{{ row.Company }}", ("Company",)),
            f"Leads, row 2: the template of V gives empty text; {MEND_EITHER}",
        ),
    ],
)
@pytest.mark.parametrize("cell", [None, "", "  \t"])
def test_a_blank_cell_is_the_rows_fault(variable: Variable, error: str, cell: CellValue) -> None:
    """The person who owns the sheet learns which cell, and what to do."""
    assert an_error(variable, cell) == error


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("{{ row.Company | int / 0 }}", "ZeroDivisionError"),
        ("{{ row.Company + 1 }}", "TypeError"),
        ("{{ row.Other }}", "UndefinedError"),
        ("{{ row.Company.nothing }}", "UndefinedError"),
        ("{{ row['_texts'] }}", "SecurityError"),
        ("{{ row._texts }}", "SecurityError"),
        ("{{ row.__class__.__mro__ }}", "SecurityError"),
        ("{{ row.Company.encode('rot-0') }}", "LookupError"),
        ("{{ row.Company.index('#') }}", "ValueError"),
        ("{{ row.Company | filesizeformat }}", "ValueError"),
    ],
)
def test_a_template_that_fails_never_shows_a_cell(source: str, kind: str) -> None:
    """Only the row and the kind of the fault are told: the template's error may quote the cell."""
    error = an_error(FromTemplate(source, ("Company",)), SECRET)
    assert error == f"Leads, row 2: the template of V fails ({kind}); {MEND_EITHER}"


def test_a_template_sees_the_columns_that_it_names() -> None:
    """Columns whose names are no words go by brackets."""
    sheet = a_sheet(("Acme", "Ada"), columns=("Company", "First name"))
    (row,) = Rendering(sheet, a_recipe({"Pitch": PITCH}))
    assert isinstance(row, Sendable)
    assert row.variables == {"Pitch": "Ada of Acme"}


def test_a_faulty_row_does_not_hold_up_the_others() -> None:
    """Each row is what it is, in the sheet's order and under its own number."""
    sheet = a_sheet(("Acme", "yes"), (None, "yes"), ("Beta", "no"), columns=("Company", "Ready"))
    rows = list(Rendering(sheet, a_recipe(where={"Ready": "yes"})))
    assert [(type(row), row.number) for row in rows] == [(Sendable, 2), (Faulty, 3), (Skipped, 4)]


@pytest.mark.parametrize(
    ("cell", "wanted", "is_sent"),
    [
        ("yes", "yes", True),
        (" yes ", "yes", True),
        ("Yes", "yes", False),
        (None, "yes", False),
        (None, "", True),
        (1.0, "1", True),
        (True, "TRUE", True),
        (date(2024, 1, 2), "2024-01-02", True),
    ],
)
def test_where_compares_what_a_cell_shows(cell: CellValue, wanted: str, *, is_sent: bool) -> None:
    """Rows that it leaves out are skipped, also where their variables could not be made."""
    sheet = a_sheet((cell, None), columns=("Ready", "Company"))
    recipe = a_recipe({"V": Fixed("x")}, where={"Ready": wanted})
    (row,) = Rendering(sheet, recipe)
    assert isinstance(row, Sendable if is_sent else Skipped)
    (other,) = Rendering(sheet, a_recipe(where={"Ready": wanted}))
    assert isinstance(other, Faulty if is_sent else Skipped)


def test_the_raw_cells_are_kept_beside_the_variables() -> None:
    """The ledger can later tell whether a row's own values changed, or only their rendering."""
    sheet = a_sheet(
        (7, "Acme", 1.5, date(2024, 1, 2), "unused"),
        columns=("Lead ID", "Company", "Score", "Signed", "Note"),
    )
    variables: dict[str, Variable] = {
        "Company": FromColumn("Company"),
        "Line": FromTemplate("{{ row.Score }} {{ row.Signed }}", ("Score", "Signed")),
        "Tone": Fixed("friendly"),
    }
    (row,) = Rendering(sheet, a_recipe(variables, key=("Lead ID",)))
    assert isinstance(row, Sendable)
    assert row.cells == {"Lead ID": 7, "Company": "Acme", "Score": 1.5, "Signed": "2024-01-02"}


@pytest.mark.parametrize(
    ("variable", "columns"),
    [
        (FromColumn("Company"), ("Company",)),
        (PITCH, ("First name", "Company")),
        (Fixed(1), ()),
    ],
)
def test_the_columns_of_a_variable(variable: Variable, columns: tuple[str, ...]) -> None:
    """Which columns a sheet must have."""
    assert columns_of(variable) == columns


def test_a_column_that_is_not_there_is_told_before_the_first_row() -> None:
    """A recipe for another sheet sends nothing."""
    with pytest.raises(NoSuchColumnError):
        Rendering(a_sheet(("Acme",)), a_recipe({"V": FromColumn("Tone")}))


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        ([("a", "yes"), ("b", "yes")], []),
        ([("a", "yes"), (" ", "yes")], [("Leads!A3", "the key is blank")]),
        (
            [(SECRET, "yes"), ("b", "yes"), (f" {SECRET}", "yes"), (SECRET, "yes")],
            [
                ("Leads!A4", "the key stands twice: it is that of row 2"),
                ("Leads!A5", "the key stands twice: it is that of row 2"),
            ],
        ),
        ([("a", "yes"), ("a", "no"), (None, "no")], []),
        ([(1, "yes"), (1.0, "yes")], [("Leads!A3", "the key stands twice: it is that of row 2")]),
    ],
)
def test_a_key_that_names_no_row_or_two_is_told(
    cells: list[tuple[CellValue, ...]], faults: list[tuple[str, str]]
) -> None:
    """By cell, without its content; rows that `where` leaves out need no key."""
    sheet = a_sheet(*cells, columns=("Lead ID", "Ready"))
    recipe = a_recipe({"V": Fixed("x")}, key=("Lead ID",), where={"Ready": "yes"})
    assert list(badly_named_rows(sheet, recipe)) == faults


def test_a_key_of_two_columns_is_blank_only_where_both_are() -> None:
    """Two columns name a row together."""
    sheet = a_sheet(("a", None), ("a", "b"), (None, None), columns=("Name", "Town"))
    recipe = a_recipe({"V": Fixed("x")}, key=("Name", "Town"))
    assert list(badly_named_rows(sheet, recipe)) == [("Leads!A4", "the key is blank")]


def test_without_a_key_no_row_is_badly_named() -> None:
    """Equal rows are told apart by their count."""
    assert list(badly_named_rows(a_sheet(("a",), ("a",)), a_recipe())) == []


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (2, "Leads!B2: Nr is empty; fill it in"),  # The first of them: it could hold a value.
        (3, "Leads!B3: Nr is empty, since it is merged with B2; unmerge them and fill it in"),
        (4, "Leads!B4: Nr is empty; fill it in"),
        (5, "Leads!B5: Nr is empty, since it is merged with A5; unmerge them and fill it in"),
        (9, "Leads!B9: Nr is empty; fill it in"),
    ],
)
def test_a_cell_that_is_merged_is_told_as_that(number: int, told: str) -> None:
    """A person sees a value there, and would look for another cell."""
    merges = (Merge(7, 0, 8, 5), Merge(5, 0, 5, 2), Merge(2, 1, 3, 1), Merge(2, 2, 20, 2))
    sheet = Sheet("Leads", ("Company", "Nr"), (Row(number, ("Acme", None)),), merges=merges)
    (row,) = Rendering(sheet, a_recipe({"Nr": FromColumn("Nr")}))
    assert row == Faulty(number, f"{told}, or give Nr a default")
