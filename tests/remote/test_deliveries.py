"""What the service posts, read as documented and as seen."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.model import Observation, RunStatus
from pipeline.core.replies import CreditsReached
from pipeline.remote.deliveries import delivery_in
from pipeline.remote.secret import NO_SECRET

DOCUMENTED = {
    "type": "workflowRun.completed",
    "workflowRunId": "WRUN-1",
    "workflowId": "WCFG-1",
    "result": {"Output 1": "a", "Output 2": "b"},
    "metadata": {},
    "credits": 2,
}


def told(**changes: object) -> Observation:
    event = {key: value for key, value in (DOCUMENTED | changes).items() if value != "left out"}
    delivery = delivery_in(json.dumps(event).encode(), NO_SECRET)
    assert delivery is not None
    assert isinstance(delivery.told, Observation)
    return delivery.told


def test_the_documented_event_is_a_whole_end() -> None:
    """Run, status, outputs and credits: no look is needed."""
    seen = told()
    assert (seen.run_id, seen.status, seen.credits) == ("WRUN-1", RunStatus.COMPLETE, 2)
    assert seen.outputs == DOCUMENTED["result"]


@pytest.mark.parametrize(
    ("changes", "outputs"),
    [
        ({"result": "left out", "output": {"A": 1}}, {"A": 1}),
        ({"result": {"output": {"A": 1}}}, {"A": 1}),
        ({"result": {"id": "WRUN-1", "status": "COMPLETE", "output": {"A": 1}}}, {"A": 1}),
        ({"result": {"output": "text", "Score": 5}}, {"output": "text", "Score": 5}),
        ({"result": '{"A": 1}'}, {"A": 1}),
        ({"result": {}}, None),
        ({"result": None}, None),
        ({"result": "left out"}, None),
        ({"result": ["a"]}, None),
    ],
)
def test_outputs_are_found_in_every_shape_that_was_seen(
    changes: dict[str, object], outputs: object
) -> None:
    """`result`, a flat `output`, or `result.output`; what tells nothing leads to a look."""
    assert told(**changes).outputs == outputs


@pytest.mark.parametrize(
    ("credits_", "read"), [("3", 3.0), (0, 0.0), (None, None), ("left out", None), ("many", None)]
)
def test_credits_are_a_number_or_not_known(credits_: object, read: float | None) -> None:
    """A number, in text too; anything else leads to a look."""
    assert told(credits=credits_).credits == read


def test_a_failed_run_and_a_credit_limit_are_told_as_such() -> None:
    """The three types that a batch registers for."""
    assert told(type="workflowRun.failed").status is RunStatus.FAILED
    body = json.dumps({"type": "workflowCreditLimit.reached", "workflowId": "WCFG-1"}).encode()
    delivery = delivery_in(body, NO_SECRET)
    assert delivery is not None
    assert (delivery.told, delivery.size_bytes) == (CreditsReached("WCFG-1"), len(body))


@pytest.mark.parametrize(
    "changes",
    [{"type": "workflowRun.started"}, {"type": None}, {"type": ["x"]}, {"workflowRunId": ""}],
)
def test_what_is_no_end_of_a_run_tells_nothing(changes: dict[str, object]) -> None:
    """Other types, and events that name no run."""
    assert delivery_in(json.dumps(DOCUMENTED | changes).encode(), NO_SECRET) is None


@settings(deadline=None, max_examples=200)
@given(st.binary() | st.builds(lambda part: json.dumps(DOCUMENTED).encode()[:part], st.integers()))
def test_nothing_that_is_posted_is_an_error(body: bytes) -> None:
    """Whatever the bytes: a delivery, or nothing."""
    delivery_in(body, NO_SECRET)
