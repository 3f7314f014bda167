"""`pipeline resolve`: shows the rows in doubt, and takes a person's decision on each."""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.commands.asking import ask_about_a_copy
from pipeline.commands.deciding import BY_A_PERSON, choice_of, decide, name_of
from pipeline.commands.doubtful import (
    RowInDoubt,
    as_json,
    as_text,
    heading,
    legend,
    rows_in_doubt,
    with_candidates,
)
from pipeline.commands.ledgers import refuse_shared
from pipeline.commands.nextcalls import next_call
from pipeline.commands.preparing import Overrides, Prepared, prepare
from pipeline.commands.runlist import read_run_list
from pipeline.commands.terminal import ask, can_ask, say, tell
from pipeline.config.model import Config
from pipeline.core.events import DoubtEvent, Resumed, RowGivenUp, RunFound, ShownAbsent
from pipeline.core.lifecycle import step
from pipeline.core.model import RunId, State
from pipeline.core.rules import Context
from pipeline.errors import Exit, LedgerFault, PipelineError, UsageFault
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.store import Ledger

HELP: Final = "show the rows in doubt, and take a person's decision on each"
EXAMPLE: Final = """\
pipeline resolve configs/leads.yaml
pipeline resolve configs/leads.yaml --row 17 --run WRUN-0123
pipeline resolve configs/leads.yaml --row 17 --never-ran"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and a decision on one row."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "--row", type=int, metavar="N", help="decide about this row: its number in the sheet"
    )
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument(
        "--run",
        dest="run_id",
        metavar="WRUN-…",
        help="this is its run: the next `run` watches it, free",
    )
    decision.add_argument(
        "--never-ran",
        action="store_true",
        help="it never ran: the next `run` sends it, and it is paid for then",
    )
    decision.add_argument(
        "--give-up", action="store_true", help="nothing more is wanted of it: it counts as failed"
    )
    parser.add_argument(
        "--input", type=Path, metavar="PATH", help="read this sheet, not the config's"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: agree beforehand")
    parser.add_argument(
        "--json", action="store_true", help="the rows that stay in doubt, as JSON; asks nothing"
    )


def run(arguments: argparse.Namespace) -> Exit:
    """Show the rows in doubt, or decide about one; tells whether any is left."""
    decision = _decision_in(arguments)
    prepared = prepare(arguments.config, Overrides(arguments.input))
    refuse_shared(prepared.config, "pipeline resolve")
    config = prepared.config
    if not config.ledger.exists():
        raise LedgerFault(
            place=str(config.ledger),
            wrong="there is no ledger yet, so no row is in doubt",
            remedy=f"begin with {next_call('run', config.path, prepared.overrides)}",
        )
    with open_ledger(config.ledger) as ledger:
        ask_about_a_copy(config, ledger, is_agreed=arguments.yes)
        _take_over(ledger)
        rows = rows_in_doubt(prepared, ledger)
        if decision is not None:
            row = _row_of(arguments.row, rows)
            if isinstance(decision, ShownAbsent):
                row = _row_of(arguments.row, _looked_for(rows, config, ledger))
            decide(row, decision, config, ledger, is_agreed=arguments.yes)
        elif rows:
            rows = _looked_for(rows, config, ledger)
            if not arguments.json:
                _show(rows, prepared)
            if can_ask() and not (arguments.json or arguments.yes):
                _ask_about_each(rows, config, ledger)
        left = {entry.id for entry in ledger.entries(State.UNCONFIRMED)}
    _tell_what_is_left([row for row in rows if row.entry.id in left], config, arguments)
    return Exit.UNFINISHED if left else Exit.OK


def _decision_in(arguments: argparse.Namespace) -> DoubtEvent | None:
    """The decision that the flags name. Raises `UsageFault` where a half of it is missing."""
    decision: DoubtEvent | None = None
    if arguments.run_id is not None:
        decision = RunFound(RunId(arguments.run_id), is_named=True)
    elif arguments.never_ran:
        decision = ShownAbsent(BY_A_PERSON)
    elif arguments.give_up:
        decision = RowGivenUp()
    if (decision is None) == (arguments.row is None):
        return decision
    raise UsageFault(
        place="pipeline resolve",
        wrong="a decision needs a row, and a row a decision",
        remedy="give --row N with one of --run WRUN-…, --never-ran, --give-up; or neither",
    )


def _take_over(ledger: Ledger) -> None:
    """Starts that a crash cut off are in doubt too: they meet the same rule as in a `run`."""
    context = Context(time.time())
    cut_off = ledger.entries(State.STARTING)
    ledger.save([step(entry, Resumed(), context)[0] for entry in cut_off])


def _looked_for(rows: Sequence[RowInDoubt], config: Config, ledger: Ledger) -> list[RowInDoubt]:
    """The rows with their candidates in the service's list, as far as it can be read."""
    runs = asyncio.run(read_run_list(config))
    if runs.lacking is not None:
        what = "Candidates are not known" if runs.listing is None else "There may be more"
        say(f"{what}: {runs.lacking}.")
    return with_candidates(rows, runs, ledger)


def _row_of(number: int, rows: Sequence[RowInDoubt]) -> RowInDoubt:
    for row in rows:
        if row.number == number:
            return row
    known = ", ".join(str(row.number) for row in rows if row.number is not None)
    raise UsageFault(
        place=f"--row {number}",
        wrong="this row is not in doubt",
        remedy=f"in doubt are: {known}" if known else "no row of the sheet is",
    )


def _show(rows: Sequence[RowInDoubt], prepared: Prepared) -> None:
    lines = [f"{prepared.config.name}: {len(rows)} in doubt", heading(), *map(as_text, rows)]
    tell("\n".join([*lines, *legend(rows, prepared.config)]))


def _ask_about_each(rows: Sequence[RowInDoubt], config: Config, ledger: Ledger) -> None:
    """Ask until each row is decided or left; the end of the answers leaves the rest."""
    say("Say for each: the id of its run; never (it never ran); give up; or Enter to leave it.")
    for row in rows:
        while (answer := ask(f"{name_of(row)} ({row.place}): ")) is not None:
            decision = choice_of(answer)
            if decision is None:
                break
            try:
                decide(row, decision, config, ledger, is_agreed=False)
                break
            except PipelineError as error:
                say(str(error))
        else:
            return


def _tell_what_is_left(
    rows: Sequence[RowInDoubt], config: Config, arguments: argparse.Namespace
) -> None:
    if arguments.json:
        tell(json.dumps(as_json(rows)))
    elif rows:
        call = next_call("run", config.path, Overrides(arguments.input))
        others = (
            f"; or give {call}, which looks again, free."
            if config.retry.looks_for_doubts
            else ". No call looks for them again: retry.unconfirmed is hold."
        )
        say(
            f"{len(rows)} in doubt. Decide with --row N and one of --run WRUN-…, --never-ran, "
            f"--give-up{others}"
        )
    else:
        say("No row is in doubt.")
