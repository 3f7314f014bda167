"""Rows that would be new though their own values did not change are told from changed ones."""

from collections.abc import Mapping

import pytest

from pipeline.core.model import CellValue, Formatted, RowKey, Sheet, State
from pipeline.core.rows.cells import RENDERING_VERSION
from pipeline.core.rows.planning import plan
from pipeline.core.rows.remade import Paid, Remade, remade
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import Fixed, FromColumn, Recipe, Sendable, Variable
from tests.core.builders import a_recipe, a_sheet

BOTH = a_recipe({"Company": FromColumn("Company"), "Nr": FromColumn("Nr")})
TONED = a_recipe({"Company": FromColumn("Company"), "Tone": Fixed("friendly")})
ONCE = a_recipe(duplicates="once")


def a_wide_sheet(*rows: tuple[CellValue, CellValue]) -> Sheet:
    return a_sheet(*rows, columns=("Company", "Nr"))


def paid_for(sheet: Sheet, recipe: Recipe, rendering: int = RENDERING_VERSION) -> list[Paid]:
    """What the ledger keeps once all rows of the sheet were paid for."""
    paid: dict[RowKey, Paid] = {}
    for row in Rendering(sheet, recipe):
        assert isinstance(row, Sendable)
        before = paid[row.key].rows if row.key in paid else 0
        paid[row.key] = Paid(row.key, before + 1, row.cells, rendering)
    return list(paid.values())


def found(sheet: Sheet, recipe: Recipe, paid: list[Paid]) -> Remade:
    known = {one.key: State.COMPLETE for one in paid}
    return remade(sheet, plan(Rendering(sheet, recipe), known), lambda: paid)


TWO = a_wide_sheet(("Acme", 1), ("Beta", 2))


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        pytest.param(a_recipe(), a_recipe(), 0, id="nothing changed"),
        pytest.param(a_recipe(), TONED, 2, id="a fixed value came"),
        pytest.param(a_recipe(), BOTH, 2, id="a column came"),
        pytest.param(BOTH, a_recipe(), 2, id="a column went"),
        pytest.param(a_recipe(), a_recipe({"Firm": FromColumn("Company")}), 2, id="renamed"),
        pytest.param(a_recipe(), a_recipe(workflow_id="WCFG-2"), 2, id="another workflow"),
        pytest.param(a_recipe(), a_recipe(key=("Nr",)), 2, id="a key came"),
        pytest.param(a_recipe(key=("Nr",)), ONCE, 2, id="once, so that the key goes"),
        pytest.param(a_recipe(), ONCE, 0, id="once"),
    ],
)
def test_an_edit_of_the_config_makes_the_same_rows_new(
    before: Recipe, after: Recipe, rows: int
) -> None:
    """Each row that was paid for and would be again is counted, whatever was edited."""
    assert found(TWO, after, paid_for(TWO, before)).rows == rows


@pytest.mark.parametrize(
    "rows",
    [
        [("Acme Inc", 1), ("Beta", 2)],
        [("Beta", 2), ("Gamma", 3)],
        [("Acme", 1), ("Beta", 2), ("Beta", 2)],
        [("Acme", 9), ("Beta", 2)],
    ],
    ids=["a cell was edited", "a row came and one went", "a row was doubled", "a key was edited"],
)
def test_rows_that_changed_themselves_are_no_surprise(rows: list[tuple[CellValue, ...]]) -> None:
    """What a person did to the sheet is paid for unasked, as ever."""
    recipe = a_recipe(key=("Nr",)) if rows[0][1] == 9 else a_recipe()
    sheet = a_sheet(*rows, columns=("Company", "Nr"))
    assert found(sheet, recipe, paid_for(TWO, recipe)).rows == 0


def test_of_an_edited_config_over_an_edited_sheet_the_unchanged_rows_are_counted() -> None:
    """A row that changed is new by itself; one that was doubled was paid for once."""
    paid = paid_for(TWO, a_recipe())
    sheet = a_wide_sheet(("Acme", 1), ("Acme", 1), ("Beta Inc", 2))
    assert found(sheet, TONED, paid).rows == 1


def test_paid_rows_that_are_still_there_do_not_hide_the_others() -> None:
    """Whatever the order in which the ledger tells of them."""
    kept, changed = paid_for(TWO, TONED)[0], paid_for(TWO, a_recipe())[1]
    for paid in ([kept, changed], [changed, kept]):
        assert found(TWO, TONED, paid).rows == 1


