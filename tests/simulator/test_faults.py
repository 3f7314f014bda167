"""The faults: each can be had, each does what its name says, none happens unasked."""

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulator.faults import (
    BEFALLS,
    LATE_SECONDS,
    SLOW_SECONDS,
    UNSEEN_SECONDS,
    Call,
    Fault,
    Faults,
)
from pipeline.simulator.replies import Answer, Cut, Json, Reply
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings

KEY = "a-key"
WORKFLOW = "WCFG-1"
NOON = 1_700_000_000.0
BODY = b'{"startVariables": {"Company": "Acme"}}'


def a_service(**faults: float) -> Service:
    return Service(Settings(duration_seconds=0, faults=Faults(**faults)))


def started(service: Service) -> Answer:
    return service.start(KEY, WORKFLOW, BODY, NOON)


def looked(service: Service, age_seconds: float = 10) -> Answer:
    """A look at the first run, begun before the faults set in where the service has none yet."""
    run_id = service.count_with_runs(NOON).body["runs"][0]["id"]
    return service.get(KEY, WORKFLOW, run_id, NOON + age_seconds)


def kind_of(answer: Answer) -> str:
    """An answer in a word: what a caller can make of it."""
    if isinstance(answer, Cut):
        return "cut"
    retry_after = answer.headers.get("Retry-After")
    words = [str(answer.status)]
    words += [f"retry-after={retry_after}"] if retry_after else []
    words += [f"after {answer.delay_seconds:g} s"] if answer.delay_seconds else []
    if isinstance(answer.body, str):
        words += ["html" if answer.body.startswith("<html>") else "not json"]
    return " ".join(words)


def test_the_settings_and_the_names_are_the_same_set() -> None:
    """Every field of `Faults` is a fault, and every fault befalls some call."""
    names = {field.name for field in fields(Faults)}
    assert names == {fault.value for fault in Fault}
    assert names == {fault.value for faults in BEFALLS.values() for fault in faults}


@pytest.mark.parametrize(
    ("fault", "answer", "begins"),
    [
        ("lost_reply", "cut", True),
        ("lost_request", "cut", False),
        ("server_error", "500 html", False),
        ("server_error_after", "500 html", True),
        ("too_many", "429 retry-after=1", False),
        ("too_many_bare", "429 retry-after=soon", False),
        ("slow", f"200 after {SLOW_SECONDS:g} s", True),
        ("refused", "422", False),
        ("garbled", "200", True),
        ("not_found_at_first", "200", True),
    ],
)
def test_what_a_fault_does_to_a_start(fault: str, answer: str, *, begins: bool) -> None:
    """The caller sees the answer of the table, and a run exists or does not, as it says."""
    service = a_service(**{fault: 1.0})
    assert kind_of(started(service)) == answer
    counts = service.count(NOON).body
    assert counts["starts"] == 1
    assert counts["accepted"] == begins
    assert counts["refused"] == (not begins)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("lost_request", "cut"),
        ("server_error", "500 html"),
        ("too_many", "429 retry-after=1"),
        ("too_many_bare", "429"),
        ("slow", f"200 after {SLOW_SECONDS:g} s"),
        ("garbled", "200 not json"),
        ("lost_reply", "200"),
        ("server_error_after", "200"),
        ("not_found_at_first", "200"),
        ("refused", "200"),
    ],
)
def test_what_a_fault_does_to_a_look(fault: str, answer: str) -> None:
    """The caller sees the answer of the table; faults of other calls leave a look alone."""
    past = []
    started(Service(Settings(duration_seconds=0), keep=past.append))
    service = Service(Settings(faults=Faults(**{fault: 1.0})), past=past)
    assert kind_of(looked(service)) == answer


@pytest.mark.parametrize(
    ("fault", "answer"),
    [("lost_request", "cut"), ("server_error", "500 html"), ("too_many", "429 retry-after=1")],
)
def test_what_a_fault_does_to_a_list(fault: str, answer: str) -> None:
    """The list can fail as a look can."""
    assert kind_of(a_service(**{fault: 1.0}).list_runs(KEY, WORKFLOW, {}, NOON)) == answer


