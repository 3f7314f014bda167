import json

import pytest

from pipeline.core.model import Observation, RunStatus
from pipeline.core.replies import Halted, HaltReason, Missing, RunPage, Unreachable, Unreadable
from pipeline.remote.wire import HttpReply, list_reply, look_reply
from tests.remote.replies import (
    CUT,
    DOCUMENTED,
    HTML,
    RUN,
    a_reply,
    a_run,
    an_error,
    an_observation,
)


@pytest.mark.parametrize("body", [a_run(), DOCUMENTED, {"data": {**DOCUMENTED, "id": None}}])
def test_a_look_reads_the_documented_run(body: object) -> None:
    """In its envelope or bare, and where it names no id, the run asked for."""
    assert look_reply(a_reply(200, body), RUN) == Observation(
        RUN,
        RunStatus.RUNNING,
        "PROCESSING",
        outputs={"Email": "Dear"},
        metadata={"api": True},
        input={"Company": "Acme"},
        created_at=1_668_803_407.434,
    )


@pytest.mark.parametrize(
    ("spelled", "status", "word"),
    [
        ("COMPLETE", RunStatus.COMPLETE, "COMPLETE"),
        (" complete ", RunStatus.COMPLETE, "COMPLETE"),
        ("Failed", RunStatus.FAILED, "FAILED"),
        ("NEW", RunStatus.RUNNING, "NEW"),
        ("COMPLETED_WITH_WARNINGS", RunStatus.RUNNING, "COMPLETED_WITH_WARNINGS"),
        ("x" * 99, RunStatus.RUNNING, "X" * 59 + "…"),
        (None, RunStatus.RUNNING, ""),
        (3, RunStatus.RUNNING, ""),
    ],
)
def test_only_two_words_end_a_run(spelled: object, status: RunStatus, word: str) -> None:
    """A word never seen before is "still running", and is kept to be told."""
    seen = an_observation(status=spelled)
    assert (seen.status, seen.word) == (status, word)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2022-11-18T20:30:07.434Z", 1_668_803_407.434),
        ("2022-11-18T21:30:07+01:00", 1_668_803_407.0),
        (" 2022-11-18T20:30:07 ", 1_668_803_407.0),
        ("9999-12-31T23:59:59-14:00", 253_402_351_199.0),
        ("0001-01-01T00:00:00", -62_135_596_800.0),
        ("yesterday", None),
        ("", None),
        (1_668_803_407, None),
        (None, None),
        ([], None),
    ],
)
def test_when_a_run_began_is_a_date_or_unknown(sent: object, read: float | None) -> None:
    """It is shown to a person who looks for a run; nothing is concluded from it."""
    assert an_observation(createdAt=sent).created_at == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (2, 2.0),
        (0, 0.0),
        (1.5, 1.5),
        ("22", 22.0),
        (" 2.5 ", 2.5),
        (None, None),
        (True, None),
        (-1, None),
        ("-1", None),
        ("1_0", None),
        ("two", None),
        ("", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        ("9" * 400, None),
        ([2], None),
    ],
)
def test_credits_are_a_number_or_unknown(sent: object, read: float | None) -> None:
    """A number, a number in text, or absent; never a guess."""
    assert an_observation(credits=sent).credits == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"Email": "Dear", "n": [1, {"a": None}]}, {"Email": "Dear", "n": [1, {"a": None}]}),
        ('{"Email":"Dear"}', {"Email": "Dear"}),
        ("[1]", None),
        ("{not json", None),
        (None, None),
        ([], None),
        ({"half": "a\ud83d", "whole": "😀"}, {"half": "a\ufffd", "whole": "😀"}),
        ({"n": float("nan")}, {"n": "NaN"}),
    ],
)
def test_outputs_are_an_object_or_none(sent: object, read: object) -> None:
    """Also an object inside text; and one that every later room can write as UTF-8."""
    assert an_observation(output=sent).outputs == read


def test_metadata_may_be_null() -> None:
    """A null is no metadata, and no error."""
    assert an_observation(metadata=None).metadata is None


@pytest.mark.parametrize("name", ["error", "message", "errorMessage"])
def test_a_failed_run_tells_why(name: str) -> None:
    """Under whichever name the service puts its words."""
    assert an_observation(status="FAILED", **{name: "model down"}).message == "model down"