def test_what_tells_more_of_a_row_is_compared_first() -> None:
    """A row that is known by two columns is not taken for another that shares one of them."""
    old = paid_for(a_wide_sheet(("Acme", 1)), BOTH, RENDERING_VERSION - 1)
    older = paid_for(a_wide_sheet(("Acme", 2)), a_recipe(), RENDERING_VERSION)
    for paid in (old + older, older + old):
        assert found(a_wide_sheet(("Acme", 1)), TONED, paid).is_rendered_anew


def test_rows_that_shared_a_run_and_would_have_one_each_are_counted() -> None:
    """Three equal rows, shown as complete by one run: from `once` to `each`, two would be new."""
    sheet = a_sheet(("Acme",), ("Acme",), ("Acme",))
    again = found(sheet, a_recipe(), paid_for(sheet, ONCE))
    assert (again.rows, again.runs) == (2, 2)
    # The other way nothing is new; with another value for all, one run is.
    assert found(sheet, ONCE, paid_for(sheet, a_recipe())).rows == 0
    toned = a_recipe({"Company": FromColumn("Company"), "Tone": Fixed("stern")}, duplicates="once")
    again = found(sheet, toned, paid_for(sheet, a_recipe()))
    assert (again.rows, again.runs) == (3, 1)


class Kilos:
    """A number format of its own."""

    def shows(self, number: float) -> str:
        """The text that a person sees."""
        return f"{number:.1f} kg"

    def means(self, number: float) -> float:
        """The number itself."""
        return number


def test_another_number_format_makes_the_same_rows_new() -> None:
    """The cell holds what it held, and shows something else."""
    recipe = a_recipe({"Weight": FromColumn("Weight", form="shown")})
    plain = a_sheet((5,), columns=("Weight",))
    formatted = a_sheet((Formatted(5.0, Kilos()),), columns=("Weight",))
    assert found(formatted, recipe, paid_for(plain, recipe)).rows == 1
    assert found(plain, recipe, paid_for(formatted, recipe)).rows == 1
    heavier = a_sheet((Formatted(6.0, Kilos()),), columns=("Weight",))
    assert found(heavier, recipe, paid_for(plain, recipe)).rows == 0


def test_rows_of_an_older_rendering_are_told_as_such() -> None:
    """Their keys came from other text; nobody edited anything."""
    older = [
        Paid(RowKey(f"older {one.key}"), one.rows, one.cells, RENDERING_VERSION - 1)
        for one in paid_for(TWO, a_recipe())
    ]
    assert found(TWO, a_recipe(), older) == Remade(2, 2, is_rendered_anew=True)
    assert not found(TWO, TONED, paid_for(TWO, a_recipe())).is_rendered_anew


RENAMED = {"Firm": FromColumn("Firm")}


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        (RENAMED, 1),
        (RENAMED | {"Tone": Fixed("friendly")}, 1),
        (RENAMED | {"N": FromColumn("N")}, 1),
        ({"N": FromColumn("N")}, 1),
    ],
)
def test_where_all_columns_were_renamed_the_cells_tell_the_rows(
    variables: Mapping[str, Variable], rows: int
) -> None:
    """Column and variable have other names; a row that is new is not taken for one that was."""
    firms = a_sheet(("Acme", 1), ("Gamma", 2), columns=("Firm", "N"))
    paid = paid_for(a_sheet(("Acme",), ("Beta",)), a_recipe())
    assert found(firms, a_recipe(variables), paid).rows == rows


def test_rows_that_are_made_of_no_cell_are_all_alike() -> None:
    """Whether they are the same can't be told, so it is asked."""
    fixed = a_recipe({"Tone": Fixed("friendly")})
    mild = a_recipe({"Tone": Fixed("mild")})
    assert found(TWO, mild, paid_for(TWO, fixed)).rows == 2


def test_rows_of_a_round_were_asked_for() -> None:
    """They are planned again, and are known."""
    paid = paid_for(TWO, a_recipe())
    planned = plan(Rendering(TWO, a_recipe()), {one.key: State.PLANNED for one in paid})
    assert remade(TWO, planned, lambda: paid).rows == 0
