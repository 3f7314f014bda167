"""`pipeline worker`: takes part in a batch whose ledger several machines share."""

import argparse
from pathlib import Path
from typing import Final

from pipeline.commands.agreeing import see_that_it_is_agreed
from pipeline.commands.ledgers import kept_at, need_the_extra
from pipeline.commands.preparing import Overrides, load_any_config
from pipeline.commands.summary import EXIT_OF_STOP
from pipeline.commands.terminal import command_line, say
from pipeline.errors import Exit, LedgerFault

HELP: Final = "take part in a batch on a shared ledger, until it is told to stop"
EXAMPLE: Final = "pipeline worker configs/leads.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")


def run(arguments: argparse.Namespace) -> Exit:
    """Work on whatever the batch owes."""
    config = load_any_config(arguments.config, Overrides())
    if config.server is None:
        raise LedgerFault(
            place=str(config.ledger),
            wrong="this ledger is a file, and one process works on it",
            remedy="name a postgresql:// address in the config's `ledger`, or give "
            f"`{command_line('run', arguments.config)}`",
        )
    need_the_extra(config)
    # Only a shared ledger needs what these bring along.
    from pipeline.commands.sharing import take_part  # noqa: PLC0415
    from pipeline.ledger.shared.sharing import share_ledger  # noqa: PLC0415

    with share_ledger(config.server) as ledger:
        ledger.see_that_it_is_used(f"begin with `{command_line('run', arguments.config)}`")
        see_that_it_is_agreed(config, ledger)
    say(f"Working on {config.name}, {kept_at(config)}.")
    part = take_part(config, config.server, is_caller=False)
    if part.stop is None:
        return Exit.OK
    say(f"Stopped: {part.stop.message}.")
    return EXIT_OF_STOP.get(part.stop.reason, Exit.STOPPED)
