"""What `init` asks a person at a terminal, each question with an answer that Enter takes.

Must not know what becomes of the answers. A wrong one is told, and asked for again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from pipeline.commands.guessing import names_each_row
from pipeline.commands.terminal import ask, say
from pipeline.config.values.readers import read_header_row, read_workflow_id
from pipeline.config.values.units import ValueFault
from pipeline.core.model import CellValue, Sheet, Uncalculated
from pipeline.core.rows.cells import shown
from pipeline.errors import UsageFault

T = TypeVar("T")

SAMPLE_WIDTH: Final = 40
"""Characters of a cell that are shown beside its column's name."""


def ask_workflow() -> str | None:
    """The workflow's id, or ``simulator``; ``None``: to be filled in later."""
    say("Which workflow? In copy.ai its id stands on the tab API; `simulator` tries without one.")

    def read(text: str) -> str | None:
        return str(read_workflow_id(text)) if text else None

    return _answer("Workflow id [fill it in later]: ", read)


def ask_sheet(names: Sequence[str], guess: str) -> str:
    """One of the workbook's sheets; not asked where there is only one."""
    if len(names) == 1:
        return guess
    _list(names)
    place = names.index(guess) + 1

    def read(text: str) -> str:
        if not text:
            return guess
        places = _places(text, names, "write its number or its name")
        if len(places) != 1:
            raise ValueFault("one sheet is wanted", "write its number or its name")
        return names[places[0]]

    return _answer(f"Which sheet? [{place}]: ", read)


def ask_header_row(guess: int) -> int | None:
    """The number of the headers' row; ``None``: there are no headers."""

    def read(text: str) -> int | None:
        row = read_header_row(int(text) if text.isdecimal() else text or guess)
        assert row is None or isinstance(row, int)
        return row

    return _answer(f"In which row are the headers, or `none`? [{guess}]: ", read)


def ask_sent(sheet: Sheet, guess: Sequence[str]) -> tuple[str, ...]:
    """The columns that are sent to the workflow."""
    _list(
        f"{column}: {_shortened(text)}" if text else f"{column} (nothing in it)"
        for column, text in zip(sheet.columns, _first_texts(sheet), strict=True)
    )
    all_ = "all" if len(guess) == len(sheet.columns) else "all that hold anything"

    def read(text: str) -> tuple[str, ...]:
        return _columns(sheet, text) if text else tuple(guess)

    return _answer(f"Which columns does the workflow need, such as 1,3-5? [{all_}]: ", read)


def ask_key(sheet: Sheet, guess: Sequence[str]) -> tuple[str, ...]:
    """The columns that name a row from one export to the next; none: nothing does."""
    default = ", ".join(str(sheet.columns.index(column) + 1) for column in guess) or "nothing"

    def read(text: str) -> tuple[str, ...]:
        if not text:
            return tuple(guess)
        if text == "nothing":
            return ()
        columns = _columns(sheet, text)
        if not names_each_row(sheet, columns):
            wrong = "a row is blank there, or two rows are alike"
            raise ValueFault(wrong, "name another column, several, or `nothing`")
        return columns

    question = f"Which column names a row, also in the next export? [{default}]: "
    return _answer(question, read)


def _answer(question: str, read: Callable[[str], T]) -> T:
    """What is read from the answer; asked until it is right. Raises `UsageFault` without one."""
    while True:
        text = ask(question)
        if text is None:
            raise UsageFault(
                place="answer", wrong="the questions were left", remedy="nothing was written"
            )
        try:
            return read(text.strip())
        except ValueFault as fault:
            say(f"{fault.wrong}; {fault.remedy}")


def _first_texts(sheet: Sheet) -> list[str]:
    """What stands in each column's first cell that holds anything; blank where none does."""
    found = [""] * len(sheet.columns)
    for row in sheet.rows:
        found = [text or _text(row.values[at]) for at, text in enumerate(found)]
        if all(found):
            break
    return found


def _text(value: CellValue) -> str:
    if isinstance(value, Uncalculated):
        return "a formula that was never calculated"
    return shown(value).strip()


def _columns(sheet: Sheet, text: str) -> tuple[str, ...]:
    remedy = "write such as 1,3-5, or the names"
    return tuple(sheet.columns[place] for place in _places(text, sheet.columns, remedy))


def _places(text: str, names: Sequence[str], remedy: str) -> list[int]:
    """Places from 0, of what was listed, by numbers, spans or names. Raises `ValueFault`."""
    # A name may hold commas, and a part of the answer spaces.
    parts = [text] if _named(text, names) else [part.strip() for part in text.split(",")]
    places: dict[int, None] = {}
    for part in parts:
        places |= dict.fromkeys(_named(part, names) or _numbered(part, len(names), remedy))
    return list(places)


def _named(text: str, names: Sequence[str]) -> list[int]:
    """The place of what is called so, in whichever letters; none where that is not one."""
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return []  # It is a number of the list, whatever a column is called.
    if text in names:
        return [names.index(text)]
    alike = [place for place, name in enumerate(names) if name.casefold() == text.casefold()]
    return alike if len(alike) == 1 else []


def _numbered(text: str, most: int, remedy: str) -> list[int]:
    """Places from 0, of numbers and spans from 1 to `most`. Raises `ValueFault`."""
    places: list[int] = []
    for part in text.split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise ValueFault(f"{text!r} is no number and no name of these", remedy)
        span = range(int(first), int(last or first) + 1)
        if not span or span[0] < 1 or span[-1] > most:
            raise ValueFault(f"{part} is not among them", f"write numbers from 1 to {most}")
        places += [number - 1 for number in span]
    return places


def _list(texts: Sequence[str] | Iterator[str]) -> None:
    for number, text in enumerate(texts, 1):
        say(f"  {number:>3}  {text}")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SAMPLE_WIDTH else f"{text[: SAMPLE_WIDTH - 1]}…"
