"""The registrations at the simulated service."""

import json

import pytest

from pipeline.simulator.replies import Json
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings

KEY = "a-key"
NOON = 1_700_000_000.0


def a_registration(**parts: Json) -> dict[str, Json]:
    return {"url": "https://example.com/hook", "eventType": "workflowRun.completed", **parts}


def added(service: Service, **parts: Json) -> dict[str, Json]:
    body = json.dumps(a_registration(**parts)).encode()
    answer = service.create_webhook(KEY, body, NOON)
    assert answer.status == 200
    return answer.body["data"]


@pytest.mark.parametrize(
    "parts", [{}, {"workflowId": "WCFG-1"}, {"eventType": "workflowRun.failed"}]
)
def test_a_registration_is_shown_as_it_was_made(parts: dict[str, Json]) -> None:
    """What was registered comes back with its id, at once and later."""
    service = Service(Settings())
    webhook = added(service, **parts)
    assert webhook == a_registration(**parts) | {"id": webhook["id"]}
    assert service.get_webhook(KEY, webhook["id"]).body["data"] == webhook


def test_a_registration_ends_once() -> None:
    """Deleting works once; after that the registration is gone for every call."""
    service = Service(Settings())
    webhook, other = added(service), added(service)
    assert service.delete_webhook(KEY, webhook["id"]).status == 200
    assert service.delete_webhook(KEY, webhook["id"]).status == 404
    assert service.get_webhook(KEY, webhook["id"]).status == 404
    assert service.list_webhooks(KEY, {}).body["data"] == {"total": 1, "data": [other]}
    assert added(service)["id"] not in {webhook["id"], other["id"]}


def test_pages_of_registrations_count_from_zero() -> None:
    """The pages from 0 on hold every registration once, the oldest first."""
    service = Service(Settings())
    webhooks = [added(service) for _ in range(25)]
    pages = [
        service.list_webhooks(KEY, {"page": str(page)}).body["data"]["data"] for page in range(4)
    ]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [webhook for page in pages for webhook in page] == webhooks


@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ({"url": None}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"eventType": "workflowRun.paused"}, "eventType"),
        ({"eventType": ["workflowRun.failed"]}, "eventType"),
        ({"workflowId": 7}, "workflowId"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(parts: dict[str, Json], part: str) -> None:
    """A wrong part is named, and nothing is registered."""
    service = Service(Settings())
    answer = service.create_webhook(KEY, json.dumps(a_registration(**parts)).encode(), NOON)
    assert answer.status == 422
    assert answer.body["details"][0]["path"] == part
    assert service.list_webhooks(KEY, {}).body["data"]["total"] == 0
