"""`pipeline init`: writes a commented config from a sheet's headers."""

import argparse
import os
from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands.terminal import say
from pipeline.config.readers import read_workflow_id
from pipeline.config.sample import sample_config
from pipeline.config.units import ValueFault
from pipeline.core.cells import shown
from pipeline.core.model import Sheet
from pipeline.errors import Exit, OutputFault, UsageFault
from pipeline.sheets import Source

HELP: Final = "write a commented config from a sheet's headers"
EXAMPLE: Final = """\
pipeline init leads.xlsx --workflow simulator
pipeline init leads.xlsx -o configs/leads.yaml --workflow WCFG-0123"""
SUFFIXES_WITH_SHEETS: Final = frozenset({".xlsx", ".xlsm"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sheet, and what the config is to hold."""
    parser.add_argument("sheet", type=Path, metavar="SHEET", help="the workbook or CSV file")
    parser.add_argument(
        "-o",
        dest="config",
        type=Path,
        metavar="CONFIG",
        help="the file to write (default: <sheet>.yaml, here)",
    )
    parser.add_argument(
        "--workflow",
        metavar="WCFG-…|simulator",
        help="the workflow's id; with simulator the config runs as it is, without a key",
    )


def run(arguments: argparse.Namespace) -> Exit:
    """Write the config; never over one that is there."""
    if arguments.workflow is not None:
        _check_workflow(arguments.workflow)
    config = arguments.config or Path(f"{arguments.sheet.stem}.yaml")
    if config.exists():
        raise OutputFault(
            place=str(config),
            wrong="there is a file of this name already",
            remedy="name another with -o, or remove it first",
        )
    sheet = sheets.read(Source(arguments.sheet.absolute(), None, 1))
    for remark in sheet.remarks:
        say(remark)
    relative = os.path.relpath(arguments.sheet.absolute(), config.absolute().parent)
    text = sample_config(
        Path(relative).as_posix(),
        sheet.name if arguments.sheet.suffix.lower() in SUFFIXES_WITH_SHEETS else None,
        sheet.columns,
        _columns_with_blanks(sheet),
        arguments.workflow,
    )
    try:
        config.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputFault(
            place=str(config),
            wrong=f"the config can't be written ({error.strerror})",
            remedy="name a file in a folder that is there and may be written to, with -o",
        ) from None
    say(f"Written: {config}, over {len(sheet.rows)} rows and {len(sheet.columns)} columns.")
    if arguments.workflow is None:
        say("Put your workflow's id into it; until then `pipeline check` tells what is missing.")
    say(f"Next: pipeline check {config}")
    return Exit.OK


def _check_workflow(workflow: str) -> None:
    try:
        read_workflow_id(workflow)
    except ValueFault as fault:
        raise UsageFault(place="--workflow", wrong=fault.wrong, remedy=fault.remedy) from None


def _columns_with_blanks(sheet: Sheet) -> frozenset[str]:
    return frozenset(
        column
        for place, column in enumerate(sheet.columns)
        if not all(shown(row.values[place]).strip() for row in sheet.rows)
    )
