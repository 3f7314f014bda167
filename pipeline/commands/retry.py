"""`pipeline retry`: a new attempt for rows that ended failed or expired, then on as `run`."""

import argparse
import re
from typing import Final

from pipeline.commands import run as running
from pipeline.commands.asking import Again
from pipeline.core.model import CAME_TO_NOTHING, FailureClass, RoundKind, State
from pipeline.core.retrying import Choice, RowRanges
from pipeline.errors import Exit, UsageFault

HELP: Final = "give rows that failed or expired a new, paid attempt, then go on as run"
EXAMPLE: Final = """\
pipeline retry configs/leads.yaml --limit 5
pipeline retry configs/leads.yaml --status expired
pipeline retry configs/leads.yaml --class provider
pipeline retry configs/leads.yaml --rows 3,7-9"""
CLASSES: Final = tuple(c for c in FailureClass if c is not FailureClass.NEVER_BEGUN)
"""What can be asked for; what never began counts as transient."""
ROWS: Final = re.compile(r"[1-9][0-9]*(-[1-9][0-9]*)?(,[1-9][0-9]*(-[1-9][0-9]*)?)*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `run`, and which of the rows to send."""
    running.add_arguments(parser)
    parser.add_argument(
        "--status",
        choices=sorted(map(str, CAME_TO_NOTHING)),
        help="only rows that ended so",
    )
    parser.add_argument(
        "--class",
        dest="failure",
        choices=[*map(str, CLASSES)],
        help="only rows whose failure is of this class: the service refused the row, its run was "
        "not seen to end, its run failed, or a person gave it up",
    )
    parser.add_argument(
        "--rows",
        type=_row_ranges,
        metavar="3,7-9",
        help="only rows with these numbers in the sheet; a row that the service refused is sent "
        "again, too, though nothing in it was changed",
    )


def _row_ranges(text: str) -> RowRanges:
    if not ROWS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} are no rows: write numbers such as 3,7-9")
    ends = ([int(end) for end in part.split("-")] for part in text.split(","))
    return RowRanges(tuple((min(pair), max(pair)) for pair in ends))


def run(arguments: argparse.Namespace) -> Exit:
    """Open a round for what failed or expired, and run it."""
    choice = Choice(
        states=CAME_TO_NOTHING if arguments.status is None else {State(arguments.status)},
        failures=frozenset() if arguments.failure is None else {FailureClass(arguments.failure)},
        rows=arguments.rows,
    )
    if not arguments.fresh:
        return running.run_batch(arguments, Again(RoundKind.RETRY, choice))
    if choice != Choice():
        raise UsageFault(
            place="pipeline retry",
            wrong="--fresh is for all rows of the sheet, and --status, --class, --rows for some",
            remedy="leave out one or the other",
        )
    return running.run_batch(arguments, Again(RoundKind.FRESH, choice))
