"""`pipeline init`: writes a commented config from a sheet. Asks at a terminal, else guesses."""

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands import interview
from pipeline.commands.guessing import guess_key, guess_place, guess_sent
from pipeline.commands.targets import see_that_its_folder_is_there
from pipeline.commands.terminal import can_ask, command_line, say
from pipeline.config.filekinds import is_text
from pipeline.config.sample import Table, sample_config
from pipeline.config.values.readers import fit_batch_name, read_header_row, read_workflow_id
from pipeline.config.values.units import ValueFault
from pipeline.core.counting import counted
from pipeline.core.model import Sheet, Uncalculated
from pipeline.core.rows.cells import NEVER_CALCULATED, column_letter, column_names, is_blank
from pipeline.errors import Exit, InputFault, OutputFault, UsageFault
from pipeline.sheets import Source, Top

HELP: Final = "write a commented config from a sheet; asks at a terminal, else guesses"
EXAMPLE: Final = """\
pipeline init leads.xlsx --workflow simulator
pipeline init leads.xlsx -o configs/leads.yaml --workflow WCFG-0123
pipeline init export.xlsx --sheet Leads --header-row 4"""
SHEETS_NAMED: Final = 3
"""So many of the sheets that were not taken are named; the others are counted."""


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
    parser.add_argument(
        "--sheet",
        dest="sheet_name",
        metavar="NAME",
        help="the sheet of a workbook (default: the one with the largest table)",
    )
    parser.add_argument(
        "--header-row",
        type=_header_row,
        metavar="N|none",
        help="the row of the headers (default: the first that looks like them)",
    )


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers' row as it was given; `row` is ``None`` where there are none."""

    row: int | None


@dataclass(frozen=True, slots=True)
class _Meant:
    """What the config is to be about."""

    workflow: str | None
    sheet: str
    header_row: int | None
    remarks: tuple[str, ...] = ()
    """What was taken for granted, a line each."""


def run(arguments: argparse.Namespace) -> Exit:
    """Write the config; never over one that is there."""
    config = arguments.config or Path(f"{fit_batch_name(arguments.sheet.stem)}.yaml")
    _check_words(arguments)
    # First the sheet: who names the config in its place is told that, not that it is there already.
    tops = sheets.tops(arguments.sheet.absolute())
    see_that_its_folder_is_there(config)
    _see_that_it_is_new(config)
    meant = _asked(arguments, tops) if can_ask() else _guessed(arguments, tops)
    name = None if is_text(arguments.sheet) else meant.sheet
    sheet = _read(Source(arguments.sheet.absolute(), name, meant.header_row), tops)
    # Only now: where nothing can be read, it is of no use what was taken for what.
    for line in (*meant.remarks, *sheet.remarks, *_never_calculated(sheet)):
        say(line)
    relative = os.path.relpath(arguments.sheet.absolute(), config.absolute().parent)
    sent, key = _columns_meant(sheet)
    table = Table(
        path=Path(relative).as_posix(),
        sheet=name,
        header_row=meant.header_row,
        columns=sheet.columns,
        sent=sent,
        with_blanks=_columns_with_blanks(sheet),
        key=key,
    )
    _write(config, sample_config(table, meant.workflow))
    rows, columns = counted(len(sheet.rows), "row"), counted(len(sheet.columns), "column")
    say(f"Written: {config}, over {rows} and {columns}.")
    if meant.workflow is None:
        say("Put your workflow's id into it; until then `check` tells what is missing.")
    say(f"Next: `{command_line('check', config)}`")
    return Exit.OK


def _header_row(text: str) -> _Headers:
    try:
        row = read_header_row(int(text) if text.isdecimal() else text)
    except ValueFault as fault:
        raise argparse.ArgumentTypeError(f"{fault.wrong}: {fault.remedy}") from None
    assert row is None or isinstance(row, int)
    return _Headers(row)


def _check_words(arguments: argparse.Namespace) -> None:
    try:
        if arguments.workflow is not None:
            read_workflow_id(arguments.workflow)
    except ValueFault as fault:
        raise UsageFault(place="--workflow", wrong=fault.wrong, remedy=fault.remedy) from None
    if arguments.sheet_name is not None and is_text(arguments.sheet):
        raise UsageFault(place="--sheet", wrong="a text file has no sheets", remedy="leave it out")


