import asyncio
import json
from collections.abc import Callable

import pytest

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.replies import Accepted, Doubtful, Halted, HaltReason, Missing, RunPage
from pipeline.errors import ConfigFault
from pipeline.remote.client import Client
from pipeline.remote.secret import Secret
from pipeline.remote.transport import LARGEST_REPLY_BYTES
from pipeline.remote.wire import HttpReply
from tests.remote.conftest import Act, Serving

Answer = Callable[..., bytes]

KEY = Secret("k3y-SECRET-9000")
ACCEPTED = '{"status":"success","data":{"id":"WRUN-1"}}'


def a_client(url: str, workflow_id: str = "WCFG-1") -> Client:
    return Client(url, KEY, workflow_id)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_start_is_sent_as_documented(serving: Serving, answer: Answer, slash: str) -> None:
    """Address, key, start variables and metadata, which always says that a program starts it."""

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED)) as service:
            async with a_client(service.url + slash) as client:
                reply = await client.start({"Company": "Açme"}, {"team": "ops", "api": False})
            assert reply == Accepted(RunId("WRUN-1"))
            (heard,) = service.heard
            assert (heard.method, heard.target) == ("POST", "/api/workflow/WCFG-1/run")
            assert heard.headers["x-copy-ai-api-key"] == "k3y-SECRET-9000"
            assert heard.headers["content-type"] == "application/json"
            assert heard.headers["user-agent"].startswith("pipeline/")
            assert json.loads(heard.body) == {
                "startVariables": {"Company": "Açme"},
                "metadata": {"team": "ops", "api": True},
            }
            assert client.requests == {"start": 1, "poll": 0, "list": 0}

    asyncio.run(scenario())


def test_a_look_and_the_list_are_asked_as_documented(serving: Serving, answer: Answer) -> None:
    """One kept connection serves all, and each kind of call is counted."""
    run = '{"id":"WRUN-1","status":"COMPLETE","credits":2}'

    async def scenario() -> None:
        page = '{"data":{"total":1,"data":[' + run + "]}}"
        async with serving(
            answer(200, '{"data":' + run + "}"), answer(200, page), answer(404)
        ) as service:
            async with a_client(service.url) as client:
                seen = await client.look(RunId("WRUN-1"))
                listed = await client.list_runs(3)
                missing = await client.look(RunId("WRUN-2"))
            expected = Observation(RunId("WRUN-1"), RunStatus.COMPLETE, "COMPLETE", credits=2.0)
            assert seen == expected
            assert listed == RunPage(1, (expected,))
            assert missing == Missing()
            assert [heard.target for heard in service.heard] == [
                "/api/workflow/WCFG-1/run/WRUN-1",
                "/api/workflow/WCFG-1/run/?size=100&page=3",
                "/api/workflow/WCFG-1/run/WRUN-2",
            ]
            assert {heard.connection for heard in service.heard} == {1}
            assert client.requests == {"start": 0, "poll": 2, "list": 1}

    asyncio.run(scenario())


def test_an_opaque_id_never_changes_the_path(serving: Serving, answer: Answer) -> None:
    """Whatever characters an id holds, it stays one part of the path, and means the same."""

    async def scenario() -> None:
        async with serving(answer(404)) as service:
            async with a_client(service.url, "W/1?x#y") as client:
                await client.look(RunId("a/../b?c=%2F é"))
            (heard,) = service.heard
            assert heard.target == (
                "/api/workflow/W%2F1%3Fx%23y/run/a%2F..%2Fb%3Fc%3D%252F%20%C3%A9"
            )

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(serving: Serving, answer: Answer, status: int) -> None:
    """It would post again, and hand the key on: the start is a doubt, and was sent once."""

    async def scenario() -> None:
        moved = answer(status, "", "Location: /api/elsewhere")
        async with serving(moved) as service:
            async with a_client(service.url) as client:
                reply = await client.start({}, {})
            assert reply == Doubtful(f"the service answered {status}")
            assert len(service.heard) == 1

    asyncio.run(scenario())


def test_a_key_that_the_service_repeats_is_hidden(serving: Serving, answer: Answer) -> None:
    """The service's words reach the sheet and the terminal; the key in them does not."""

    async def scenario() -> None:
        async with serving(answer(401, '{"message":"k3y-SECRET-9000 is no key"}')) as service:
            async with a_client(service.url) as client:
                reply = await client.start({}, {})
            assert reply == Halted(HaltReason.KEY_REFUSED, "[key] is no key")

    asyncio.run(scenario())


def test_a_secret_shows_in_no_text() -> None:
    """A log or a traceback that shows the key's holders shows no key."""
    client = a_client("http://127.0.0.1")
    holders = [KEY, client, client.transport, HttpReply(200, b"", secret=KEY)]
    assert "k3y" not in f"{KEY} {holders} {vars(client)}"


@pytest.mark.parametrize(
    ("base_url", "key", "place"),
    [
        ("nonsense", "k", "workflow.base_url"),
        ("ftp://host", "k", "workflow.base_url"),
        ("http://", "k", "workflow.base_url"),
        ("http://host:99999", "k", "workflow.base_url"),
        ("http://" + "a" * 70 + ".com", "k", "workflow.base_url"),
        ("http://host", "k3y\n", "the service's key"),
        ("http://host", "k3ý", "the service's key"),
    ],
)
def test_what_no_call_could_use_is_refused_at_once(base_url: str, key: str, place: str) -> None:
    """A wrong address or key is a fault before the first start, and is not repeated in it."""
    with pytest.raises(ConfigFault) as caught:
        Client(base_url, Secret(key), "WCFG-1")
    assert caught.value.place == place
    assert "k3" not in str(caught.value)


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(
    serving: Serving, answer: Answer
) -> None:
    """A hundred long outputs may be more than a reply can be: then by ten, and then one by one."""

    async def scenario() -> None:
        too_large = answer(200, b" " * (LARGEST_REPLY_BYTES + 1))
        page = answer(200, '{"total": 1, "data": [{"id": "WRUN-1", "status": "NEW"}]}')
        script = ((too_large, Act.CLOSE), (too_large, Act.CLOSE), page, page)
        async with serving(*script) as service:
            async with a_client(service.url) as client:
                replies = [await client.list_runs(1) for _ in script]
            assert [isinstance(reply, RunPage) for reply in replies] == [False, False, True, True]
            asked = [heard.target.partition("?")[2] for heard in service.heard]
            assert asked == [f"size={size}&page=1" for size in (100, 10, 1, 1)]

    asyncio.run(scenario())
