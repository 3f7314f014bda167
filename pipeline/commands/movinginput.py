"""The way of the results into the sheet, though the input may change meanwhile. Owns the tries.

Must not know how a sheet is written: that is `writing.py`'s.
"""

from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands.enrolling import enrol
from pipeline.commands.nextcalls import next_call
from pipeline.commands.preparing import Prepared, read_again
from pipeline.commands.terminal import say
from pipeline.commands.writing import (
    output_stands,
    remember_output,
    tell_written,
    write_output,
)
from pipeline.errors import LedgerLost, PipelineError
from pipeline.ledger.store import Ledger
from pipeline.sheets import InputChanged

TRIES_AT_A_MOVING_INPUT: Final = 3
"""How often the output is written anew because the input changed during the write itself."""


def write_as_the_input_is_now(prepared: Prepared, ledger: Ledger) -> Path | None:
    """Write the output; where the input changed meanwhile, read and plan it again before.

    Gives ``None`` where the sheet could not be written: everything is in the ledger all the same.
    """
    try:
        return _written(prepared, ledger)
    except LedgerLost:
        raise
    except PipelineError as error:
        for problem in error.problems:
            say(str(problem))
        say(
            "The output was not written. Nothing is lost: once this is mended, the same command, "
            f"or {next_call('export', prepared.config.path, prepared.overrides)}, writes it from "
            "the ledger."
        )
        return None


def _written(prepared: Prepared, ledger: Ledger) -> Path:
    """Write the output unless it stands, and anew where the input changed during the write."""
    for tries_left in reversed(range(TRIES_AT_A_MOVING_INPUT)):
        if not _is_as_it_was(prepared):
            prepared = _planned_again(prepared, ledger)
        if output_stands(prepared, ledger):
            return prepared.config.output.path
        try:
            written, aside = write_output(prepared, ledger, prepared.config.output.path)
        except InputChanged:
            if not tries_left:
                raise
            prepared = _planned_again(prepared, ledger)
            continue
        tell_written(written, aside, prepared.config.output.path)
        if _is_as_it_was(prepared):
            remember_output(prepared, ledger, written)
            break
    return written.path


def _is_as_it_was(prepared: Prepared) -> bool:
    return sheets.digest(prepared.source.path) == prepared.digest


def _planned_again(prepared: Prepared, ledger: Ledger) -> Prepared:
    say(f"{prepared.source.path.name} changed while the batch ran: it is read again.")
    prepared = read_again(prepared)
    enrol(prepared, ledger)
    return prepared
