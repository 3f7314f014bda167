"""From the ledger to the output sheet. Owns which columns are ours and what is kept aside.

Must not know how a sheet is written, nor what happens before or after.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands.newcells import NewCells
from pipeline.commands.nextcalls import next_call
from pipeline.commands.preparing import Prepared
from pipeline.commands.terminal import say
from pipeline.commands.working import told_while
from pipeline.config.model import Config
from pipeline.core.model import Sheet, Uncalculated
from pipeline.core.rows.cells import column_letter, column_names, shown
from pipeline.core.rows.given import GivenOutputs
from pipeline.core.rows.writing import (
    Columns,
    all_outputs,
    free_headers,
    texts_of_attempts,
)
from pipeline.errors import FaultGroup, OutputFault
from pipeline.ledger.store import Ledger
from pipeline.sheets import Written, WrittenTexts

NAMES_TOLD: Final = 5
"""So many outputs are named, and no more: a run may give hundreds."""


def write_output(prepared: Prepared, ledger: Ledger, target: Path) -> tuple[Written, Path | None]:
    """Write the sheet as the ledger stands; gives where an edited earlier output was kept.

    Says which outputs no run gave. Raises `OutputFault`; the ledger then still holds everything.
    """
    with told_while(f"Writing {target.name}"):
        written, aside, given = _written(prepared, ledger, target)
    _tell_lacking(given, prepared)
    return written, aside


def _written(
    prepared: Prepared, ledger: Ledger, target: Path
) -> tuple[Written, Path | None, GivenOutputs]:
    columns = columns_to_write(prepared, ledger)
    aside = _keep_edited(ledger, target)
    cells = NewCells(prepared, ledger, columns)
    written = sheets.write(prepared.source, target, columns.headers, cells)
    ledger.record_written(written.path, written.digest, datetime.now(UTC).timestamp())
    return written, aside, cells.given


def _tell_lacking(given: GivenOutputs, prepared: Prepared) -> None:
    """Say which columns stay empty since no run gave their output: most likely its name is wrong.

    One that some runs give and others lack is told in the rows' own column Error.
    """
    if not given.runs or not given.lacking:
        return
    config = prepared.config.path
    lacking = _first_few([f"{path!r} (column {h})" for h, path in given.lacking.items()])
    cells = "it" if len(given.lacking) == 1 else "them"
    runs = "the one run" if given.runs == 1 else f"none of the {given.runs} runs"
    gave, they = ("gave no", "it") if given.runs == 1 else ("gave", "they")
    names = _first_few([repr(name) for name in given.names]) or "nothing"
    say(
        f"Outputs: {runs} that completed {gave} {lacking}; {they} gave {names}: mend `outputs` in "
        f"{config.name}, then {next_call('export', config, prepared.overrides)} fills {cells} in, "
        "free."
    )


def _first_few(words: list[str]) -> str:
    more = ["…"] if len(words) > NAMES_TOLD else []
    return ", ".join([*words[:NAMES_TOLD], *more])


def output_stands(prepared: Prepared, ledger: Ledger) -> bool:
    """Whether the output is there as it would be written now, and no row is owed anything."""
    target = prepared.config.output.path
    digest = ledger.written_digest(target)
    is_known = digest is not None and ledger.has_ended(prepared.reading)
    if not is_known or ledger.fact("output") != _what_is_shown(prepared, ledger, digest):
        return False
    return target.exists() and sheets.digest(target) == digest


def remember_output(prepared: Prepared, ledger: Ledger, written: Written) -> None:
    """Remember what the output shows, so that it need not be written again while that stands."""
    if ledger.has_ended(prepared.reading):
        ledger.say_facts({"output": _what_is_shown(prepared, ledger, written.digest)})


def _what_is_shown(prepared: Prepared, ledger: Ledger, digest: str | None) -> str:
    """A digest of all that an output is made of whose rows have all ended.

    Of the attempts it takes the newest and the sums: a row that has ended changes by a new attempt,
    or by the late end of an older one, which costs or completes.
    """
    config = prepared.config
    columns = (config.output.columns, config.output.path, config.outputs)
    made_of = (digest, prepared.reading, columns, ledger.mark(), ledger.tally())
    return hashlib.sha256(repr(made_of).encode(errors="backslashreplace")).hexdigest()


def tell_written(written: Written, aside: Path | None, target: Path) -> None:
    """Say what a person would not expect of the output's place."""
    if aside is not None:
        say(f"{target.name} is not as this ledger wrote it: it is kept as {aside.name}.")
    if written.path != target:
        why = "another program may have it open, or its folder can't be written to any more"
        say(f"{target.name} can't be written there: {why}. The result is in {written.path}.")
    if written.overflow is not None:
        say(f"Values too long for a cell stand whole in {written.overflow.name}.")


