"""What is written beside each row. Owns the new columns and the words in their cells.

Must not know a file format, nor where the outcomes are kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Final, Literal, TypeAlias, assert_never

from pipeline.core.amounts import plain_amount
from pipeline.core.model import NewCell, RowKey, Standing, State, Status
from pipeline.core.rows.cells import NoSuchOutputError, find_output, new_cell, shown
from pipeline.core.rows.variables import Faulty, RenderedRow, Sendable, Skipped

STATUS_OF: Final[Mapping[State, Status]] = {
    State.PLANNED: Status.PENDING,
    State.STARTING: Status.RUNNING,
    State.RUNNING: Status.RUNNING,
    State.UNCONFIRMED: Status.UNCONFIRMED,
    State.COMPLETE: Status.COMPLETE,
    State.FAILED: Status.FAILED,
    State.EXPIRED: Status.EXPIRED,
}

About: TypeAlias = Literal["status", "run_id", "credits", "error"]
"""The columns about the run, beside those of its outputs."""

PASSES: Final[Mapping[About, bool]] = {
    "status": False,
    "run_id": False,
    "credits": True,  # They add up.
    "error": True,  # It is another one, or none, once the attempt ended otherwise.
}
"""Whether a cell shows what no attempt tells of later, as `texts_of_attempts` asks them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The new columns, from the left: outputs first, then what is about the run."""

    outputs: Mapping[str, str]
    """Header to the output's name or path."""
    about: Mapping[About, str]
    """Which column about the run, and its header."""

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers, from the left."""
        return (*self.outputs, *self.about.values())


def all_outputs(standings: Iterable[Standing]) -> tuple[str, ...]:
    """The names of all outputs that completed runs gave, in the order in which they came up."""
    names: dict[str, None] = {}
    for standing in standings:
        if standing.state is State.COMPLETE and standing.attempt and standing.attempt.outputs:
            names |= dict.fromkeys(standing.attempt.outputs)
    return tuple(names)


def cells_of(row: RenderedRow, standing: Standing | None, columns: Columns) -> tuple[NewCell, ...]:
    """The cells beside one row, in the order of the columns."""
    outputs, missing = _output_cells(standing, columns.outputs)
    return (*outputs, *[_about(name, row, standing, missing) for name in columns.about])


def _about(
    name: About, row: RenderedRow, standing: Standing | None, missing: Sequence[str]
) -> NewCell:
    match name:
        case "status":
            return _status(row, standing)
        case "run_id":
            return _run_id(standing)
        case "credits":
            return _credits(standing)
        case "error":
            return _error(row, standing, missing)
        case _:
            assert_never(name)


def _output_cells(
    standing: Standing | None, paths: Mapping[str, str]
) -> tuple[list[NewCell], list[str]]:
    """The outputs' cells, and which of them the run did not give."""
    if standing is None or standing.state is not State.COMPLETE:
        return [None] * len(paths), []
    given = (standing.attempt and standing.attempt.outputs) or {}
    cells: list[NewCell] = []
    missing = []
    for path in paths.values():
        try:
            cells.append(new_cell(find_output(given, path)))
        except NoSuchOutputError:
            cells.append(None)
            missing.append(path)
    return cells, missing


def _status(row: RenderedRow, standing: Standing | None) -> Status:
    match row:
        case Skipped():
            return Status.SKIPPED
        case Faulty():
            return Status.FAILED
        case Sendable():
            return STATUS_OF[standing.state] if standing else Status.PENDING
        case _:
            assert_never(row)


def _run_id(standing: Standing | None) -> NewCell:
    if standing is None or standing.state is State.PLANNED or standing.attempt is None:
        return None
    return standing.attempt.run_id


def _credits(standing: Standing | None) -> NewCell:
    if standing is None or standing.credits is None:
        return None
    return plain_amount(standing.credits)


def _error(row: RenderedRow, standing: Standing | None, missing: Sequence[str]) -> NewCell:
    if isinstance(row, Faulty):
        return row.error
    if standing is None or standing.attempt is None or standing.state is State.PLANNED:
        return None
    if missing:
        names = ", ".join(repr(path) for path in missing)
        given = ", ".join(map(repr, standing.attempt.outputs or {})) or "nothing"
        return f"The run gave no output {names}; it gave {given}"
    return standing.attempt.error


def texts_of_attempts(attempts: Iterable[Standing], columns: Columns) -> dict[str, set[str]]:
    """By header, the texts that these attempts put into that column's cells, each as it is now.

    A total of several attempts, or the error of an attempt that ended otherwise since, is not
    among them.
    """
    texts: dict[str, set[str]] = {header: set() for header in columns.headers}
    if "status" in columns.about:
        texts[columns.about["status"]] |= set(Status)
    row = Sendable(0, RowKey(""), {}, {})
    for standing in attempts:
        cells = cells_of(row, standing, columns)
        for header, cell in zip(columns.headers, cells, strict=True):
            texts[header].add(shown(cell))
    return texts


def free_headers(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A header for each name that is not taken: ``Email``, else ``Email (2)`` and so on."""
    free: dict[str, str] = {}
    for name in names:
        candidates = chain([name], (f"{name} ({n})" for n in count(2)))
        header = next(c for c in candidates if c not in taken and c not in free)
        free[header] = name
    return free
