"""`pipeline retry`: a new attempt for rows that ended failed or expired, then on as `run`."""

import argparse
from typing import Final

from pipeline.commands.run import add_arguments, run_batch
from pipeline.core.model import RoundKind
from pipeline.errors import Exit

HELP: Final = "give rows that failed or expired a new attempt, then go on as run"
EXAMPLE: Final = """\
pipeline retry configs/leads.yaml --limit 5
pipeline retry configs/leads.yaml"""

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]


def run(arguments: argparse.Namespace) -> Exit:
    """Open a round for what failed or expired, and run it."""
    return run_batch(arguments, RoundKind.FRESH if arguments.fresh else RoundKind.RETRY)