def rehearse_output(prepared: Prepared, ledger: Ledger | None) -> None:
    """Find out before anything is paid for whether the output can be written, and say what of it.

    Raises `FaultGroup`, `InputFault` and `OutputFault`, as the writing would.
    """
    columns = columns_to_write(prepared, ledger)
    headers = columns.headers
    if prepared.config.outputs == "*" and not columns.outputs:
        # Which outputs there are, only the runs tell: there must be room for one at the least.
        headers = (*free_headers(["Output"], {*prepared.sheet.columns, *headers}), *headers)
    with told_while(f"Looking whether {prepared.source.path.name} can be copied"):
        lines = sheets.rehearse(prepared.source, headers, _numbers(prepared))
    for line in lines:
        say(line)


def _numbers(prepared: Prepared) -> Iterator[int]:
    return (row.number for row in prepared.sheet.rows)


def columns_to_write(prepared: Prepared, ledger: Ledger | None) -> Columns:
    """The new columns, each at the right end, or in place of one that is blank or ours.

    Without a ledger, none is ours. Raises `FaultGroup` where the input has columns of such names
    that hold something else.
    """
    config = prepared.config
    paths = {} if config.outputs == "*" else config.outputs
    named = Columns(paths, config.output.columns.headers)
    is_our_file = ledger is not None and ledger.is_written_digest(prepared.digest)
    foreign = {} if is_our_file else _foreign_cells(prepared, ledger, named)
    if foreign:
        raise FaultGroup([_foreign_fault(config, *found) for found in foreign.items()])
    if config.outputs != "*":
        return named
    outputs = () if ledger is None else all_outputs(ledger.every_attempt())
    return Columns(_own_headers(prepared, ledger, outputs, named.headers), named.about)


def _own_headers(
    prepared: Prepared, ledger: Ledger | None, outputs: Sequence[str], named: Sequence[str]
) -> dict[str, str]:
    """A header for each output, whose column is a new one, or can be filled and is ours to fill."""
    taken = set(named)
    while True:
        headers = free_headers(outputs, taken)
        # Also of a file that we wrote: the user's columns stand in it beside ours.
        lost = {*_foreign_cells(prepared, ledger, Columns(headers, {}))}
        lost |= _not_to_be_filled(prepared, [*headers])
        if not lost:
            return headers
        taken |= lost


def _not_to_be_filled(prepared: Prepared, headers: Sequence[str]) -> set[str]:
    """The headers among these under which the sheet has a column whose cells can't be filled."""
    names = zip(headers, column_names(headers), strict=True)
    standing = [header for header, name in names if name in prepared.sheet.columns]
    if not standing or _can_be_filled(prepared, standing):
        return set()
    return {header for header in standing if not _can_be_filled(prepared, [header])}


def _can_be_filled(prepared: Prepared, headers: Sequence[str]) -> bool:
    try:
        sheets.rehearse(prepared.source, headers, _numbers(prepared))
    except OutputFault:
        return False
    return True


def _foreign_fault(config: Config, header: str, cell: str) -> OutputFault:
    return OutputFault(
        place=cell,
        wrong=f"the input has a column {header!r} that holds something else",
        remedy=f"rename it there, or name the new column otherwise in {config.path.name}",
    )


def _foreign_cells(prepared: Prepared, ledger: Ledger | None, columns: Columns) -> dict[str, str]:
    """By header, the first cell in a column of that name that this ledger can't have written."""
    sheet = prepared.sheet
    here = {
        header: sheet.columns.index(name)
        for header, name in zip(columns.headers, column_names(columns.headers), strict=True)
        if name in sheet.columns
    }
    if not here:
        return {}
    ours = texts_of_attempts(ledger.every_attempt() if ledger else (), columns)
    foreign = {}
    for header, place in here.items():
        past = ledger.written_texts(header) if ledger else set()
        cell = _first_foreign(sheet, place, WrittenTexts(ours[header] | past))
        if cell is not None:
            foreign[header] = cell
    return foreign


def _first_foreign(sheet: Sheet, place: int, ours: WrittenTexts) -> str | None:
    for row in sheet.rows:
        value = row.values[place]
        text = shown(value)
        # A formula without a value shows nothing, and is the user's all the same.
        if isinstance(value, Uncalculated) or (text.strip() and text not in ours):
            return f"{sheet.name}!{column_letter(place)}{row.number}"
    return None


def _keep_edited(ledger: Ledger, target: Path) -> Path | None:
    """Keep a file that stands at the target and is not as this ledger wrote it, there or elsewhere.

    Whoever moves or copies the folder has changed nothing in it.
    """
    if not target.exists() or ledger.is_written_digest(sheets.digest(target)):
        return None
    return sheets.keep_aside(target, datetime.now().astimezone())
