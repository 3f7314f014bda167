"""`pipeline status`: the ledger's counts and credits, also while a run goes on."""

import argparse
from pathlib import Path
from typing import Final

from pipeline.commands.ledgers import joined, kept_at, process_at
from pipeline.commands.preparing import Overrides, load_any_config
from pipeline.commands.summary import Call, show, summarise
from pipeline.commands.terminal import command_line, say
from pipeline.config.model import Config
from pipeline.errors import Exit
from pipeline.ledger.records import Tally
from pipeline.report.lastread import ReadFor, read_for_another

HELP: Final = "show the ledger's counts and credits, also while a run goes on"
EXAMPLE: Final = """\
pipeline status configs/leads.yaml
pipeline status configs/leads.yaml --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config and the form of the answer."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")


def run(arguments: argparse.Namespace) -> Exit:
    """Tell how the batch stands; reads the ledger alone."""
    config = load_any_config(arguments.config, Overrides())
    output = config.output.path if config.output.path.exists() else None
    with joined(config) as ledger:
        process = process_at(config, ledger)
        another = None if ledger is None else read_for_another(config.workflow, ledger)
        is_left_out = another is not None and process is None
        tally = Tally() if ledger is None or is_left_out else ledger.tally()
        is_begun = ledger is not None and ledger.read_for() is not None
        changes = {} if ledger is None else ledger.adjustments()
    if another is not None:
        _tell_what_is_counted(another, config, is_left_out=is_left_out)
    if not is_begun:
        say("Nothing was started yet.")
    elif process is not None:
        say(f"The batch is running, in process {process}.")
        for key, text in changes.items():
            say(f"Adjusted until that call ends: {key}={text}")
    call = Call(reused=0, requests={}, seconds=0.0, output=output, is_made=False)
    show(summarise(config.name, kept_at(config), tally, call, Exit.OK), as_json=arguments.json)
    return Exit.OK


def _tell_what_is_counted(another: ReadFor, config: Config, *, is_left_out: bool) -> None:
    # A batch that runs is being paid for, whatever the config names by now.
    counted = f"these counts and credits are of {another.name}"
    if is_left_out:
        check = command_line("check", config.path)
        counted = f"none is counted before the next `run`; `{check}` tells what is done"
    say(f"{another.told[0].upper()}{another.told[1:]}: {counted}.")
