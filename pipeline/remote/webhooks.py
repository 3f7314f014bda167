"""The registrations at the service: list, show, add, remove. Owns their spelling.

Must not know who listens, or what a completion means for a batch. Here a refusal is an exception,
`RemoteFault`: a person asked, and no row depends on the answer.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, assert_never

from pipeline.core.model import Json
from pipeline.core.replies import NotConnected
from pipeline.errors import RemoteFault
from pipeline.remote.body import parsed, text_or_none
from pipeline.remote.client import Client, quoted
from pipeline.remote.transport import Lost, Method
from pipeline.remote.wire import HttpReply, page_in, told

_MOST_PAGES: Final = 100
"""A service that never names an end is not read for ever."""

_LIST: Final = "the list of webhooks"
_NOT_FOUND: Final = 404

_REMEDIES: Final[Mapping[int, str]] = {
    400: "mend what was given: a URL begins with https://",
    401: "check that the key is whole and has not expired",
    403: "check that the key's owner may manage webhooks",
    404: "see with `webhooks list` which ids there are",
    422: "mend what was given: a URL begins with https://",
    429: "wait a minute, then call again",
}


class _UnknownError(RemoteFault):
    """There is no registration of this id."""


class EventType(StrEnum):
    """What a registration can ask to be told of; one type a registration."""

    STARTED = "workflowRun.started"
    COMPLETED = "workflowRun.completed"
    FAILED = "workflowRun.failed"
    CREDIT_LIMIT_REACHED = "workflowCreditLimit.reached"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One registration, as the service tells it."""

    id: str
    url: str
    event_type: str
    """In the service's spelling: it may have types that `EventType` has not."""
    workflow_id: str | None
    """``None`` where it is for the whole workspace."""


async def list_all(client: Client) -> tuple[Webhook, ...]:
    """Every registration of the workspace. Raises `RemoteFault`."""
    found: dict[str, Webhook] = {}
    seen = 0
    for page in range(_MOST_PAGES):
        http = _good(await _call(client, "GET", f"webhook?page={page}", _LIST), _LIST)
        listed = page_in(parsed(http.body))
        if listed is None:
            _not_understood(_LIST)
        items, total = listed
        seen += len(items)
        webhooks = {webhook.id: webhook for item in items if (webhook := _webhook(item))}
        # Nothing new is the end too: a service that knows no pages gives the first for ever.
        is_new = not webhooks.keys() <= found.keys()
        found |= webhooks
        if not is_new or (total is not None and seen >= total):
            break
    return tuple(found.values())


async def show(client: Client, webhook_id: str) -> Webhook:
    """One registration. Raises `RemoteFault`."""
    place = _named(webhook_id)
    return _one(_known(await _call(client, "GET", _path(webhook_id), place), place), place)


async def add(
    client: Client, url: str, event_type: EventType, workflow_id: str | None = None
) -> Webhook:
    """Register `url` for one type of event, of one workflow or of the workspace.

    Raises `RemoteFault`; where the reply was lost, the registration may stand all the same.
    """
    fields = {"url": url, "eventType": event_type.value}
    if workflow_id is not None:
        fields["workflowId"] = workflow_id
    place = f"the new webhook for {event_type}"
    return _one(await _call(client, "POST", "webhook", place, json.dumps(fields).encode()), place)


async def remove(client: Client, webhook_id: str) -> None:
    """Remove one registration. Raises `RemoteFault`, also where there is none of this id."""
    place = _named(webhook_id)
    _good(_known(await _call(client, "DELETE", _path(webhook_id), place), place), place)


async def remove_all(client: Client, tokens: Collection[str]) -> int:
    """Remove every registration whose address ends in one of these tokens; gives how many.

    Addresses are compared and not ids, so that one whose reply was lost is found too. One that is
    gone meanwhile is removed too. Raises `RemoteFault`.
    """
    found = [webhook for webhook in await list_all(client) if token_in(webhook) in tokens]
    for webhook in found:
        with suppress(_UnknownError):
            await remove(client, webhook.id)
    return len(found)


def token_in(webhook: Webhook) -> str:
    """The last part of a registration's address."""
    return webhook.url.rpartition("/")[2]


def _path(webhook_id: str) -> str:
    return f"webhook/{quoted(webhook_id)}"


def _named(webhook_id: str) -> str:
    return f"webhook {webhook_id!r}"


async def _call(
    client: Client, method: Method, path: str, place: str, body: bytes | None = None
) -> HttpReply:
    transport = client.transport
    exchange = await transport.send(method, transport.url(path), body)
    match exchange:
        case HttpReply():
            return exchange
        case NotConnected(why):
            remedy = "check the connection and `workflow.base_url`, then call again"
        case Lost(why):
            remedy = "see with `webhooks list` what stands, then call again"
        case _:
            assert_never(exchange)
    raise RemoteFault(place=place, wrong=why, remedy=remedy)


def _good(http: HttpReply, place: str) -> HttpReply:
    if http.is_success:
        return http
    raise RemoteFault(
        place=place,
        wrong=f"the service refused ({http.status}): {told(http, parsed(http.body))}",
        remedy=_REMEDIES.get(http.status, "call again later"),
    )


def _known(http: HttpReply, place: str) -> HttpReply:
    if http.status == _NOT_FOUND:
        wrong = "there is no such registration"
        raise _UnknownError(place=place, wrong=wrong, remedy=_REMEDIES[_NOT_FOUND])
    return http


def _one(http: HttpReply, place: str) -> Webhook:
    body = parsed(_good(http, place).body)
    data = body.get("data") if isinstance(body, dict) else None
    return _webhook(data) or _webhook(body) or _not_understood(place)


def _webhook(fields: Json) -> Webhook | None:
    if not isinstance(fields, dict) or not (webhook_id := text_or_none(fields.get("id"))):
        return None
    return Webhook(
        id=webhook_id,
        url=text_or_none(fields.get("url")) or "",
        event_type=text_or_none(fields.get("eventType")) or "",
        workflow_id=text_or_none(fields.get("workflowId")),
    )


def _not_understood(place: str) -> NoReturn:
    raise RemoteFault(
        place=place,
        wrong="the service's reply can't be understood",
        remedy="see with `webhooks list` what stands, then call again",
    )
