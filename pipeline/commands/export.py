"""`pipeline export`: writes the output sheet from the ledger as it stands."""

import argparse
from typing import Final

from pipeline.commands.ledgers import joined, kept_at
from pipeline.commands.nextcalls import next_call
from pipeline.commands.preparing import Overrides, add_sheet_arguments, prepare
from pipeline.commands.terminal import say
from pipeline.commands.writing import tell_written, write_output
from pipeline.errors import Exit, LedgerFault, OutputFault
from pipeline.ledger.opening import is_held

HELP: Final = "write the output sheet from the ledger as it stands"
EXAMPLE: Final = "pipeline export configs/leads.yaml --output so-far.xlsx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and where to write."""
    add_sheet_arguments(parser)


def run(arguments: argparse.Namespace) -> Exit:
    """Write the sheet; while a run goes on, to another path than the run's own."""
    prepared = prepare(arguments.config, Overrides(arguments.input, arguments.output))
    config = prepared.config
    if arguments.output is None and config.server is None and is_held(config.ledger):
        raise OutputFault(
            place=str(config.output.path),
            wrong="the batch is running, and will write this file itself",
            remedy="give --output with another path",
        )
    with joined(config) as ledger:
        if ledger is None:
            raise LedgerFault(
                place=kept_at(config),
                wrong="there is no ledger yet, so there is nothing to write",
                remedy=f"begin with {next_call('run', config.path, prepared.overrides)}",
            )
        written, aside = write_output(prepared, ledger, config.output.path)
    tell_written(written, aside, config.output.path)
    say(f"Written: {written.path}")
    return Exit.OK
