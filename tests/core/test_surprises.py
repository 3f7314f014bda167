"""What the core does with headers, numbers, templates and looks that surprise."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.events import Event, Resumed, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import RunStatus, State
from pipeline.core.money.budget import FailureLimit
from pipeline.core.replies import Missing
from pipeline.core.rows.cells import (
    NoSuchColumnError,
    NoSuchOutputError,
    column_names,
    find_column,
    find_output,
    shown,
)
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import Faulty, FromTemplate
from tests.core.builders import a_context, a_recipe, a_sheet, an_entry, an_observation


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["Row", "Row (1)", "Row (2)", "Column A", ""]), max_size=8))
def test_no_two_columns_have_one_name(header: list[str]) -> None:
    """Also where a header is already spelled as a twin would be: each column can be named."""
    names = column_names(header)
    assert len(set(names)) == len(names)


def test_headers_that_end_in_a_number_are_no_twins() -> None:
    """Two years of one figure are two headers, and neither stands twice."""
    with pytest.raises(NoSuchColumnError) as caught:
        find_column(["Company", "Revenue (2023)", "Revenue (2024)"], "Revenue")
    assert caught.value.wrong == "the sheet has no column 'Revenue'"


@pytest.mark.parametrize("number", [2**53, 9_500_000_000_000_000, -9_100_000_000_000_000])
def test_a_whole_number_of_sixteen_digits_shows_no_decimals(number: int) -> None:
    """An identifier that a spreadsheet holds as a number stays one, up to its last digit."""
    assert shown(float(number)) == str(number)


def test_no_time_at_all_has_no_sign() -> None:
    """What rounds to zero seconds is zero."""
    assert shown(timedelta(milliseconds=-200)) == "0:00:00"


def test_text_that_opens_too_many_brackets_is_text() -> None:
    """An output that is no JSON can't end the program, however it begins."""
    with pytest.raises(NoSuchOutputError):
        find_output({"a": "[" * 100_000}, "a.b")


@pytest.mark.parametrize(
    "source",
    [
        "{{ row.Company | dictsort }}",
        "{{ row.Company | xmlattr }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ 'x' * 10 ** 14 }}",
    ],
)
def test_however_a_template_fails_the_row_is_faulty(source: str) -> None:
    """A template's mistake is told as the row's; the others go on."""
    (row,) = Rendering(a_sheet(("Acme",)), a_recipe({"V": FromTemplate(source, ("Company",))}))
    assert isinstance(row, Faulty)


def test_a_share_of_the_rows_is_exact() -> None:
    """4.4 % of 750 rows are 33: a float's dust is not rounded up to one more."""
    assert FailureLimit(percent=4.4).allowed(750) == 33


@pytest.mark.parametrize("look", [an_observation(RunStatus.RUNNING), Missing()])
def test_a_run_that_a_retry_replaces_stands_as_expired(look: Event) -> None:
    """No earlier attempt is left running: it stands as it did before the retry was asked for."""
    entry = an_entry(State.EXPIRED)
    events: tuple[Event, ...] = (RetryAsked(1), Resumed(), look)
    for event in events:
        entry, _ = step(entry, event, a_context())
    assert entry.state is State.PLANNED
    assert entry.attempt is not None
    assert entry.attempt.state is State.EXPIRED
