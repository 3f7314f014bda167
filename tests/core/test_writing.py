"""What is written beside each row."""

from dataclasses import fields
from typing import Final, get_args

import pytest

from pipeline.config.model import OutputColumns
from pipeline.core.model import Json, NewCell, Standing, State, Status
from pipeline.core.rows.variables import Faulty, RenderedRow, Skipped
from pipeline.core.rows.writing import (
    PASSES,
    About,
    Columns,
    all_outputs,
    cells_of,
    free_headers,
    texts_of_attempts,
)
from tests.core.builders import ATTEMPTS, RUN, a_sendable, a_standing

COLUMNS: Final = Columns(
    {"Mail": "Email"},
    {"status": "Status", "run_id": "Run ID", "credits": "Credits", "error": "Error"},
)
FAULT: Final = "Leads!A2: Company is empty; fill it in, or give Company a default"


@pytest.mark.parametrize(
    ("row", "standing", "cells"),
    [
        (a_sendable(), None, (None, "pending", None, None, None)),
        (Skipped(2), None, (None, "skipped", None, None, None)),
        (Faulty(2, FAULT), None, (None, "failed", None, None, FAULT)),
        (a_sendable(), a_standing(State.PLANNED), (None, "pending", None, None, None)),
        (a_sendable(), a_standing(State.STARTING), (None, "running", None, None, None)),
        (a_sendable(), a_standing(State.RUNNING), (None, "running", RUN, None, None)),
        (
            a_sendable(),
            a_standing(State.UNCONFIRMED),
            (None, "unconfirmed", None, None, "It is not known"),
        ),
        (a_sendable(), a_standing(State.COMPLETE), ("Dear Ada", "complete", RUN, 2.0, None)),
        (
            a_sendable(),
            a_standing(State.FAILED),
            (None, "failed", RUN, 1.0, "The run failed: no such company"),
        ),
        (
            a_sendable(),
            a_standing(State.EXPIRED),
            (None, "expired", RUN, None, "The run had not ended"),
        ),
    ],
)
def test_the_cells_beside_a_row(
    row: RenderedRow, standing: Standing | None, cells: tuple[NewCell, ...]
) -> None:
    """For each state and kind of row: outputs, status, run, credits and the reason."""
    assert cells_of(row, standing, COLUMNS) == cells


def test_every_column_that_the_config_names_has_its_cells() -> None:
    """In the config's order, left out by default or not, and no other: all are known here."""
    asked_for = {field.name: field.name.title() for field in fields(OutputColumns)}
    assert [*OutputColumns(**asked_for).headers] == [*get_args(About)] == [*PASSES]


def test_every_state_has_a_status_to_show() -> None:
    """Nothing that an entry can be is unknown to the sheet, and no status is without a use."""
    shown = {cells_of(a_sendable(), a_standing(state), COLUMNS)[1] for state in State}
    assert shown == set(Status) - {Status.SKIPPED}


def test_a_row_that_waits_to_be_sent_again_shows_its_costs_only() -> None:
    """The earlier attempt's run and reason are not this row's any more; its credits were paid."""
    standing = Standing(State.PLANNED, ATTEMPTS[State.FAILED], 3.0)
    assert cells_of(a_sendable(), standing, COLUMNS) == (None, "pending", None, 3.0, None)


def test_outputs_of_a_run_that_did_not_complete_are_not_written() -> None:
    """What a failed run left half done is in the ledger, not in the sheet."""
    standing = a_standing(State.FAILED, outputs={"Email": "Dear …"})
    assert cells_of(a_sendable(), standing, COLUMNS)[0] is None


