"""From cells to text and from outputs to cells. Owns the rendering and the naming of columns.

Must not know files: the same rules hold for a workbook and for a CSV file. Nothing here depends on
the machine's locale, since the rendering decides which row is the same row.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from itertools import count, takewhile
from typing import Final, assert_never

from pipeline.core.model import CellValue, Form, Formatted, Json, NewCell, Plain, Uncalculated

RENDERING_VERSION: Final = 2
"""The version of `text_of`, kept with every entry: a newer one may not cost again unasked."""

NEVER_CALCULATED: Final = "the formula was never calculated; open and save it in Excel"
"""What is wrong with a cell that holds a formula and no value, and the remedy."""

EXACT_INTEGER: Final = 2**53
"""Beyond this a spreadsheet's number (a double) loses digits, so text is written instead."""

ERRORS: Final = frozenset(
    {
        *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
        *("#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!"),
    }
)
"""What a spreadsheet shows where it has no value to show; each begins with ``#``."""


def column_letter(index: int) -> str:
    """The spreadsheet's letter of a column: 0 is A, 26 is AA."""
    letters = ""
    number = index + 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def column_names(header: Sequence[CellValue]) -> tuple[str, ...]:
    """Names for the columns under a header row.

    White space is trimmed and folded; a header that stands twice becomes ``Row (1)``, ``Row (2)``;
    a blank one is named for its letter, ``Column D``.
    """
    texts = [
        " ".join(shown(cell).split()) or f"Column {column_letter(index)}"
        for index, cell in enumerate(header)
    ]
    often = Counter(texts)
    numbers = {text: count(1) for text in often}
    # A header that looks like a numbered twin keeps its name; the twins take the next numbers.
    taken = {text for text, times in often.items() if times == 1}
    names = []
    for text in texts:
        name = text
        if often[text] > 1:
            name = next(n for n in (f"{text} ({k})" for k in numbers[text]) if n not in taken)
            taken.add(name)
        names.append(name)
    return tuple(names)


class NoSuchColumnError(LookupError):
    """A name that is no column of the sheet, or two; holds what is wrong and what to do."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong, remedy)
        self.wrong = wrong
        self.remedy = remedy


def find_column(columns: Sequence[str], name: str) -> int:
    """The place of a column among the sheet's, by its name.

    White space is folded as in `column_names`. Raises `NoSuchColumnError`, which names the nearest
    header, or both columns where a header stands twice.
    """
    wanted = " ".join(name.split())
    if wanted in columns:
        return columns.index(wanted)
    twins = list(takewhile(columns.__contains__, (f"{wanted} ({k})" for k in count(1))))
    if len(twins) > 1:
        letters = " and ".join(column_letter(columns.index(twin)) for twin in twins)
        wrong = f"the header {wanted!r} stands twice (columns {letters})"
        raise NoSuchColumnError(wrong, f"write {' or '.join(map(repr, twins))}")
    near = get_close_matches(wanted.casefold(), [c.casefold() for c in columns])
    nearest = [c for c in columns if near and c.casefold() == near[0]]
    remedy = (
        f"did you mean {nearest[0]!r}?"
        if nearest
        else f"the columns are {', '.join(map(repr, columns[:12]))}"
    )
    raise NoSuchColumnError(f"the sheet has no column {wanted!r}", remedy)


def shown(value: CellValue) -> str:
    """A cell as text, unless a variable asks for another form: dates and times in ISO 8601."""
    return text_of(value, "iso")


def text_of(value: CellValue, form: Form) -> str:
    """A cell as text in one of the three forms.

    A number without a format of its own is all its digits, without ``.0``; TRUE and FALSE are
    words; a date whose number is not known is in ISO 8601 in each form.
    """
    match value:
        case None | Uncalculated():
            return ""
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case Formatted():
            return _formatted_text(value, form)
        case _:
            return _plain_text(value)


def is_blank(value: CellValue) -> bool:
    """Whether nothing stands in a cell, or white space alone; a formula is no nothing."""
    return not isinstance(value, Uncalculated) and not shown(value).strip()


def _formatted_text(cell: Formatted, form: Form) -> str:
    match form:
        case "raw":
            return _plain_text(cell.stored)
        case "shown":
            return cell.look.shows(cell.stored)
        case "iso":
            meant = cell.look.means(cell.stored)
            is_number = isinstance(meant, int | float)
            return cell.look.shows(cell.stored) if is_number else _plain_text(meant)
        case _:
            assert_never(form)


def _plain_text(value: Plain) -> str:
    match value:
        case int():
            return str(value)
        case float():
            return _number_text(value)
        case datetime():
            return (value.date() if _is_midnight(value) else value).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _duration_text(value)
        case _:
            assert_never(value)


def raw_of(value: CellValue) -> Json:
    """A cell as it is stored, whatever its format: what tells that a row's own values changed."""
    match value:
        case str() | None:
            return value
        case Formatted(stored):
            return raw_of(stored)
        case float() if value.is_integer() and abs(value) <= EXACT_INTEGER:
            return int(value)
        case bool() | int() | float():
            return value
        case Uncalculated():
            return None
        case _:
            return _plain_text(value)


def _number_text(value: float) -> str:
    # Adding 0.0 takes the sign from a negative zero.
    return repr(value + 0.0).removesuffix(".0")


def _is_midnight(value: datetime) -> bool:
    return (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)


def _duration_text(value: timedelta) -> str:
    """Hours, minutes and seconds: 26 hours are ``26:00:00``, as a spreadsheet's ``[h]:mm:ss``."""
    whole_seconds = round(value.total_seconds())
    sign = "-" if whole_seconds < 0 else ""
    minutes, seconds = divmod(abs(whole_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"


def new_cell(value: Json) -> NewCell:
    """An output as it is written: text or a number; a list or an object as JSON text."""
    match value:
        case str():
            return value or None
        case None:
            return None
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return value if abs(value) <= EXACT_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            assert_never(value)


class NoSuchOutputError(LookupError):
    """The run's outputs hold nothing under this path."""


def find_output(outputs: Mapping[str, Json], path: str) -> Json:
    """The output under a name, or under a path of names and list positions joined by dots.

    A name that itself holds dots wins over the path. JSON inside text is opened on the way.
    Raises `NoSuchOutputError`.
    """
    if path in outputs:
        return outputs[path]
    value: Json = dict(outputs)
    for step in path.split("."):
        value = _step_into(value, step, path)
    return value


def _step_into(value: Json, step: str, path: str) -> Json:
    if isinstance(value, str):
        value = _opened(value)
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    raise NoSuchOutputError(path)


def _opened(text: str) -> Json:
    """JSON inside text, or the text itself."""
    try:
        opened: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return opened
