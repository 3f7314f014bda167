import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from pipeline.errors import RemoteFault
from pipeline.remote import webhooks
from pipeline.remote.client import Client
from pipeline.remote.secret import Secret
from pipeline.remote.webhooks import EventType, Webhook
from tests.remote.conftest import Act, Heard, Serving

Answer = Callable[..., bytes]
T = TypeVar("T")

COMPLETED = EventType.COMPLETED


def a_registration(webhook_id: str = "WH-1", **fields: object) -> dict[str, object]:
    spelled = {"url": "https://me/hook", "eventType": "workflowRun.completed"}
    return {"id": webhook_id, **spelled, "workflowId": "WCFG-1", **fields}


def a_webhook(webhook_id: str = "WH-1", workflow_id: str | None = "WCFG-1") -> Webhook:
    return Webhook(webhook_id, "https://me/hook", "workflowRun.completed", workflow_id)


def a_client(url: str) -> Client:
    return Client(url, Secret("k3y"), "WCFG-1")


def asked(
    serving: Serving, question: Callable[[Client], Awaitable[T]], *script: object
) -> tuple[T, list[Heard]]:
    """What the question came to against the script, and what the service heard."""

    async def scenario() -> tuple[T, list[Heard]]:
        async with serving(*script) as service, a_client(service.url) as client:
            return await question(client), service.heard

    return asyncio.run(scenario())


def test_a_webhook_is_added_as_documented(serving: Serving, answer: Answer) -> None:
    """Address, one event type, and the workflow; left out for the whole workspace."""
    reply = answer(200, json.dumps({"status": "success", "data": a_registration()}))
    added, (heard,) = asked(
        serving, lambda c: webhooks.add(c, "https://me/hook", COMPLETED, "WCFG-1"), reply
    )
    assert added == a_webhook()
    assert (heard.method, heard.target) == ("POST", "/api/webhook")
    assert json.loads(heard.body) == {
        "url": "https://me/hook",
        "eventType": "workflowRun.completed",
        "workflowId": "WCFG-1",
    }
    _, (heard,) = asked(serving, lambda c: webhooks.add(c, "https://me/hook", COMPLETED), reply)
    assert "workflowId" not in json.loads(heard.body)


@pytest.mark.parametrize("envelope", [True, False])
def test_one_webhook_is_shown(serving: Serving, answer: Answer, envelope: bool) -> None:  # noqa: FBT001 - a case of the table
    """With or without its envelope, and with an id that is opaque."""
    fields = a_registration(workflowId=None)
    reply = answer(200, json.dumps({"data": fields} if envelope else fields))
    shown, (heard,) = asked(serving, lambda c: webhooks.show(c, "WH/1"), reply)
    assert shown == a_webhook(workflow_id=None)
    assert heard.target == "/api/webhook/WH%2F1"


@pytest.mark.parametrize(
    "enveloped", [lambda page: page, lambda page: {"status": "success", "data": page}]
)
def test_the_list_is_read_to_its_end(
    serving: Serving, answer: Answer, enveloped: Callable[[object], object]
) -> None:
    """Pages count from 0 and are read until the total is there."""
    pages = [
        answer(200, json.dumps(enveloped({"total": 3, "data": [a_registration(i) for i in ids]})))
        for ids in (("WH-1", "WH-2"), ("WH-3",))
    ]
    listed, heard = asked(serving, webhooks.list_all, *pages)
    assert listed == (a_webhook("WH-1"), a_webhook("WH-2"), a_webhook("WH-3"))
    assert [h.target for h in heard] == ["/api/webhook?page=0", "/api/webhook?page=1"]


@pytest.mark.parametrize("last", [[], [a_registration()]])
def test_a_list_without_a_total_ends_where_nothing_new_comes(
    serving: Serving, answer: Answer, last: list[object]
) -> None:
    """An empty page ends it, and so does the same page again."""
    pages = [answer(200, json.dumps({"data": page})) for page in ([a_registration()], last)]
    assert asked(serving, webhooks.list_all, *pages)[0] == (a_webhook(),)


@pytest.mark.parametrize("status", [200, 204])
def test_a_webhook_that_is_gone_is_removed(serving: Serving, answer: Answer, status: int) -> None:
    """The service may answer with or without a body."""
    _, (heard,) = asked(serving, lambda c: webhooks.remove(c, "WH-1"), answer(status))
    assert (heard.method, heard.target) == ("DELETE", "/api/webhook/WH-1")


@pytest.mark.parametrize(
    "question",
    [
        webhooks.list_all,
        lambda c: webhooks.show(c, "WH-1"),
        lambda c: webhooks.add(c, "https://me/hook", COMPLETED),
        lambda c: webhooks.remove(c, "WH-1"),
    ],
)
@pytest.mark.parametrize("status", [302, 401, 403, 429, 500])
def test_a_refusal_is_told_in_one_line_without_the_key(
    serving: Serving, answer: Answer, question: Callable[[Client], Awaitable[T]], status: int
) -> None:
    """What was asked, the service's words, and what to do."""
    with pytest.raises(RemoteFault) as caught:
        asked(serving, question, answer(status, '{"message":"k3y is\\nno good"}'))
    assert "webhook" in caught.value.place
    assert f"({status}): [key] is no good" in caught.value.wrong
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_an_address_that_is_none_is_to_be_mended(serving: Serving, answer: Answer) -> None:
    """The same call would be refused later, too."""
    reply = answer(422, '{"message": "Expected a URL"}')
    with pytest.raises(RemoteFault, match=r"Expected a URL.*; mend what was given") as caught:
        asked(serving, lambda c: webhooks.add(c, "foo", COMPLETED), reply)
    assert "later" not in caught.value.remedy


@pytest.mark.parametrize("question", [webhooks.show, webhooks.remove])
def test_a_registration_that_is_not_there_is_told(
    serving: Serving, answer: Answer, question: Callable[[Client, str], Awaitable[object]]
) -> None:
    """Nothing was removed or is shown, and it is said where the ids stand."""
    with pytest.raises(RemoteFault, match=r"no such registration; see with `webhooks list`"):
        asked(serving, lambda c: question(c, "x"), answer(404))


def test_what_is_gone_meanwhile_is_removed_too(serving: Serving, answer: Answer) -> None:
    """A call that clears up after itself wants no more than that nothing stands."""
    page = json.dumps({"data": [a_registration("WH-1"), a_registration("WH-2")], "total": 2})
    replies = [answer(200, page), answer(404), answer(200)]
    token = webhooks.token_in(a_webhook())
    removed, heard = asked(serving, lambda c: webhooks.remove_all(c, [token]), *replies)
    assert removed == 2
    assert [h.method for h in heard] == ["GET", "DELETE", "DELETE"]


@pytest.mark.parametrize("step", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Act.CLOSE])
def test_a_reply_that_tells_nothing_sends_the_person_to_the_list(
    serving: Serving, step: bytes | Act
) -> None:
    """The registration may stand all the same, so it is looked for before it is added again."""
    with pytest.raises(RemoteFault, match="webhooks list"):
        asked(serving, lambda c: webhooks.add(c, "https://me/hook", COMPLETED), step)
