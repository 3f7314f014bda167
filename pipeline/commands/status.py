"""`pipeline status`: the ledger's counts and credits, also while a run goes on."""

import argparse
from pathlib import Path
from typing import Final

from pipeline.commands.ledgers import joined, kept_at
from pipeline.commands.preparing import Overrides, load_any_config
from pipeline.commands.summary import Call, show, summarise
from pipeline.commands.tallying import tally_of
from pipeline.commands.terminal import say
from pipeline.errors import Exit
from pipeline.ledger.opening import is_held
from pipeline.ledger.records import Tally

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
        tally = Tally() if ledger is None else tally_of(config, ledger)
        is_begun = ledger is not None and ledger.read_for() is not None
        holder = None if ledger is None else ledger.holder()
        changes = {} if ledger is None else ledger.adjustments()
    if not is_begun:
        say("Nothing was started yet.")
    elif config.server is None and is_held(config.ledger):
        say(f"The batch is running, in process {holder}.")
        for key, text in changes.items():
            say(f"Adjusted until that call ends: {key}={text}")
    call = Call(reused=0, requests={}, seconds=0.0, output=output, is_made=False)
    show(summarise(config.name, kept_at(config), tally, call, Exit.OK), as_json=arguments.json)
    return Exit.OK
