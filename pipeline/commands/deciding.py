"""What a person decides about a row in doubt. Owns what is checked before, and how they are asked.

Must not know where the row stands in the sheet's table, nor how candidates are found.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, assert_never

from pipeline.commands.doubtful import RowInDoubt
from pipeline.commands.service import client_for
from pipeline.commands.terminal import command_line, confirm, say
from pipeline.config.model import Config
from pipeline.core.events import DoubtEvent, RowGivenUp, RunFound, ShownAbsent
from pipeline.core.lifecycle import step
from pipeline.core.model import Observation, RunId
from pipeline.core.reconciling import listed
from pipeline.core.replies import Halted, LookReply, Missing, TryLater, Unreachable, Unreadable
from pipeline.core.rules import Context
from pipeline.errors import RemoteFault, UsageFault
from pipeline.ledger.store import Ledger

BY_A_PERSON: Final = "by a person's word"
CHOICES: Final[Mapping[str, DoubtEvent]] = {
    "never": ShownAbsent(BY_A_PERSON),
    "give up": RowGivenUp(),
}
"""What may be answered beside a run's id."""

AGAIN: Final = "give the same command again in a moment"


def decide(
    row: RowInDoubt, event: DoubtEvent, config: Config, ledger: Ledger, *, is_agreed: bool
) -> None:
    """Let a person's decision happen to a row in doubt, durable at once, and say what follows.

    Raises `UsageFault` where it contradicts what is known, and `RemoteFault` where the service did
    not show the run that was named.
    """
    match event:
        case RunFound(run_id):
            _refuse_what_is_not_its_run(run_id, row, config, ledger, is_agreed=is_agreed)
        case ShownAbsent():
            _refuse_where_it_ran(row, config)
        case RowGivenUp():
            pass
        case _:
            assert_never(event)
    entry, _ = step(row.entry, event, Context(time.time()))
    ledger.save([entry])
    say(f"{name_of(row)}: {_what_follows(event)}")


def name_of(row: RowInDoubt) -> str:
    """The row, at the beginning of a sentence."""
    return "A row that left the sheet" if row.number is None else f"Row {row.number}"


def choice_of(answer: str) -> DoubtEvent | None:
    """What a person's answer means; ``None``: the row is left as it is."""
    text = answer.strip()
    if not text:
        return None
    return CHOICES.get(text.lower()) or RunFound(RunId(text), is_named=True)


def _refuse_where_it_ran(row: RowInDoubt, config: Config) -> None:
    for one in row.candidates or ():
        if one.is_its_own:
            raise UsageFault(
                place=name_of(row),
                wrong=f"it did run: {one.run_id} bears the token of its start",
                remedy="nothing is to be decided: `run` finds it by itself"
                if config.retry.looks_for_doubts
                else f"say that it is its run: --run {one.run_id}",
            )


def _refuse_what_is_not_its_run(
    run_id: RunId, row: RowInDoubt, config: Config, ledger: Ledger, *, is_agreed: bool
) -> None:
    place = f"run {run_id}"
    remedy = (
        f"name a run that belongs to no row: `{command_line('resolve', config.path)}` shows them"
    )
    if ledger.owners([run_id]):
        raise UsageFault(place=place, wrong="it belongs to another attempt", remedy=remedy)
    seen = _seen(asyncio.run(_look_at(run_id, config)), place)
    run = listed(seen)
    if run.token is not None and run.token != row.attempt.token:
        wrong = "by its metadata it was started for another attempt"
        raise UsageFault(place=place, wrong=wrong, remedy=remedy)
    if run.input is not None and run.input != row.input:
        question = f"{place} was started with other values than {name_of(row).lower()} has"
        confirm(question, is_agreed=is_agreed or config.workflow.is_simulated)


async def _look_at(run_id: RunId, config: Config) -> LookReply:
    async with client_for(config) as client:
        return await client.look(run_id)


def _seen(reply: LookReply, place: str) -> Observation:
    """The run that was looked at. Raises `UsageFault` where there is none, or `RemoteFault`."""
    match reply:
        case Observation():
            return reply
        case Missing():
            wrong = "the service does not know this run"
            raise UsageFault(place=place, wrong=wrong, remedy="copy its id again")
        case TryLater():
            wrong = "the service answered that there are too many requests"
            raise RemoteFault(place=place, wrong=wrong, remedy=AGAIN)
        case Unreadable(why) | Unreachable(why):
            wrong = f"it could not be looked at ({why})"
            raise RemoteFault(place=place, wrong=wrong, remedy=AGAIN)
        case Halted(_, message):
            wrong = f"it could not be looked at ({message})"
            remedy = "make a new key at the service, and set its variable anew"
            raise RemoteFault(place=place, wrong=wrong, remedy=remedy)
        case _:
            assert_never(reply)


def _what_follows(event: DoubtEvent) -> str:
    match event:
        case RunFound(run_id):
            return f"{run_id} is its run. The next `run` watches it; that costs nothing."
        case ShownAbsent():
            return "it never ran. The next `run` sends it, and it is paid for then."
        case RowGivenUp():
            return "given up: it counts as failed. If it was started after all, it was paid for."
