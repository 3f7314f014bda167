"""The same row is the same row: what makes a RowKey, and what does not."""

import hashlib
import json
from collections import Counter
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import CellValue, Json, Row, RowKey, Sheet
from pipeline.core.rows.cells import ERRORS
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import Fixed, FromColumn, FromTemplate, Recipe, Sendable, Variable
from tests.core.builders import a_recipe, a_sheet

COMPANIES: Final = st.lists(
    st.tuples(st.sampled_from(["Acme", "Beta", "Gamma"])), min_size=1, max_size=12
)
WITH_TONE: Final = a_recipe({"Company": FromColumn("Company"), "Tone": Fixed("friendly")})


def keys_of(sheet: Sheet, recipe: Recipe | None = None) -> list[RowKey]:
    rows = Rendering(sheet, recipe or a_recipe())
    return [row.key for row in rows if isinstance(row, Sendable)]


def keys_by_company(sheet: Sheet) -> dict[str, set[RowKey]]:
    found: dict[str, set[RowKey]] = {}
    for row, key in zip(sheet.rows, keys_of(sheet), strict=True):
        found.setdefault(str(row.values[0]), set()).add(key)
    return found


@settings(deadline=None, max_examples=100)
@given(COMPANIES.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_sorting_rows_keeps_their_results(
    rows: tuple[list[tuple[CellValue, ...]], list[tuple[CellValue, ...]]],
) -> None:
    """In whatever order, equal rows share the same keys and each has one of its own."""
    before, after = (a_sheet(*order) for order in rows)
    assert keys_by_company(before) == keys_by_company(after)
    assert max(Counter(keys_of(after)).values()) == 1


@settings(deadline=None, max_examples=100)
@given(COMPANIES, st.integers(0, 12), st.integers(1, 40))
def test_inserting_a_row_makes_one_new_row(
    rows: list[tuple[CellValue, ...]], place: int, shift: int
) -> None:
    """All earlier keys stand, wherever the new row is put and whatever its number."""
    longer = [*rows[:place], ("Acme",), *rows[place:]]
    moved = Sheet(
        "Other name", ("Company",), tuple(Row(n + shift, row) for n, row in enumerate(longer))
    )
    assert len(set(keys_of(moved)) - set(keys_of(a_sheet(*rows)))) == 1
    assert set(keys_of(a_sheet(*rows))) < set(keys_of(moved))


@settings(deadline=None, max_examples=100)
@given(COMPANIES)
def test_rows_that_share_a_run_share_a_key(rows: list[tuple[CellValue, ...]]) -> None:
    """With `duplicates: once`: as many keys as there are different rows, whatever names them."""
    once = a_recipe(duplicates="once")
    keys = keys_of(a_sheet(*rows), once)
    assert len(set(zip(keys, rows, strict=True))) == len(set(keys)) == len(set(rows))
    # What each row has already is kept where the config is changed to it.
    assert set(keys) <= set(keys_of(a_sheet(*rows)))
    named = Sheet(
        "Leads", ("ID", "Company"), tuple(Row(n, (n, *row)) for n, row in enumerate(rows, 2))
    )
    assert keys_of(named, a_recipe(key=("ID",), duplicates="once")) == keys
    assert len(set(keys_of(named, a_recipe(key=("ID",))))) == len(rows)


@pytest.mark.parametrize(
    ("sheet", "recipe"),
    [
        (a_sheet(("Acme Inc",)), a_recipe()),
        (a_sheet(("Acme ",)), a_recipe()),
        (a_sheet(("acme",)), a_recipe()),
        (a_sheet(("Acme",)), WITH_TONE),
        (a_sheet(("Acme",)), a_recipe({"Firm": FromColumn("Company")})),
        (a_sheet(("Acme",)), a_recipe(service="https://other.test/api")),
        (a_sheet(("Acme",)), a_recipe(workflow_id="WCFG-2")),
        (a_sheet(("Acme",)), a_recipe(key=("Company",))),
    ],
)
def test_what_was_changed_is_a_new_row(sheet: Sheet, recipe: Recipe) -> None:
    """Another value, variable, service, workflow or key is another run to pay for."""
    assert keys_of(sheet, recipe) != keys_of(a_sheet(("Acme",)))


@pytest.mark.parametrize(
    ("sheet", "recipe"),
    [
        (a_sheet(("x", "Acme"), columns=("New", "Company")), a_recipe()),
        (
            a_sheet(("Acme",), columns=("Firm",)),
            a_recipe({"Company": FromTemplate("{{ row.Firm }}", ("Firm",))}),
        ),
        (a_sheet(("Acme",)), a_recipe({"Company": Fixed("Acme")})),
        (a_sheet(("Acme",)), a_recipe(where={"Company": "Acme"})),
        (a_sheet(("Acme",)), a_recipe({"Company": FromColumn("Company", default="?")})),
    ],
)
def test_what_is_sent_alike_is_the_same_row(sheet: Sheet, recipe: Recipe) -> None:
    """Where a value comes from, and columns that are not sent, do not matter."""
    assert keys_of(sheet, recipe) == keys_of(a_sheet(("Acme",)))


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, "1"), (True, "TRUE"), (0.5, "0.5")])
def test_a_cells_type_does_not_make_a_new_row(one: CellValue, other: CellValue) -> None:
    """A sheet saved as CSV keeps its results."""
    assert keys_of(a_sheet((one,))) == keys_of(a_sheet((other,)))