@pytest.mark.parametrize(
    "http",
    [
        a_reply(200, a_run(id="WRUN-2")),
        a_reply(200, {"id": "request-9", "status": "error"}),
        a_reply(200, {"status": "success", "data": {}}),
        a_reply(200, {"status": "success"}),
        a_reply(200, CUT),
        a_reply(200, b"[" * 100_000),
        a_reply(200, b'{"data":{"id":"WRUN-1","n":' + b"9" * 5000 + b"}}"),
    ],
)
def test_an_answer_that_tells_nothing_of_the_run_loses_nothing(http: HttpReply) -> None:
    """Another run's reply, no run or no sense: the service is there, and the run not "missing"."""
    assert isinstance(look_reply(http, RUN), Unreadable)


@pytest.mark.parametrize("status", [302, 400, 402, 408, 422, 500, 502, 503])
def test_a_look_that_brings_nothing_loses_nothing(status: int) -> None:
    """Whatever stands between or is broken: the run is looked at again, and is not "missing"."""
    assert isinstance(look_reply(a_reply(status, HTML), RUN), Unreachable)


@pytest.mark.parametrize(
    ("status", "body", "lacks_credits"),
    [
        (402, HTML, True),
        (402, an_error(), True),
        (400, an_error("WORKFLOW_CREDIT_LIMIT_REACHED"), True),
        (400, an_error(), False),
        (500, an_error("WORKFLOW_CREDIT_LIMIT_REACHED"), False),
        (503, HTML, False),
    ],
)
def test_a_want_of_credits_is_told_from_a_service_that_is_gone(
    status: int, body: object, *, lacks_credits: bool
) -> None:
    """On a look and on the list, so that a person hears what to do."""
    for reply in (look_reply(a_reply(status, body), RUN), list_reply(a_reply(status, body))):
        assert isinstance(reply, Unreachable)
        assert reply.lacks_credits is lacks_credits


def test_a_run_under_two_names_is_known_by_either() -> None:
    """The list's spelling of the id counts on a look as well."""
    assert an_observation(id="row-5", workflowRunId="WRUN-1").run_id == RUN


@pytest.mark.parametrize("body", [b"", HTML, json.dumps(an_error()).encode()])
def test_404_is_missing_and_401_the_key_on_a_look(body: bytes) -> None:
    """A run that is not known yet is no failure; a key that is refused stops."""
    assert look_reply(a_reply(404, body), RUN) == Missing()
    for status in (401, 403):
        reply = look_reply(a_reply(status, body), RUN)
        assert isinstance(reply, Halted)
        assert reply.reason is HaltReason.KEY_REFUSED


ITEMS = [DOCUMENTED, {"workflowRunId": "WRUN-2", "status": "COMPLETE"}, {"status": "NEW"}, None]


@pytest.mark.parametrize(
    ("body", "total"),
    [
        ({"status": "success", "data": {"total": 12, "data": ITEMS}}, 12),
        ({"status": "success", "data": {"total": "12", "data": ITEMS}}, 12),
        ({"total": 12, "data": ITEMS}, 12),
        ({"total": 12, "data": {"data": ITEMS}}, 12),
        ({"data": {"data": ITEMS}}, None),
        (ITEMS, None),
    ],
)
def test_a_page_of_runs_is_read_in_every_envelope(body: object, total: int) -> None:
    """Items are runs by `id` or `workflowRunId`; what names no run is left out, and counted."""
    page = list_reply(a_reply(200, body))
    assert isinstance(page, RunPage)
    assert page.total == total
    assert [run.run_id for run in page.runs] == ["WRUN-1", "WRUN-2"]
    assert page.runs[1].status is RunStatus.COMPLETE


@pytest.mark.parametrize("status", [404, 405])
def test_a_service_without_a_list_says_so(status: int) -> None:
    """Then absence can't be shown, which is not the same as an empty list."""
    assert list_reply(a_reply(status, HTML)) == Missing()
    assert list_reply(a_reply(200, {"data": []})) == RunPage(None, ())


@pytest.mark.parametrize("body", [b"", HTML, b'{"data":{}}', b'{"data":{"data":{}}}', b"7"])
def test_a_list_that_is_none_is_never_an_empty_list(body: bytes) -> None:
    """What can't be read shows no absence."""
    assert isinstance(list_reply(a_reply(200, body)), Unreadable)
