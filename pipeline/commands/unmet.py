"""What is said where `input.where` leaves out every row. Must not know what becomes of the rows.

Cells are told to a person at a terminal alone: what goes to a log holds none.
"""

import json
import sys
from collections.abc import Mapping
from typing import Final

from pipeline.commands.preparing import Prepared
from pipeline.commands.terminal import printable, say
from pipeline.core.model import Sheet
from pipeline.core.rows.conditions import is_met, texts_in

TEXTS_SHOWN: Final = 3
TEXT_WIDTH: Final = 24
"""Characters of a cell that are shown."""


def tell_unmet(prepared: Prepared) -> None:
    """A line for each condition that no row meets; one for all where each is met alone."""
    where, sheet = prepared.config.input.where, prepared.sheet
    if not where or is_met(sheet, where):
        return
    alone = {column: text for column, text in where.items() if not is_met(sheet, {column: text})}
    for column, text in alone.items():
        told = f"input.where: no row has {_named({column: text})}{_instead(sheet, column)}"
        say(printable(told))
    if not alone:
        say(printable(f"input.where: no row has {_named(where)} together"))


def _named(where: Mapping[str, str]) -> str:
    return " and ".join(f"{column} {_quoted(text)}" for column, text in where.items())


def _instead(sheet: Sheet, column: str) -> str:
    if not sys.stderr.isatty():
        return "; look at what its cells hold"
    often = texts_in(sheet, column)
    first = [f"{_quoted(text)} ({times})" for text, times in often.most_common(TEXTS_SHOWN)]
    return f"; its cells hold {', '.join(first)}{' and others' if len(often) > TEXTS_SHOWN else ''}"


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    cut = text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 1]}…"
    return json.dumps(cut, ensure_ascii=False)