def test_the_order_of_the_variables_does_not_matter() -> None:
    """A config whose lines were sorted pays for nothing again."""
    turned = {name: WITH_TONE.variables[name] for name in reversed(list(WITH_TONE.variables))}
    sheet = a_sheet(("Acme",))
    assert keys_of(sheet, a_recipe(turned)) == keys_of(sheet, WITH_TONE)


def test_the_order_within_a_fixed_value_does_not_matter() -> None:
    """A config whose lines were put in another order starts no row anew."""
    one, other = ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    keys = [
        keys_of(a_sheet(("Acme",)), a_recipe({"Company": FromColumn("Company"), "F": Fixed(v)}))
        for v in (one, other)
    ]
    assert keys[0] == keys[1]


def test_a_row_keeps_its_key_from_one_program_to_the_next() -> None:
    """A change of these digests would have every finished row paid for again: it is no detail."""
    sheet = a_sheet(("Zürich & Söhne", 7), ("Zürich & Söhne", 7), columns=("Company", "Lead ID"))
    assert keys_of(sheet, a_recipe(WITH_TONE.variables, key=("Lead ID",))) == [
        "e4758b6dd60fe0d21e75da2161e66722-1",
        "e4758b6dd60fe0d21e75da2161e66722-2",
    ]


TEXTS: Final = st.text(st.characters(exclude_categories=()), min_size=1, max_size=8)
NAMES: Final = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        TEXTS.filter(lambda text: text.strip() and text.rstrip() not in ERRORS),
        min_size=1,
        max_size=3,
    ),
    st.lists(NAMES, min_size=4, max_size=4, unique=True),
    st.none() | st.floats(allow_nan=False) | TEXTS | st.lists(st.booleans() | TEXTS, max_size=2),
    NAMES,
)
def test_a_key_is_the_digest_that_every_ledger_holds(
    cells: list[str], names: list[str], fixed: Json, service: str
) -> None:
    """Whatever stands in cells, names and values: a row's key today is its key ever after."""
    columns = tuple(f"Column {n}" for n in range(len(cells)))
    varying: dict[str, Variable] = {
        name: FromColumn(column) for name, column in zip(names[1:], columns, strict=False)
    }
    variables = {names[0]: Fixed(fixed), **varying}
    recipe = Recipe(service, "WCFG-%s", variables, key=columns[:1])
    sent = {names[0]: fixed, **dict(zip(names[1:], cells, strict=False))}
    identity = [service, "WCFG-%s", cells[:1], sent]
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    (key,) = keys_of(a_sheet(tuple(cells), columns=columns), recipe)
    assert key == f"{digest}-1"
