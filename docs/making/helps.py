"""The `--help` of every command, as Markdown. Owns its form; the words are the command line's."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from typing import Final

from pipeline.cli import VERBS, parser_for
from pipeline.commands import webhooks

WIDTH: Final = 80
"""Columns: as wide as a terminal is where nobody made it wider."""


def helps() -> str:
    """A heading and the help for `pipeline` and for each command, in the command line's order."""
    return "\n\n".join(_section(call) for call in _calls())


def _calls() -> Iterator[tuple[str, ...]]:
    yield ()
    for verb in VERBS:
        yield (verb,)
        if verb == "webhooks":
            yield from (("webhooks", action) for action in webhooks.ACTIONS)


def _section(call: Sequence[str]) -> str:
    heading = "#" * (2 + (len(call) > 1))
    return f"{heading} {' '.join(['pipeline', *call])}\n\n```\n{_help(call)}```"


def _help(call: Sequence[str]) -> str:
    said = StringIO()
    with _terminal_of(WIDTH), redirect_stdout(said), suppress(SystemExit):
        parser_for(call).parse_args([*call, "--help"])
    return said.getvalue()


@contextmanager
def _terminal_of(columns: int) -> Iterator[None]:
    """As in a terminal of this width: argparse wraps by the variable COLUMNS."""
    before = os.environ.get("COLUMNS")
    # It keeps two columns free.
    os.environ["COLUMNS"] = str(columns + 2)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