@pytest.mark.parametrize(
    ("outputs", "error"),
    [
        ({"Mail": "x", "Score": 1}, "The run gave no output 'Email'; it gave 'Mail', 'Score'"),
        ({}, "The run gave no output 'Email'; it gave nothing"),
        (None, "The run gave no output 'Email'; it gave nothing"),
    ],
)
def test_a_missing_output_is_said(outputs: dict[str, Json] | None, error: str) -> None:
    """A blank cell beside a complete row is explained, with the names that there are."""
    standing = a_standing(State.COMPLETE, outputs=outputs)
    assert cells_of(a_sendable(), standing, COLUMNS) == (None, "complete", RUN, 2.0, error)


def test_an_output_that_is_null_is_not_missing() -> None:
    """The run gave it, and gave nothing in it."""
    standing = a_standing(State.COMPLETE, outputs={"Email": None})
    assert cells_of(a_sendable(), standing, COLUMNS) == (None, "complete", RUN, 2.0, None)


def test_the_columns_stand_in_the_configs_order() -> None:
    """Outputs first, then what is about the run; what is left out is not written."""
    columns = Columns({"B": "b", "A": "a.x"}, {"credits": "Cost", "status": "State"})
    standing = a_standing(State.COMPLETE, outputs={"a": {"x": 1}, "b": [2]})
    assert columns.headers == ("B", "A", "Cost", "State")
    assert cells_of(a_sendable(), standing, columns) == ("[2]", 1, 2.0, "complete")


def test_all_outputs_are_those_of_complete_runs() -> None:
    """Each name once, as they came up."""
    standings = [
        a_standing(State.COMPLETE, outputs={"Email": 1, "Score": 2}),
        a_standing(State.FAILED, outputs={"Half": 1}),
        a_standing(State.COMPLETE, outputs=None),
        a_standing(State.PLANNED),
        a_standing(State.COMPLETE, outputs={"Score": 1, "Tone": 2}),
    ]
    assert all_outputs(standings) == ("Email", "Score", "Tone")


@pytest.mark.parametrize("state", [state for state in State if ATTEMPTS[state]])
def test_what_was_written_for_an_attempt_is_known_again(state: State) -> None:
    """Every cell that an attempt puts into a sheet is among the texts that are ours."""
    standing = a_standing(state)
    texts = texts_of_attempts([standing], COLUMNS)
    for header, cell in zip(
        COLUMNS.headers, cells_of(a_sendable(), standing, COLUMNS), strict=True
    ):
        assert ("" if cell is None else str(cell).removesuffix(".0")) in texts[header]


def test_texts_of_attempts_hold_nothing_else() -> None:
    """Every status word is ours; another column's text is not."""
    texts = texts_of_attempts([a_standing(State.COMPLETE)], COLUMNS)
    assert texts == {
        "Mail": {"Dear Ada"},
        "Status": set(Status),
        "Run ID": {RUN},
        "Credits": {"2"},
        "Error": {""},
    }


def test_without_a_column_for_the_status_no_status_word_is_ours() -> None:
    """A user's own cell that says `complete` is not taken for one of ours."""
    columns = Columns({"Mail": "Email"}, {"run_id": "Run ID"})
    texts = texts_of_attempts([a_standing(State.COMPLETE)], columns)
    assert texts == {"Mail": {"Dear Ada"}, "Run ID": {RUN}}


@pytest.mark.parametrize(
    ("names", "taken", "headers"),
    [
        (["Email"], [], {"Email": "Email"}),
        (["Email"], ["Email"], {"Email (2)": "Email"}),
        (["Email"], ["Email", "Email (2)"], {"Email (3)": "Email"}),
        (
            ["Email", "Email (2)"],
            ["Email"],
            {"Email (2)": "Email", "Email (2) (2)": "Email (2)"},
        ),
        (["Status", "Score"], ["Status"], {"Status (2)": "Status", "Score": "Score"}),
    ],
)
def test_a_header_that_is_taken_gets_a_suffix(
    names: list[str], taken: list[str], headers: dict[str, str]
) -> None:
    """No two columns share a header, and each leads to its output."""
    assert free_headers(names, taken) == headers
