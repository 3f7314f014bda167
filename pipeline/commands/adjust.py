"""`pipeline adjust`: changes the limits of a batch that is running, through its ledger."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.terminal import say
from pipeline.config.adjusting import EXAMPLES, read_changes
from pipeline.config.model import Config
from pipeline.errors import Exit, UsageFault
from pipeline.ledger.opening import is_held, join_ledger

HELP: Final = "change the limits of a batch that is running, or pause it"
EXAMPLE: Final = """\
pipeline adjust configs/leads.yaml limits.rate=30/min limits.max_credits=500
pipeline adjust configs/leads.yaml paused=true"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and what is to be changed."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "changes",
        nargs="+",
        metavar="KEY=VALUE",
        help=f"one of {', '.join(EXAMPLES)}, and its new value; null takes a limit away",
    )


def run(arguments: argparse.Namespace) -> Exit:
    """Leave the changes in the ledger; the batch heeds them within a second or two."""
    for line in adjust(load_config(arguments.config, Overrides()), arguments.changes):
        say(line)
    return Exit.OK


def adjust(config: Config, words: Sequence[str]) -> list[str]:
    """Leave changes, written as KEY=VALUE, for the batch that runs; gives what to say of each.

    Raises `FaultGroup` and `UsageFault`, and then nothing is changed.
    """
    changes = read_changes(words)
    holder = None
    if is_held(config.ledger):
        with join_ledger(config.ledger) as ledger:
            if ledger is not None and ledger.adjust(changes):
                holder = ledger.holder()
    if holder is None:
        raise UsageFault(
            place=config.path.name,
            wrong="no batch is running that could be adjusted",
            remedy="change the config: the next run takes it",
        )
    return [
        f"{key}={text}: the batch in process {holder} goes on with it until that call ends."
        for key, text in changes.items()
    ]
