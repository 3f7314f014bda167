"""What is read and what was written. Owns the types at the room's door. Must not know a format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.core.model import CellValue, NewCell
from pipeline.errors import InputFault


class InputChanged(InputFault):
    """The input is not any more what it was when it was read first."""


@dataclass(frozen=True, slots=True)
class TextForm:
    """What is said of how a CSV or TSV file is spelled; the rest is found in the file."""

    delimiter: str | None = None
    """One character; ``None``: it is found."""
    encoding: str | None = None
    """The codec by Python's name for it; ``None``: it is found."""
    quote: str | None = '"'
    """The character around quoted fields; ``None``: no character quotes."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the user's sheet stands. It is opened for reading only."""

    path: Path
    sheet: str | None
    """The sheet's name in the workbook; ``None`` is the first. A text file has only one."""
    header_row: int | None
    """The number of the header's row, from 1; ``None``: columns go by their letters, A B C."""
    form: TextForm = field(default_factory=TextForm)
    """How a text file is spelled; of no meaning to a workbook."""

    mapped: frozenset[str] = field(default=frozenset(), kw_only=True)
    """The columns that are sent, by name: their cells come with the formats that show them."""

    @property
    def suffix(self) -> str:
        """The file's kind: its suffix, in small letters."""
        return self.path.suffix.lower()


class NewRows(Protocol):
    """The new cells of a sheet's rows, in the order of the new columns, by the rows' numbers.

    They come in the sheet's order, and anew each time that they are gone through: they may be made
    on the way, and need not be held.
    """

    def __len__(self) -> int:
        """How many rows get cells."""

    def items(self) -> Iterable[tuple[int, Sequence[NewCell]]]:
        """Number and cells of each row."""


@dataclass(frozen=True, slots=True)
class Top:
    """What stands at the top of one sheet of a file, for whoever has to find its table."""

    sheet: str
    """The sheet's name in the workbook; for a text file, the file's name."""
    lines: Sequence[Sequence[CellValue]]
    """Its first lines, from row 1 on, blank ones too."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is in its place, whole."""

    path: Path
    """The target, or where the copy is kept instead: beside it where only the target was locked, in
    another folder where its own could not be written to."""
    digest: str
    """SHA-256 of the file's bytes, in hexadecimal digits."""
    overflow: Path | None
    """The text file that holds what the cells could not."""
