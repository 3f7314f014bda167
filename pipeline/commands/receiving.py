"""Lets the service push the ends of runs while a batch runs. Owns the registrations' whole life.

What an address ends in stands in the ledger before it is registered, so that whatever kills the
process, the next call finds the registration and removes it; another batch's it can't know. Where
pushes can't be had, it is said once and runs are polled. Must not know what a delivery means.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from pipeline.commands.terminal import say
from pipeline.config.api_key import find_key
from pipeline.config.model import Config
from pipeline.config.sections.behaviour import Webhook
from pipeline.core.model import UNENDED, State
from pipeline.engine.batch.inbox import Inbox
from pipeline.errors import RemoteFault
from pipeline.ledger.store import Ledger
from pipeline.remote import webhooks
from pipeline.remote.client import Client
from pipeline.remote.receiver import AddressInUseError, Receiver, new_token
from pipeline.remote.secret import Secret
from pipeline.remote.webhooks import EventType

EVENTS: Final = (EventType.COMPLETED, EventType.FAILED, EventType.CREDIT_LIMIT_REACHED)
PATIENCE_SECONDS: Final = 10.0
"""How long all that registers, or all that removes, may take: a batch does not wait for it."""

POLLED: Final = "runs are polled instead"
OWED: Final = (State.PLANNED, *UNENDED)


@asynccontextmanager
async def deliveries_for(
    config: Config, ledger: Ledger, client: Client
) -> AsyncIterator[Inbox | None]:
    """Where deliveries come in while the block runs; ``None``: none are pushed.

    Raises `ConfigFault` where nobody could listen at `webhook.listen`.
    """
    await _remove(ledger, client)
    if config.webhook is None or not ledger.tally().count_entries(*OWED):
        yield None
        return
    inbox, token = Inbox(), new_token()
    key = Secret(find_key(config, os.environ))
    listen = config.webhook.listen
    try:
        async with Receiver(listen.host, listen.port, token, key, inbox.offer):
            is_registered = await _register(config.webhook, token, ledger, client)
            try:
                yield inbox if is_registered else None
            finally:
                await _remove(ledger, client)
    except AddressInUseError:
        say(f"webhook.listen: another program listens at port {listen.port}; {POLLED}.")
        yield None


async def _register(webhook: Webhook, token: str, ledger: Ledger, client: Client) -> bool:
    """Register for all that a batch needs to know; tells whether the service took all of it."""
    ledger.say_webhook_tokens(ledger.webhook_tokens() | {token})
    url = f"{webhook.public_url}/{token}"
    is_registered = False
    with _told(f"Completions can't be pushed; {POLLED}"):
        async with _patience():
            for event in EVENTS:
                await webhooks.add(client, url, event, client.workflow_id)
        is_registered = True
    if is_registered:
        say(f"Ends of runs are pushed to {webhook.public_url}; few polls go on behind them.")
    else:
        # Some of them may stand, and would be told of what nobody waits for.
        await _remove(ledger, client)
    return is_registered


async def _remove(ledger: Ledger, client: Client) -> None:
    """Remove all registrations of this ledger, those of a call that was killed too."""
    tokens = ledger.webhook_tokens()
    if not tokens:
        return
    with _told("This batch's webhooks stay registered until its next run"):
        async with _patience():
            await webhooks.remove_all(client, tokens)
        ledger.say_webhook_tokens(())


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except TimeoutError:
        raise RemoteFault(
            place="the webhooks at the service",
            wrong=f"the service took longer than {PATIENCE_SECONDS:g} s",
            remedy="see with `webhooks list` what stands",
        ) from None


@contextmanager
def _told(consequence: str) -> Iterator[None]:
    """Say what the service refused and what follows; the batch goes on."""
    try:
        yield
    except RemoteFault as fault:
        say(f"{consequence}: {fault}")
