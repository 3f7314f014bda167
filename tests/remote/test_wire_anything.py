import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.model import Observation
from pipeline.core.replies import Accepted, Doubtful, Halted, Refused
from pipeline.remote.secret import Secret
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply
from tests.remote.replies import RUN, a_reply, a_run, an_error


@pytest.mark.parametrize("place", range(440, 520, 7))
def test_the_key_never_comes_back_in_the_service_s_words(place: int) -> None:
    """Not whole, and not as the piece that a cut leaves."""
    secret = Secret("k3y-SECRET-9000")
    words = "x" * place + " k3y-SECRET-9000 is not good"
    for status in (400, 401, 402):
        reply = start_reply(a_reply(status, an_error(message=words), secret=secret))
        assert isinstance(reply, Refused | Halted)
        assert "k3y" not in reply.message
    seen = look_reply(a_reply(200, a_run(status="FAILED", message=words), secret=secret), RUN)
    assert isinstance(seen, Observation)
    assert seen.message
    assert "k3y" not in seen.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["data", "id", "status", "total", "output", "credits", "message", "details"]
            )
            | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
RUNS = st.fixed_dictionaries(
    {"id": st.text() | st.integers()}, optional={"data": JSON, "status": JSON, "message": JSON}
)
BODIES = st.binary(max_size=200) | (JSON | RUNS).map(lambda value: json.dumps(value).encode())
STATUSES = st.integers(100, 599) | st.sampled_from([200, 302, 400, 401, 404, 422, 429, 500, 503])
"""Any, and often one that means something."""


@settings(deadline=None, max_examples=300)
@given(
    status=STATUSES,
    body=BODIES,
    retry_after=st.none() | st.text(max_size=40),
)
@example(status=400, body=b'{"message":' + b"[" * 900 + b"]" * 900 + b"}", retry_after=None)
@example(status=200, body=b'{"id":"WRUN-1","output":' + b'{"a":' * 900, retry_after=None)
@example(status=200, body=b'{"id":"WRUN-1","status":"\\ud800"}', retry_after=None)
def test_no_reply_breaks_the_reader_and_only_plain_words_prove_anything(
    status: int, body: bytes, retry_after: str | None
) -> None:
    """Whatever comes, a start is "surely not begun" only by a 4xx, and begun only by a 2xx."""
    http = HttpReply(status, body, retry_after, now=1e9)
    look_reply(http, RUN)
    list_reply(http)
    reply = start_reply(http)
    if isinstance(reply, Accepted):
        assert status // 100 == 2
        assert reply.run_id.encode()
    elif not isinstance(reply, Doubtful):
        assert status // 100 == 4
