"""`pipeline run` on a ledger that several machines share: loads, works, and writes the sheet.

Owns the order of these. Must not know how chunks are handed out or worked on.
"""

import argparse
import asyncio
import time
from contextlib import closing

from pipeline.commands.agreeing import say_what_is_agreed
from pipeline.commands.asking import Again
from pipeline.commands.ending import going_on, tell_new_rows, tell_stop
from pipeline.commands.enrolling import enrol
from pipeline.commands.ledgers import kept_at, need_the_extra, refuse_shared
from pipeline.commands.movinginput import write_as_the_input_is_now
from pipeline.commands.preparing import Prepared
from pipeline.commands.sharing import FAILED_BEFORE, take_part
from pipeline.commands.summary import Call, exit_of, show_at_the_end, summarise
from pipeline.commands.terminal import command_line, say
from pipeline.commands.unasked import ask_before_paying_again
from pipeline.commands.writing import rehearse_output
from pipeline.config.model import Config
from pipeline.core.counting import counted
from pipeline.core.model import State
from pipeline.engine.worker import chunk_size
from pipeline.errors import Exit, LedgerFault
from pipeline.ledger.shared.chunks import Chunks
from pipeline.ledger.shared.connection import CallerLock
from pipeline.ledger.shared.handout import install
from pipeline.ledger.shared.postgres import PostgresLedger
from pipeline.ledger.shared.sharing import share_ledger


def run_shared(
    arguments: argparse.Namespace, again: Again | None, prepared: Prepared, began_at: float
) -> Exit:
    """Run the batch with whoever else works on it."""
    config = prepared.config
    assert config.server is not None
    need_the_extra(config)
    _refuse_what_one_machine_does(arguments, again, config)
    with closing(CallerLock(config.server)) as lock:
        if not lock.is_ours:
            raise LedgerFault(
                place=kept_at(config),
                wrong="another `pipeline run` has this batch",
                remedy="let this machine take part by "
                f"`{command_line('worker', arguments.config)}`",
            )
        with share_ledger(config.server) as ledger:
            rehearse_output(prepared, ledger)
            ask_before_paying_again(prepared, ledger, is_agreed=arguments.yes)
            reused = enrol(prepared, ledger)
            say_what_is_agreed(config, ledger)
            _make_chunks(prepared, ledger)
        asyncio.run(install(config.server))
        part = take_part(config, config.server, is_caller=True)
        with share_ledger(config.server) as ledger:
            is_parked = _tell_parked(ledger)
            output = write_as_the_input_is_now(prepared, ledger)
            tally = ledger.tally()
    exit_ = exit_of(tally, part.stop, None) if output else Exit.STOPPED
    call = Call(reused, part.requests, time.monotonic() - began_at, output)
    goes_on = going_on(config.path, prepared.overrides, is_again=again is not None)
    tell_stop(part.stop, tally, goes_on)
    if output and not is_parked:
        tell_new_rows(part.stop, tally, goes_on)
    summary = summarise(config.name, kept_at(config), tally, call, exit_)
    show_at_the_end(summary, as_json=arguments.json)
    return exit_


def _refuse_what_one_machine_does(
    arguments: argparse.Namespace, again: Again | None, config: Config
) -> None:
    """Raises `LedgerFault` where something is asked for that a shared ledger can't give yet."""
    for asked, is_asked in (
        ("--limit", arguments.limit is not None),
        ("--watch", arguments.watch),
        ("--report", arguments.report),
        ("retry and --fresh", again is not None),
        ("base_url: simulator", config.workflow.is_simulated),
    ):
        if is_asked:
            refuse_shared(config, asked)


def _make_chunks(prepared: Prepared, ledger: PostgresLedger) -> None:
    chunks = Chunks(ledger)
    chunks.make(chunk_size(prepared.config.limits))
    to_send = ledger.tally().count_entries(State.PLANNED)
    ledger.say_facts({FAILED_BEFORE: f"{chunks.failed()} {to_send}", "token": ledger.token})


def _tell_parked(ledger: PostgresLedger) -> bool:
    """Say whether chunks were left aside, and tell it."""
    parked = Chunks(ledger).parked()
    if parked:
        say(
            f"Left aside: {counted(len(parked), 'chunk')} of rows that kept ending workers; "
            "the same command tries again."
        )
    return bool(parked)
