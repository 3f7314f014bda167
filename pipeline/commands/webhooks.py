"""`pipeline webhooks`: the registrations at the service, listed, shown, added and removed."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.service import client_for
from pipeline.commands.terminal import say, tell
from pipeline.errors import Exit
from pipeline.ledger.opening import join_ledger
from pipeline.remote import webhooks
from pipeline.remote.client import Client
from pipeline.remote.webhooks import EventType, Webhook

HELP: Final = "list, show, add or remove the webhooks registered at the service"
EXAMPLE: Final = """\
pipeline webhooks list configs/leads.yaml
pipeline webhooks add configs/leads.yaml --url https://example.org/hook"""

OWN: Final = "this batch's"
"""Beside a registration that `run` made, and removes when it ends, or the next one does."""

ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "list": ("show every registration of the workspace", ""),
    "show": ("show one registration", " WHK-0123"),
    "add": ("register an address for one type of event", " --url https://example.org/hook"),
    "remove": ("remove a registration", " WHK-0123"),
}
"""Each action's meaning, and the end of an example of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which registration."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (meaning, example) in ACTIONS.items():
        action = actions.add_parser(
            name,
            help=meaning,
            description=f"{meaning[0].upper()}{meaning[1:]}.",
            epilog=f"example:\n  pipeline webhooks {name} configs/leads.yaml{example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        action.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
        if name in {"show", "remove"}:
            action.add_argument("id", metavar="ID", help="as `webhooks list` shows it")
        if name == "add":
            action.add_argument(
                "--url", required=True, help="where the service is to post the events"
            )
            action.add_argument(
                "--event",
                choices=[event.value for event in EventType],
                default=EventType.COMPLETED.value,
                metavar="TYPE",
                help="one of %(choices)s (default: %(default)s)",
            )
            action.add_argument(
                "--workspace",
                action="store_true",
                help="for all workflows of the workspace, not the config's workflow alone",
            )


def run(arguments: argparse.Namespace) -> Exit:
    """Carry out one action; registrations go to stdout, a line each."""
    asyncio.run(_act(arguments))
    return Exit.OK


async def _act(arguments: argparse.Namespace) -> None:
    config = load_config(arguments.config, Overrides())
    async with client_for(config) as client:
        match arguments.action:
            case "list":
                _show(await webhooks.list_all(client), config.ledger)
            case "show":
                _show([await webhooks.show(client, arguments.id)], config.ledger)
            case "add":
                _show([await _added(client, arguments)], config.ledger)
            case "remove":
                await webhooks.remove(client, arguments.id)
                say(f"Removed: {arguments.id}")
            case _:
                raise AssertionError(arguments.action)


async def _added(client: Client, arguments: argparse.Namespace) -> Webhook:
    workflow_id = None if arguments.workspace else client.workflow_id
    return await webhooks.add(client, arguments.url, EventType(arguments.event), workflow_id)


def _show(registrations: Sequence[Webhook], ledger: Path) -> None:
    own = _own_tokens(ledger)
    for webhook in registrations:
        scope = webhook.workflow_id or "the whole workspace"
        fields = [webhook.id, webhook.event_type, scope, webhook.url]
        if webhooks.token_in(webhook) in own:
            fields.append(OWN)
        tell("\t".join(fields))
    if not registrations:
        say("No webhook is registered.")


def _own_tokens(path: Path) -> frozenset[str]:
    """What the addresses end in that this batch registered, by its ledger."""
    with join_ledger(path) as ledger:
        return frozenset() if ledger is None else ledger.webhook_tokens()
