"""`pipeline statement`: every attempt and what it cost, and whether the service says the same."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands.accounting import (
    COLUMNS,
    cells_of,
    is_heading,
    lines_as_json,
    table_of,
    totals_as_json,
    totals_in_words,
    totals_of,
)
from pipeline.commands.auditing import audit_as_json, audit_in_words
from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.runlist import read_run_list
from pipeline.commands.targets import see_that_its_folder_is_there
from pipeline.commands.terminal import command_line, say, tell
from pipeline.config.model import Config
from pipeline.config.values.readers import SIMULATOR
from pipeline.core.counting import counted
from pipeline.core.money.accounts import Audit, Line, ServiceRun, Totals, audit, totals
from pipeline.errors import Exit, InputFault, LedgerFault, OutputFault, RemoteFault, UsageFault
from pipeline.ledger.opening import is_held, join_ledger

HELP: Final = "tell every attempt, its run, moments and credits, and the totals"
EXAMPLE: Final = """\
pipeline statement configs/leads.yaml
pipeline statement configs/leads.yaml -o june.xlsx
pipeline statement configs/leads.yaml --online"""
KINDS: Final = (".csv", ".xlsx")
ATTEMPTS: Final = "Attempts"
TOTALS: Final = "Totals"
"""The sheets of a workbook that is a statement."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, where to write, and how far to look."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "-o",
        dest="output",
        type=Path,
        metavar="PATH",
        help="write the attempts to this .csv or .xlsx; written over is an earlier statement alone",
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="hold it against the service's list of runs: free; exit code 1 where they differ",
    )
    parser.add_argument("--json", action="store_true", help="all of it as JSON")


def run(arguments: argparse.Namespace) -> Exit:
    """Tell what the ledger knows of the bill; changes nothing, also while a run goes on."""
    config = load_config(arguments.config, Overrides())
    if arguments.output is not None:
        _check_target(arguments.output, config)
    if arguments.online and is_held(config.ledger):
        raise UsageFault(
            place="--online",
            wrong="the batch is running, so ledger and service change while they are compared",
            remedy="wait for it to end or stop it; without --online the statement is given now",
        )
    lines = _lines_of(config)
    sums = totals(lines)
    found = _audited(lines, config) if arguments.online else None
    if arguments.output is not None:
        say(f"Written: {_write(arguments.output, lines, sums)}")
    if arguments.json:
        told = _as_json(config, lines, sums, found)
    else:
        told = _as_text(config, () if arguments.output else lines, sums, found)
    tell(told)
    if found is None or (found.lacking is None and not found.differs):
        return Exit.OK
    return Exit.UNFINISHED


def _lines_of(config: Config) -> list[Line]:
    with join_ledger(config.ledger) as ledger:
        if ledger is None:
            raise LedgerFault(
                place=str(config.ledger),
                wrong="there is no ledger yet, so nothing was paid for",
                remedy=f"begin with `{command_line('run', config.path)}`",
            )
        return _of_one_kind(ledger.statement(), config)


def _of_one_kind(lines: Sequence[Line], config: Config) -> list[Line]:
    """What was paid for; where the config is at the simulator, what cost nothing."""
    is_simulated = config.workflow.is_simulated
    kept = [line for line in lines if (line.service == SIMULATOR) is is_simulated]
    if left_out := len(lines) - len(kept):
        where = "a real service" if is_simulated else "the bundled simulator, which cost nothing"
        say(f"Left out: {counted(left_out, 'attempt')} at {where}.")
    return kept


def _audited(lines: Sequence[Line], config: Config) -> Audit:
    """Ledger and list side by side. Raises `RemoteFault` where nothing of the list was read."""
    runs = asyncio.run(read_run_list(config))
    if runs.listing is None:
        raise RemoteFault(
            place=f"{config.path.name}, workflow.base_url",
            wrong=f"nothing can be compared: {runs.lacking}",
            remedy="without --online the statement is of the ledger alone",
        )
    workflow = config.workflow
    lines = [
        line for line in lines if (line.service, line.workflow) == (workflow.service, workflow.id)
    ]
    shown = {
        run_id: ServiceRun(listed.token, runs.shown[run_id].credits)
        for run_id, listed in runs.listing.runs.items()
    }
    return audit(lines, shown, runs.lacking)


def _check_target(target: Path, config: Config) -> None:
    """That the file can be a statement, and is none of the batch's own. Raises what is wrong."""
    if target.suffix.lower() not in KINDS:
        raise UsageFault(
            place=f"-o {target}",
            wrong="a statement is written as .csv or .xlsx",
            remedy=f"name it {target.with_suffix(KINDS[-1]).name}",
        )
    for other in (config.input.path, config.output.path, config.ledger, config.path):
        if _is_same_file(target, other):
            raise OutputFault(
                place=str(target),
                wrong="the statement would be written over a file of the batch",
                remedy="name another file with -o",
            )
    see_that_its_folder_is_there(target)
    if target.is_file() and not _is_statement(target):
        raise OutputFault(
            place=str(target),
            wrong="there is a file of this name that is no statement",
            remedy="name another file with -o",
        )


def _is_statement(target: Path) -> bool:
    """Whether a file is all that a statement is made of, of this version or an older one."""
    try:
        tops = sheets.tops(target)
    except InputFault:
        return False
    first, *others = tops
    if target.suffix.lower() == ".xlsx" and first.sheet != ATTEMPTS:
        return False
    return (
        bool(first.lines)
        and is_heading(first.lines[0])
        and {top.sheet for top in others} <= {TOTALS}
    )


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()  # One of them is to be made yet.


def _write(target: Path, lines: Sequence[Line], sums: Totals) -> Path:
    # Imported here, since pandas takes as long to start as all the rest together.
    from pipeline.sheets.tables import Table, write_csv, write_workbook  # noqa: PLC0415 - see above

    attempts = Table(ATTEMPTS, COLUMNS, [cells_of(line) for line in lines])
    if target.suffix.lower() == ".csv":
        return write_csv(target, attempts)
    summed = Table(TOTALS, ("Of all attempts", "Sum"), totals_of(sums))
    return write_workbook(target, [attempts, summed])


def _as_json(config: Config, lines: Sequence[Line], sums: Totals, found: Audit | None) -> str:
    content = {
        "batch": config.name,
        "totals": totals_as_json(sums),
        "online": None if found is None else audit_as_json(found),
        "attempts": lines_as_json(lines),
    }
    return json.dumps(content)


def _as_text(config: Config, lines: Sequence[Line], sums: Totals, found: Audit | None) -> str:
    told = [*table_of(lines)] if lines else []
    told += totals_in_words(config.name, sums)
    if found is not None:
        told += audit_in_words(found)
    return "\n".join(told)
