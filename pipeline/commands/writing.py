"""From the ledger to the output sheet. Owns which columns are ours and what is kept aside.

Must not know how a sheet is written, nor what happens before or after.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline import sheets
from pipeline.commands.preparing import Prepared
from pipeline.commands.terminal import say
from pipeline.commands.working import told_while
from pipeline.config.model import Config
from pipeline.core.cells import column_letter, column_names, shown
from pipeline.core.model import NewCell, Sheet, Uncalculated
from pipeline.core.variables import Sendable
from pipeline.core.writing import (
    About,
    Columns,
    all_outputs,
    cells_of,
    free_headers,
    texts_of_attempts,
)
from pipeline.errors import FaultGroup, OutputFault
from pipeline.ledger.store import Ledger
from pipeline.sheets import Written


def write_output(prepared: Prepared, ledger: Ledger, target: Path) -> tuple[Written, Path | None]:
    """Write the sheet as the ledger stands; gives where an edited earlier output was kept.

    Raises `OutputFault`; the ledger then still holds everything.
    """
    with told_while(f"Writing {target.name}"):
        return _written(prepared, ledger, target)


def _written(prepared: Prepared, ledger: Ledger, target: Path) -> tuple[Written, Path | None]:
    columns = columns_to_write(prepared, ledger)
    cells = dict(_new_cells(prepared, ledger, columns))
    aside = _keep_edited(ledger, target)
    # Remembered before they can be read: else a process that dies in between would disown them.
    ledger.remember_texts(_passing_texts(columns, cells.values()))
    written = sheets.write(prepared.source, target, columns.headers, cells)
    ledger.record_written(written.path, written.digest, datetime.now(UTC).timestamp())
    return written, aside


def _new_cells(
    prepared: Prepared, ledger: Ledger, columns: Columns
) -> Iterator[tuple[int, tuple[NewCell, ...]]]:
    """The new cells of each row, by its number."""
    standings = dict(ledger.standings())
    for row in prepared.rows:
        standing = standings.get(row.key) if isinstance(row, Sendable) else None
        yield row.number, cells_of(row, standing, columns)
        if standing is not None and isinstance(row, Sendable):
            # Equal rows below show the run that they share, and not its credits again.
            standings[row.key] = replace(standing, credits=None)


def _passing_texts(columns: Columns, cells: Iterable[Sequence[NewCell]]) -> set[tuple[str, str]]:
    """Header and text of the cells that no attempt tells of later: errors pass, credits add up."""
    headers = {columns.about[name] for name in ("error", "credits") if name in columns.about}
    places = [(place, h) for place, h in enumerate(columns.headers) if h in headers]
    return {
        (h, shown(row[place])) for row in cells for place, h in places if row[place] is not None
    }


def tell_written(written: Written, aside: Path | None, target: Path) -> None:
    """Say what a person would not expect of the output's place."""
    if aside is not None:
        say(f"{target.name} was changed since it was written: it is kept as {aside.name}.")
    if written.path != target:
        why = "can't be replaced: another program may have it open"
        say(f"{target.name} {why}. The result is in {written.path}.")
    if written.overflow is not None:
        say(f"Values too long for a cell stand whole in {written.overflow.name}.")


def rehearse_output(prepared: Prepared, ledger: Ledger | None) -> None:
    """Find out before anything is paid for whether the output can be written, and say what of it.

    Raises `FaultGroup`, `InputFault` and `OutputFault`, as the writing would.
    """
    columns = columns_to_write(prepared, ledger)
    rows = [row.number for row in prepared.rows]
    with told_while(f"Looking whether {prepared.source.path.name} can be copied"):
        lines = sheets.rehearse(prepared.source, columns.headers, rows)
    for line in lines:
        say(line)


def columns_to_write(prepared: Prepared, ledger: Ledger | None) -> Columns:
    """The new columns, each at the right end, or in place of one that is blank or ours.

    Without a ledger, none is ours. Raises `FaultGroup` where the input has columns of such names
    that hold something else.
    """
    config = prepared.config
    named = Columns({} if config.outputs == "*" else config.outputs, _about(config))
    foreign = _foreign_cells(prepared, ledger, named)
    if foreign:
        raise FaultGroup([_foreign_fault(config, *found) for found in foreign.items()])
    if config.outputs != "*":
        return named
    outputs = () if ledger is None else all_outputs(ledger.every_attempt())
    unnamed = Columns({name: name for name in outputs}, {})
    taken = {*named.headers, *_foreign_cells(prepared, ledger, unnamed)}
    return Columns(free_headers(outputs, taken), named.about)


def _foreign_fault(config: Config, header: str, cell: str) -> OutputFault:
    return OutputFault(
        place=cell,
        wrong=f"the input has a column {header!r} that holds something else",
        remedy=f"rename it there, or name the new column otherwise in {config.path.name}",
    )


def _about(config: Config) -> Mapping[About, str]:
    """The columns about the run that the config leaves in, and their headers."""
    columns = config.output.columns
    headers: dict[About, str | None] = {
        "status": columns.status,
        "run_id": columns.run_id,
        "credits": columns.credits,
        "error": columns.error,
    }
    return {name: header for name, header in headers.items() if header is not None}


def _foreign_cells(prepared: Prepared, ledger: Ledger | None, columns: Columns) -> dict[str, str]:
    """By header, the first cell in a column of that name that this ledger can't have written."""
    sheet = prepared.sheet
    here = {
        header: sheet.columns.index(name)
        for header, name in zip(columns.headers, column_names(columns.headers), strict=True)
        if name in sheet.columns
    }
    if not here or (ledger and ledger.is_written_digest(prepared.digest)):
        return {}
    ours = texts_of_attempts(ledger.every_attempt() if ledger else (), columns)
    foreign = {}
    for header, place in here.items():
        past = ledger.written_texts(header) if ledger else set()
        cell = _first_foreign(sheet, place, ours[header] | past)
        if cell is not None:
            foreign[header] = cell
    return foreign


def _first_foreign(sheet: Sheet, place: int, ours: set[str]) -> str | None:
    for row in sheet.rows:
        value = row.values[place]
        text = shown(value)
        # A formula without a value shows nothing, and is the user's all the same.
        if isinstance(value, Uncalculated) or (text.strip() and text not in ours):
            return f"{sheet.name}!{column_letter(place)}{row.number}"
    return None


def _keep_edited(ledger: Ledger, target: Path) -> Path | None:
    """Keep a file that stands at the target and is not as this ledger wrote it."""
    if not target.exists() or sheets.digest(target) == ledger.written_digest(target):
        return None
    return sheets.keep_aside(target, datetime.now().astimezone())
