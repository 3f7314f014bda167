"""`pipeline watch`: serves a page that shows a batch, running or not, until Ctrl-C."""

import argparse
import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.commands.adjust import adjust
from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.terminal import say, tell
from pipeline.errors import Exit
from pipeline.report.live.figures import Viewer
from pipeline.report.live.page import serve_page

HELP: Final = "show a batch on a page in the browser until Ctrl-C, also while a run goes on"
EXAMPLE: Final = "pipeline watch configs/leads.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")


def run(arguments: argparse.Namespace) -> Exit:
    """Serve until Ctrl-C; the address is the one line on stdout."""
    config = load_config(arguments.config, Overrides())
    asyncio.run(serve_page(Viewer(config), partial(adjust, config), _announce))
    return Exit.OK


def _announce(address: str) -> None:
    tell(address)
    say("Open it in a browser on this machine. It is there until Ctrl-C.")
