"""The rules of the simulated service, without a socket: who may call, and what each call does."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.values.readers import SIMULATED_IDS
from pipeline.simulator.replies import Answer, Json
from pipeline.simulator.service import WORKFLOW_PREFIXES, Service
from pipeline.simulator.settings import Settings
from tests.simulator.builders import KEY, NOON, WORKFLOW, a_body, begun, data_of, seen, status_of

CALLS: list[Callable[[Service, str], Answer]] = [
    lambda service, key: service.start(key, WORKFLOW, a_body(), NOON),
    lambda service, key: service.get(key, WORKFLOW, "WRUN-1", NOON),
    lambda service, key: service.list_runs(key, WORKFLOW, {}, NOON),
    lambda service, key: service.create_webhook(key, b"{}", NOON),
    lambda service, key: service.list_webhooks(key, {}),
    lambda service, key: service.get_webhook(key, "WHK-1"),
    lambda service, key: service.delete_webhook(key, "WHK-1"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", ["", " "])
def test_every_call_needs_a_key(call: Callable[[Service, str], Answer], key: str) -> None:
    """Without a key no call does anything, and the refusal is the documented error."""
    service = Service(Settings())
    answer = call(service, key)
    assert status_of(answer) == 401
    assert answer.body["status"] == "error"
    assert service.count(NOON).body["accepted"] == 0


@pytest.mark.parametrize("call", CALLS)
def test_where_keys_are_named_no_other_is_accepted(call: Callable[[Service, str], Answer]) -> None:
    """A key outside of the accepted set is refused, and the refusal does not repeat it."""
    answer = call(Service(Settings(keys=frozenset({"good"}))), "bad-key")
    assert status_of(answer) == 401
    assert "bad-key" not in json.dumps(answer.body)
    assert status_of(call(Service(Settings(keys=frozenset({"good"}))), "good")) != 401


@pytest.mark.parametrize(
    ("workflow_id", "status"),
    [("WCFG-1", 200), ("WFCG-1", 200), ("WRUN-1", 404), ("", 404), ("wcfg-1", 404)],
)
def test_workflows_are_known_by_their_prefix(workflow_id: str, status: int) -> None:
    """Both spellings of the prefix are workflows, all else is not found."""
    service = Service(Settings())
    assert status_of(service.start(KEY, workflow_id, a_body(), NOON)) == status
    assert status_of(service.list_runs(KEY, workflow_id, {}, NOON)) == status


def test_the_config_and_the_simulator_know_the_same_ids() -> None:
    """What the config refuses is what no run could be started of, and nothing else."""
    assert SIMULATED_IDS == WORKFLOW_PREFIXES


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b"[]", ""),
        (b'{"startVariables": {"a": NaN}}', ""),
        (b'{"startVariables": {"a": 1e999}}', ""),
        (b'{"startVariables": {"a": ' + b"9" * 5000 + b"}}", ""),
        (b"{}", "startVariables"),
        (b'{"startVariables": []}', "startVariables"),
        (b'{"startVariables": null}', "startVariables"),
    ],
)
def test_a_start_that_cannot_be_read_is_refused_with_the_part(body: bytes, part: str) -> None:
    """Such a start gets 422 with details, begins nothing, and is counted as a start."""
    service = Service(Settings())
    answer = service.start(KEY, WORKFLOW, body, NOON)
    assert status_of(answer) == 422
    assert answer.body["details"][0]["path"] == part
    counts = service.count(NOON).body
    assert (counts["starts"], counts["accepted"], counts["refused"]) == (1, 0, 1)


@pytest.mark.parametrize("metadata", [None, {}, {"api": True, "row": {"n": 1}}, "text", [1]])
def test_metadata_comes_back_as_it_was_sent(metadata: Json) -> None:
    """Whatever was sent along stands in the run, in the list and in the count."""
    service = Service(Settings())
    run_id = begun(service, metadata=metadata)
    assert seen(service, run_id, NOON)["metadata"] == metadata
    assert data_of(service.list_runs(KEY, WORKFLOW, {}, NOON))["data"][0]["metadata"] == metadata
    assert service.count_with_runs(NOON).body["runs"][0]["metadata"] == metadata


def test_another_workflow_does_not_know_the_run() -> None:
    """A run is found below its own workflow only."""
    service = Service(Settings())
    run_id = begun(service)
    assert status_of(service.get(KEY, "WCFG-2", run_id, NOON)) == 404
    assert status_of(service.get(KEY, WORKFLOW, run_id + "0", NOON)) == 404
    assert data_of(service.list_runs(KEY, "WCFG-2", {}, NOON)) == {"total": 0, "data": []}


@given(runs=st.integers(0, 230), size=st.integers(1, 300))
@settings(deadline=None, max_examples=40)
def test_paging_shows_every_run_exactly_once(runs: int, size: int) -> None:
    """Where nothing is added, the pages are all runs, the newest first, none longer than 100."""
    service = Service(Settings())
    ids = [begun(service, NOON + number) for number in range(runs)]
    found: list[str] = []
    page = 1
    while True:
        query = {"size": str(size), "page": str(page)}
        part = data_of(service.list_runs(KEY, WORKFLOW, query, NOON))
        assert part["total"] == runs
        assert len(part["data"]) <= min(size, 100)
        if not part["data"]:
            break
        found += [run["id"] for run in part["data"]]
        page += 1
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("query", "length"),
    [({}, 10), ({"size": "100"}, 100), ({"size": "101"}, 100), ({"page": "12"}, 10)],
)
def test_a_page_has_ten_runs_unless_told_and_never_more_than_a_hundred(
    query: dict[str, str], length: int
) -> None:
    """The defaults and the limit of the list are the documented ones."""
    service = Service(Settings())
    for _ in range(120):
        begun(service)
    assert len(data_of(service.list_runs(KEY, WORKFLOW, query, NOON))["data"]) == length


@pytest.mark.parametrize(
    "query", [{"size": "0"}, {"size": "x"}, {"page": "0"}, {"page": "-1"}, {"page": "9" * 5000}]
)
def test_a_page_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    """A size or a page that is no number, or out of range, is the caller's mistake."""
    assert status_of(Service(Settings()).list_runs(KEY, WORKFLOW, query, NOON)) == 422