def _see_that_it_is_new(config: Path) -> None:
    if config.exists():
        raise OutputFault(
            place=str(config),
            wrong="there is a file of this name already",
            remedy="name another with -o",
        )


def _guessed(arguments: argparse.Namespace, tops: Sequence[Top]) -> _Meant:
    """What was said on the command line, and else what the file looks like."""
    place = guess_place(_named(arguments.sheet_name, tops))
    sheet = arguments.sheet_name or place.sheet
    remarks = []
    if len(tops) > 1 and arguments.sheet_name is None:
        others = [repr(top.sheet) for top in tops if top.sheet != sheet]
        more = len(others) - SHEETS_NAMED
        named = ", ".join(others[:SHEETS_NAMED]) + (f" or {more} more" if more > 0 else "")
        remarks.append(f"Sheet {sheet!r} is taken, not {named}: --sheet names another.")
    if arguments.header_row is not None:
        return _Meant(arguments.workflow, sheet, arguments.header_row.row, tuple(remarks))
    row = place.header_row
    if not place.is_found:
        remarks.append(
            f"No row looks like headers: row {row} is taken for them. "
            "--header-row names another, or none."
        )
    elif row != 1:
        remarks.append(f"The headers are taken to stand in row {row}: --header-row says otherwise.")
    return _Meant(arguments.workflow, sheet, row, tuple(remarks))


def _asked(arguments: argparse.Namespace, tops: Sequence[Top]) -> _Meant:
    """What was said on the command line, and else what a person answers."""
    workflow = arguments.workflow or interview.ask_workflow()
    sheet = arguments.sheet_name or interview.ask_sheet(
        [top.sheet for top in tops], guess_place(tops).sheet
    )
    if arguments.header_row is not None:
        return _Meant(workflow, sheet, arguments.header_row.row)
    place = guess_place(_named(sheet, tops))
    return _Meant(workflow, sheet, interview.ask_header_row(place.header_row))


def _named(sheet: str | None, tops: Sequence[Top]) -> Sequence[Top]:
    # A sheet that is not there is told by whoever reads it.
    return [top for top in tops if top.sheet == sheet] or tops


def _read(source: Source, tops: Sequence[Top]) -> Sheet:
    """The sheet, with the formulas of all its columns that were never calculated.

    Raises `InputFault`, which names the flag of this command where the config has a key.
    """
    lines = next((top.lines for top in tops if source.sheet in {None, top.sheet}), ())
    row = source.header_row
    header = lines[row - 1] if row is not None and row <= len(lines) else ()
    letters = map(column_letter, range(max(map(len, lines), default=0)))
    mapped = frozenset(letters if row is None else column_names(header))
    try:
        return sheets.read(replace(source, mapped=mapped))
    except InputFault as fault:
        raise InputFault(
            place=fault.place,
            wrong=fault.wrong.replace("header_row", "--header-row"),
            remedy=fault.remedy.replace("header_row", "--header-row"),
        ) from None


def _never_calculated(sheet: Sheet) -> Iterator[str]:
    """The first cell of each column that holds such formulas, and how many more it has."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    # Once through the rows: each time, a text file's are read anew.
    for row in sheet.rows:
        for place, value in enumerate(row.values):
            if isinstance(value, Uncalculated):
                numbers[place].append(row.number)
    for place, (first, *others) in sorted(numbers.items()):
        cell = f"{sheet.name}!{column_letter(place)}{first}"
        more = f", and {len(others)} more in this column" if others else ""
        yield f"{cell}{more}: {NEVER_CALCULATED}"


def _columns_meant(sheet: Sheet) -> tuple[Sequence[str], Sequence[str]]:
    """The columns that are sent, and those that name a row; asks for them at a terminal."""
    sent, key = guess_sent(sheet), guess_key(sheet)
    if not can_ask():
        return sent, key
    return interview.ask_sent(sheet, sent), interview.ask_key(sheet, key)


def _columns_with_blanks(sheet: Sheet) -> frozenset[str]:
    full = set(range(len(sheet.columns)))
    for row in sheet.rows:
        full -= {place for place in full if is_blank(row.values[place])}
    return frozenset(column for place, column in enumerate(sheet.columns) if place not in full)


def _write(config: Path, text: str) -> None:
    try:
        config.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputFault(
            place=str(config),
            wrong=f"the config can't be written ({error.strerror})",
            remedy="name a file in a folder that is there and may be written to, with -o",
        ) from None
