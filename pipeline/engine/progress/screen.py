"""The terminal that a person reads. Owns its width, and how a message is laid out in it.

Must not know what is said. Nothing is coloured, on any stream.
"""

import os
import re
import shlex
import textwrap
from pathlib import Path
from typing import Final, TextIO

COLUMNS: Final = 80
"""As wide as a terminal is where it does not say."""

PLAIN_SECONDS: Final = 10.0
"""Where there is no terminal: from one plain line about what goes on to the next."""

INDENT: Final = "  "
_GLUE: Final = "\x00"
_QUOTED: Final = re.compile(r"`[^`]*`")


def columns_of(stream: TextIO) -> int:
    """How many columns the stream's terminal has; 80 where it is none or does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or COLUMNS
    except (OSError, ValueError):
        return COLUMNS


def laid_out(message: str, stream: TextIO) -> str:
    """A message as it is written to the stream: on a terminal in lines that break between words.

    Elsewhere it stays one line, for whoever searches a log. A call in back quotes is not broken.
    """
    if not stream.isatty():
        return message
    columns = columns_of(stream) - 1
    return "\n".join(_broken(line, columns) for line in message.split("\n"))


def typed(path: Path) -> str:
    """A path as a person types it in a shell: from this folder where it lies below it."""
    path, here = path.absolute(), Path.cwd()
    text = str(path.relative_to(here) if path.is_relative_to(here) else path)
    # What begins with a dash would be taken for a flag.
    return shlex.quote(f".{os.sep}{text}" if text.startswith("-") else text)


def shortened(line: str, columns: int) -> str:
    """A line in at most so many columns; its middle goes, for both of its ends tell something."""
    if len(line) <= columns:
        return line
    head = (columns - 1) // 2
    return f"{line[:head]}…{line[len(line) - (columns - 1 - head) :]}"


def _broken(line: str, columns: int) -> str:
    if len(line) <= columns:
        return line
    # `textwrap` breaks at white space alone, and NUL is none.
    whole = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _GLUE), line)
    margin = line[: len(line) - len(line.lstrip())]
    lines = textwrap.wrap(
        whole,
        columns,
        subsequent_indent=margin + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_GLUE, " ")