def test_the_uncertain_sides_of_the_real_service_can_be_chosen() -> None:
    """Worlds without metadata, without a list and without credits are one setting each."""
    world = Settings(duration_seconds=0, echo_metadata=False, list_runs=False, credits_in_run=False)
    service = Service(world)
    run = seen(service, begun(service, metadata={"api": True}), NOON)
    assert "metadata" not in run
    assert "credits" not in run
    assert status_of(service.list_runs(KEY, WORKFLOW, {}, NOON)) == 404
    assert service.count(NOON).body["credits"] == 2


def test_the_count_tells_everything_that_was_seen() -> None:
    """Starts are the sum of accepted and refused; looks and lists are counted even when refused."""
    service = Service(Settings(duration_seconds=0))
    run_id = begun(service, metadata={"row": 7})
    service.start("", WORKFLOW, a_body(), NOON)
    service.get(KEY, WORKFLOW, run_id, NOON)
    service.get(KEY, WORKFLOW, "WRUN-unknown", NOON)
    service.list_runs("", WORKFLOW, {}, NOON)
    brief = {
        "starts": 2,
        "accepted": 1,
        "refused": 1,
        "polls": 2,
        "lists": 1,
        "credits": 2,
    }
    run = {
        "id": run_id,
        "workflowId": WORKFLOW,
        "startVariables": {"Company": "Acme"},
        "metadata": {"row": 7},
        "createdAt": "2023-11-14T22:13:20.000Z",
        "status": "COMPLETE",
        "credits": 2,
    }
    assert service.count(NOON).body == brief
    assert service.count_with_runs(NOON).body == brief | {"runs": [run]}
