"""`pipeline report`: one HTML page on how a batch stands, beside its output."""

import argparse
import json
import time
from pathlib import Path
from typing import Final

from pipeline.commands.ledgers import process_at
from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.reporting import default_report, write_report
from pipeline.commands.targets import see_that_its_folder_is_there
from pipeline.commands.terminal import command_line, say, tell
from pipeline.errors import Exit, LedgerFault
from pipeline.ledger.opening import join_ledger
from pipeline.report.figures import as_json

HELP: Final = "write an HTML report with plots beside the output, also while a run goes on"
EXAMPLE: Final = """\
pipeline report configs/leads.yaml
pipeline report configs/leads.yaml -o june.html
pipeline report configs/leads.yaml --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, where to write, and the form of the answer."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "-o",
        dest="output",
        type=Path,
        metavar="FILE",
        help="the file to write (default: <output>.report.html, beside the output)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="besides the page, the figures and the failed rows as JSON on stdout",
    )


def run(arguments: argparse.Namespace) -> Exit:
    """Write the page; starts nothing and needs no key."""
    config = load_config(arguments.config, Overrides())
    if arguments.output is not None:
        see_that_its_folder_is_there(arguments.output)
    target = (arguments.output or default_report(config)).absolute()
    with join_ledger(config.ledger) as ledger:
        if ledger is None:
            raise LedgerFault(
                place=str(config.ledger),
                wrong="there is no ledger yet, so there is nothing to report",
                remedy=f"begin with `{command_line('run', arguments.config)}`",
            )
        path, found = write_report(config, ledger, target, process_at(config, ledger))
    if arguments.json:
        tell(json.dumps(as_json(config.name, found, time.time())))
    say(f"Written: {path}")
    return Exit.OK
