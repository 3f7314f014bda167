"""`pipeline check`: validates all, shows what would be sent and what it takes. Starts nothing."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pipeline.commands.ledgers import joined, process_at
from pipeline.commands.preparing import Overrides, Prepared, prepare
from pipeline.commands.quoting import cap_in_words, cost_in_words, quote_for, time_in_words
from pipeline.commands.sampling import Sample, body_in_words, samples, table
from pipeline.commands.service import client_for
from pipeline.commands.terminal import say, tell
from pipeline.commands.unasked import tell_paying_again
from pipeline.commands.unmet import tell_unmet
from pipeline.commands.writing import rehearse_output
from pipeline.config.model import Config
from pipeline.core.amounts import plain_amount
from pipeline.core.counting import counted
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.model import Json
from pipeline.core.money.budget import Spending
from pipeline.core.money.quoting import Quote
from pipeline.core.replies import (
    Halted,
    HaltReason,
    ListReply,
    Missing,
    RunPage,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.core.rows.planning import DECISION_OF, WHILE_IT_RUNS, Decision, Plan, plan
from pipeline.core.rows.variables import Faulty, Sendable
from pipeline.errors import Exit, RemoteFault

HELP: Final = "look at config, sheet and key; show requests, counts and cost; start nothing"
EXAMPLE: Final = """\
pipeline check configs/leads.yaml
pipeline check configs/leads.yaml --online"""
REQUESTS_SHOWN: Final = 3
PILOT: Final = "send a few with --limit 5"
MADE_FOR_EACH: Final = "<made for each start>"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do; the names are those of the JSON."""

    batch: str
    rows: int
    start: int
    shared: int
    """Rows whose run is that of an equal row that is to be started."""
    running: int
    """Started before, and to be watched on."""
    unconfirmed: int
    done: int
    skipped: int
    hidden: int
    """Rows that the sheet hides, whatever becomes of them: they are counted above as well."""
    faulty: int
    seconds: float
    """Expected; without a run that was timed, of the starts alone."""
    seconds_low: float
    seconds_high: float
    credits: float | None
    """Expected; ``None`` where this workflow's cost is not known yet."""
    credits_low: float | None
    credits_high: float | None
    past_runs: int
    """The runs that ended, from which credits and seconds are estimated."""
    requests: tuple[Mapping[str, Json], ...]
    """The first requests, as they would be sent."""
    samples: tuple[Sample, ...]
    """Each start variable over all rows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and how far to look."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "--online",
        action="store_true",
        help="also ask the service whether the key and the workflow are good: free",
    )
    parser.add_argument("--json", action="store_true", help="the findings as JSON")


def run(arguments: argparse.Namespace) -> Exit:
    """Check the batch; faulty rows are named, and are no fault of the config."""
    prepared = prepare(arguments.config, Overrides())
    tell_unmet(prepared)
    with joined(prepared.config) as ledger:
        rehearse_output(prepared, ledger)
        process = process_at(prepared.config, ledger)
        if process is not None:
            say(f"The batch is running, in process {process}.")
        states = {} if ledger is None else ledger.states()
        planned = plan(prepared.rows, states, DECISION_OF if process is None else WHILE_IT_RUNS)
        tell_paying_again(prepared, planned, ledger)
        quoted = quote_for(planned.counts()[Decision.START], prepared.config, ledger)
        # By the config: the ledger's newest reading may be of another service.
        service = prepared.config.workflow.service
        spending = Spending() if ledger is None else ledger.spending(service)
        cap = cap_in_words(prepared.config, spending)
    forecast = _forecast(prepared, planned, quoted)
    if arguments.online:
        asyncio.run(_ask_service(prepared.config))
    _tell_faulty_rows(planned)
    text = (
        json.dumps(asdict(forecast))
        if arguments.json
        else _as_text(forecast, prepared, quoted, cap)
    )
    tell(text)
    return Exit.OK


def _forecast(prepared: Prepared, planned: Plan, quoted: Quote) -> Forecast:
    config, counts, cost = prepared.config, planned.counts(), quoted.credits
    to_start = (
        row
        for row, decision in zip(planned.rows, planned.decisions, strict=True)
        if decision is Decision.START
    )
    sendable = (row for row in to_start if isinstance(row, Sendable))
    return Forecast(
        batch=config.name,
        rows=len(planned.rows),
        start=quoted.rows,
        shared=counts[Decision.SHARE],
        running=counts[Decision.RESUME],
        unconfirmed=counts[Decision.RECONCILE],
        done=counts[Decision.REUSE],
        skipped=counts[Decision.SKIP],
        hidden=sum(row.is_hidden for row in prepared.sheet.rows),
        faulty=counts[Decision.FAULT],
        seconds=round(quoted.seconds.expected),
        seconds_low=round(quoted.seconds.low),
        seconds_high=round(quoted.seconds.high),
        credits=None if cost is None else plain_amount(cost.expected),
        credits_low=None if cost is None else plain_amount(cost.low),
        credits_high=None if cost is None else plain_amount(cost.high),
        past_runs=quoted.past_runs,
        requests=tuple(_request(row, config) for row in islice(sendable, REQUESTS_SHOWN)),
        samples=samples(planned.rows, config.variables),
    )


def _request(row: Sendable, config: Config) -> dict[str, Json]:
    return {
        "startVariables": dict(row.variables),
        "metadata": {**config.workflow.metadata, TOKEN_FIELD: MADE_FOR_EACH, "api": True},
    }


def _tell_faulty_rows(planned: Plan) -> None:
    for row in planned.rows:
        if isinstance(row, Faulty):
            say(row.error)


def _start_of(config: Config) -> str:
    call = f"/workflow/{config.workflow.id}/run"
    if config.workflow.is_simulated:
        return f"POST {call} (to the bundled simulator)"
    return f"POST {config.workflow.service}{call}"


def _as_text(forecast: Forecast, prepared: Prepared, quoted: Quote, cap: str | None) -> str:
    config = prepared.config
    first = "\n".join(
        f"{_start_of(config)}\n" + body_in_words(request) for request in forecast.requests
    )
    is_told = quoted.past_runs or quoted.credits is not None
    cost = cost_in_words(quoted) if is_told else f"{cost_in_words(quoted)}: {PILOT}"
    counts = (
        f"{forecast.start} to start, {forecast.done} done, {forecast.running} to watch, "
        f"{forecast.unconfirmed} unconfirmed, {forecast.skipped} skipped, {forecast.faulty} faulty"
    )
    lines = [
        *table(forecast.samples),
        f"{forecast.batch}: {counted(forecast.rows, 'row')} in {prepared.sheet.name}",
        f"rows: {counts}",
        *([f"shared: {forecast.shared} equal to one that is started"] if forecast.shared else []),
        f"cost: {cost}",
        f"time: {time_in_words(quoted)}",
        *([] if cap is None else [cap]),
        *_about_hidden(forecast, config),
        "Nothing was started.",
    ]
    return "\n".join([first, *lines] if first else lines)


def _about_hidden(forecast: Forecast, config: Config) -> list[str]:
    """What a person who does not see these rows would not expect."""
    if not forecast.hidden:
        return []
    match config.input.hidden:
        case "include":
            what = "sent like the others; write input.hidden: skip to leave them out"
        case "skip":
            what = "skipped"
    return [f"hidden rows: {forecast.hidden}, {what}"]


async def _ask_service(config: Config) -> None:
    """Ask for the workflow's runs: that costs nothing. Raises `RemoteFault`."""
    async with client_for(config) as client:
        reply = await client.list_runs(1)
    wrong = _refusal(reply)
    if wrong is not None:
        raise RemoteFault(place=f"{config.path.name}, {wrong[0]}", wrong=wrong[1], remedy=wrong[2])
    say("The service knows the key and the workflow.")


