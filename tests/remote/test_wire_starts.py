import json

import pytest

from pipeline.core.model import RunId
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    HaltReason,
    Refused,
    TryLater,
    Unreachable,
)
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply
from tests.remote.replies import CUT, HTML, RUN, a_reply, an_error


@pytest.mark.parametrize(
    "body",
    [
        {"status": "success", "data": {"id": "WRUN-1"}},
        {"data": {"workflowRunId": "WRUN-1"}},
        {"data": {"runId": "WRUN-1"}},
        {"data": {"id": " ", "runId": "WRUN-1"}},
        {"id": "WRUN-1"},
        {"status": "success", "workflowRunId": "WRUN-1", "data": None},
        b'\xef\xbb\xbf{"data":{"id":"WRUN-1"}}',
        b'{"data":{"id":"WRUN-1","n":NaN,"t":"a\nb"}}',
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_start_is_accepted_by_the_id_of_its_run(status: int, body: object) -> None:
    """Wherever the service spells the run's id, the run is ours."""
    assert start_reply(a_reply(status, body)) == Accepted(RUN)


def test_an_id_that_is_a_number_is_taken_as_its_digits() -> None:
    """Ids are opaque text, whatever JSON type they come in."""
    assert start_reply(a_reply(200, {"data": {"id": 7}})) == Accepted(RunId("7"))


@pytest.mark.parametrize(
    "http",
    [
        a_reply(200, b""),
        a_reply(200, HTML),
        a_reply(200, CUT),
        a_reply(200, {"status": "success", "data": {}}),
        a_reply(200, {"data": {"id": True}}),
        a_reply(200, b'{"data":{"id":"WRUN-\xff"}}'),
        a_reply(200, an_error()),
        a_reply(200, an_error("WORKFLOW_CREDIT_LIMIT_REACHED")),
        a_reply(204),
        a_reply(302, {"data": {"id": "WRUN-1"}}),
        *(a_reply(status, an_error()) for status in (405, 408, 409, 418, 425, 500, 502, 504)),
        *(a_reply(status, HTML) for status in (400, 422, 500, 503)),
        a_reply(400, CUT),
        a_reply(422, b"[]"),
        a_reply(400, b"null"),
        a_reply(400, b""),
        a_reply(500, an_error("WORKFLOW_CREDIT_LIMIT_REACHED")),
    ],
)
def test_a_start_is_doubtful_where_the_reply_proves_nothing(http: HttpReply) -> None:
    """Whatever is not a plain yes or a plain no may have begun a run, and is looked for."""
    assert isinstance(start_reply(http), Doubtful)


@pytest.mark.parametrize("body", [HTML, b"", CUT, b"[1]", json.dumps(an_error()).encode()])
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, HaltReason.KEY_REFUSED),
        (403, HaltReason.KEY_REFUSED),
        (402, HaltReason.CREDITS_AT_LIMIT),
        (404, HaltReason.WORKFLOW_NOT_FOUND),
    ],
)
def test_a_start_that_no_row_could_make_halts_the_batch(
    status: int, reason: HaltReason, body: bytes
) -> None:
    """401, 402, 403 and 404 hold for every row, and their body may be anything."""
    reply = start_reply(a_reply(status, body))
    assert isinstance(reply, Halted)
    assert reply.reason is reason
    assert reply.message


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429])
def test_the_credit_limit_is_known_by_its_code(status: int) -> None:
    """The service's own code tells more than the status it came with."""
    reply = start_reply(a_reply(status, an_error("WORKFLOW_CREDIT_LIMIT_REACHED", "at limit")))
    assert reply == Halted(HaltReason.CREDITS_AT_LIMIT, "at limit")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (an_error(message="Company is missing"), "Company is missing"),
        (an_error(message="bad", details="Company"), "bad: Company"),
        (
            an_error(message="bad", details=[{"path": "Company", "message": "too long"}, "more"]),
            "bad: path: Company, message: too long; more",
        ),
        ({"error": {"code": 7, "message": "no"}}, "code: 7, message: no"),
        ({"message": ["a is needed", "b is needed"], "error": "Bad"}, "a is needed; b is needed"),
        ({"errorCode": "INVALID_INPUT"}, "INVALID_INPUT"),
        ({"message": "two\nlines \x1b[31m"}, "two lines [31m"),
        ({}, "the service answered 422"),
        ({"message": "x" * 600}, "x" * 499 + "…"),
    ],
)
def test_a_refusal_tells_the_service_s_own_words(body: object, message: str) -> None:
    """Who owns the sheet reads why, details too, in one bounded line."""
    assert start_reply(a_reply(422, body)) == Refused(message)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("86400", 86400.0),
        ("86401", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("NaN", None),
        ("1e3", None),
        ("٣", None),
        ("9" * 400, None),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thursday, 01-Jan-70 00:02:00 GMT", 20.0),
        ("Thu Jan  1 00:02:00 1970", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sat, 03 Jan 1970 00:00:00 GMT", None),
        ("Thu, 01 Jan 99999 00:02:00 GMT", None),
    ],
)
def test_retry_after_is_honoured_and_a_malformed_one_ignored(
    header: str | None, seconds: float | None
) -> None:
    """Seconds or a date, up to a day; on 429 and on 503, for a start and for a look."""
    later, gone = (a_reply(s, HTML, retry_after=header, now=100.0) for s in (429, 503))
    assert start_reply(later) == look_reply(later, RUN) == list_reply(later) == TryLater(seconds)
    assert start_reply(gone) == Doubtful("the service answered 503", seconds)
    assert look_reply(gone, RUN) == Unreachable("the service answered 503", seconds)
