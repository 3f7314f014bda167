"""Which outputs that are asked for no run gave, as far as the runs have passed by."""

from pipeline.core.model import State
from pipeline.core.rows.given import NAMES_REMEMBERED, GivenOutputs
from tests.core.builders import a_standing

ASKED = {"Score": "analysis.score", "Text": "Sumary"}


def seen(*outputs: dict[str, object] | None, state: State = State.COMPLETE) -> GivenOutputs:
    """What is known once runs with these outputs went by."""
    given = GivenOutputs(ASKED)
    for run in outputs:
        given.see(a_standing(state, outputs=run))
    return given


def test_an_output_is_lacking_until_one_run_gave_it() -> None:
    """A run may lack one at times: only what none gave is a mistake of the config."""
    given = seen({"Summary": "x"}, {"Summary": "y", "analysis": {"score": 7}}, None)
    assert (given.lacking, given.runs) == ({"Text": "Sumary"}, 3)
    assert list(given.names) == ["Summary", "analysis"]


def test_once_all_were_given_no_run_is_searched_any_more() -> None:
    """A sheet may have a million rows; the runs are counted all the same."""
    whole = {"Sumary": "x", "analysis": {"score": 1}}
    given = seen(whole, {"Another": 1})
    assert (given.lacking, given.runs, "Another" in given.names) == ({}, 2, False)


def test_only_a_complete_run_tells_what_is_given() -> None:
    """One that failed gives nothing, whatever the config asks for."""
    assert seen({}, state=State.FAILED).runs == 0


def test_a_few_names_are_remembered() -> None:
    """As many as a person is told, and one more to know that there are others."""
    many = {f"Output {n}": n for n in range(20)}
    assert len(seen(many).names) == NAMES_REMEMBERED