def _refusal(reply: ListReply) -> tuple[str, str, str] | None:
    """Which key of the config the service refused, why, and the remedy."""
    match reply:
        case RunPage() | TryLater():
            return None
        case Halted(reason, message):
            return _halted(reason, f" ({message})")
        case Missing():
            return _halted(HaltReason.WORKFLOW_NOT_FOUND, "")
        case Unreachable(why, lacks_credits=True):
            return _halted(HaltReason.CREDITS_AT_LIMIT, f" ({why})")
        case Unreadable(why) | Unreachable(why):
            remedy = "check the address and the network"
            return "workflow.base_url", f"the service does not answer ({why})", remedy


def _halted(reason: HaltReason, told: str) -> tuple[str, str, str]:
    match reason:
        case HaltReason.KEY_REFUSED:
            remedy = "make a new key at the service, and set the variable anew"
            return "workflow.api_key_env", f"the service refused the key{told}", remedy
        case HaltReason.WORKFLOW_NOT_FOUND:
            remedy = "copy the id again: in copy.ai, open the workflow, tab API"
            return "workflow.id", f"the service does not know this workflow{told}", remedy
        case HaltReason.CREDITS_AT_LIMIT:
            remedy = "give the workspace credits again"
            return "workflow.api_key_env", f"the workspace has no credits left{told}", remedy