def test_a_garbled_reply_is_the_beginning_of_the_whole_one() -> None:
    """What arrives is cut off in the middle, and is no JSON."""
    service = a_service(garbled=1.0)
    started(service)
    reply = looked(service)
    assert isinstance(reply, Reply)
    assert reply.body.startswith('{"status": "success"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


@pytest.mark.parametrize(
    ("age_seconds", "status"), [(0, 404), (UNSEEN_SECONDS - 0.01, 404), (UNSEEN_SECONDS, 200)]
)
def test_a_run_may_be_unknown_at_first(age_seconds: float, status: int) -> None:
    """The 404 ends after the first second, and does not come back."""
    service = a_service(not_found_at_first=1.0)
    started(service)
    reply = looked(service, age_seconds)
    assert isinstance(reply, Reply)
    assert reply.status == status


def test_a_run_is_unknown_at_first_for_all_its_early_looks_or_for_none() -> None:
    """A run that was seen once is not denied a moment later."""
    service = a_service(not_found_at_first=0.5)
    statuses = set()
    for _ in range(50):
        run_id = started(service).body["data"]["id"]
        early = {service.get(KEY, WORKFLOW, run_id, NOON + age).status for age in (0, 0.3, 0.9)}
        assert len(early) == 1
        statuses |= early
    assert statuses == {200, 404}


@given(chance=st.floats(0, 1, exclude_max=True), call=st.sampled_from(Call))
@settings(deadline=None, max_examples=50)
def test_without_faults_nothing_happens(chance: float, call: Call) -> None:
    """The default is a service without faults, whatever chance says."""
    assert Faults().decide(call, chance) is None


@pytest.mark.parametrize("call", Call)
def test_each_fault_gets_its_share(call: Call) -> None:
    """Over all chances, each fault of a call befalls just the share that was asked for."""
    shares = Faults(**{fault.value: 0.1 for fault in Fault})
    drawn = [shares.decide(call, (number + 0.5) / 1000) for number in range(1000)]
    for fault in BEFALLS[call]:
        assert drawn.count(fault) == pytest.approx(100, abs=1)
    assert drawn.count(None) == pytest.approx(1000 - 100 * len(BEFALLS[call]), abs=1)


@given(seed=st.integers())
@settings(deadline=None, max_examples=10)
def test_equal_seeds_give_equal_faults(seed: int) -> None:
    """Two services of one seed answer the same calls alike; the faults are of several kinds."""
    shares: dict[str, Json] = {fault.value: 0.1 for fault in Fault}
    world = Settings(seed=seed, faults=Faults(**shares))
    one, other = (
        [kind_of(started(s)) for _ in range(100)] for s in (Service(world), Service(world))
    )
    assert one == other
    assert len(set(one)) > 3


def test_a_look_that_failed_is_drawn_anew() -> None:
    """A fault does not stick to a run: with half of the looks failing, each run is seen in time."""
    service = a_service(server_error=0.5)
    while started(service).status != 200:
        pass
    assert {looked(service).status for _ in range(30)} == {200, 500}


def test_a_late_start_begins_its_run_after_the_connection_died() -> None:
    """Neither look nor list shows the run at first; from `LATE_SECONDS` on, both do."""
    service = a_service(late_start=1)
    assert started(service) == Cut()
    run_id = service.count_with_runs(NOON).body["runs"][0]["id"]

    def seen(age_seconds: float) -> tuple[bool, object]:
        look = service.get(KEY, WORKFLOW, run_id, NOON + age_seconds)
        page = service.list_runs(KEY, WORKFLOW, {}, NOON + age_seconds)
        return look.status == 200, page.body["data"]["total"]

    assert seen(LATE_SECONDS / 2) == (False, 0)
    assert seen(LATE_SECONDS) == (True, 1)


def test_a_list_without_an_order_is_still_the_same_list() -> None:
    """Every run is on one page of it, wherever new ones come in."""
    service = Service(Settings(duration_seconds=0, is_list_ordered=False))
    for _ in range(25):
        started(service)
    pages = [
        service.list_runs(KEY, WORKFLOW, {"page": str(n), "size": "10"}, NOON).body["data"]["data"]
        for n in (1, 2, 3)
    ]
    ids = [run["id"] for page in pages for run in page]
    begun = [run["id"] for run in service.count_with_runs(NOON).body["runs"]]
    assert sorted(ids) == sorted(begun)
    assert ids not in (begun, begun[::-1])
