"""Which file is read and written by which module. Owns the table of suffixes.

Must not know a format: a format's module, with the libraries that it needs, is imported only once a
file of its kind is met, so that a run over a text file does not wait for pandas to start.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from pipeline.core.model import NewCell, Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import check_target, write_whole
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.source import Source, Written

MODULES: Final = {
    ".xlsx": "pipeline.sheets.excel",
    ".xlsm": "pipeline.sheets.excel",
    ".csv": "pipeline.sheets.delimited",
    ".tsv": "pipeline.sheets.delimited",
}
"""The module that reads and writes a kind of file."""

NOT_YET: Final = frozenset({".xls", ".xlsb", ".ods"})
"""Workbooks that are known and not read."""


class Format(Protocol):
    """What a format's module offers. Neither call writes to a file."""

    def read(self, source: Source) -> Sheet:
        """The sheet as it stands; raises `InputFault`."""

    def filled(
        self,
        source: Source,
        columns: Sequence[str],
        cells: Mapping[int, Sequence[NewCell]],
        overflow: Overflow,
    ) -> bytes | Iterator[bytes]:
        """The bytes of the input's copy with the new columns; raises `InputFault`, `OutputFault`.

        They come in pieces where the format need not hold the whole, and each piece may raise.
        What the cells can't hold is given to `overflow`.
        """


def read(source: Source) -> Sheet:
    """The sheet's named columns and its rows that are not wholly blank.

    Raises `InputFault` where the file can't be read, or has no such sheet, header or row.
    """
    return _format_of(source).read(source)


def write(
    source: Source,
    target: Path,
    columns: Sequence[str],
    cells: Mapping[int, Sequence[NewCell]],
) -> Written:
    """Write the input's copy with the new columns, whole or not at all.

    `cells` gives a row's new cells, in the order of `columns`, by the row's number in the file. A
    column whose name the sheet already has is filled in place, in these rows only; the others go
    to its right end. Raises `InputFault` and `OutputFault`; the old target then stands as it was.
    """
    check_target(source, target)
    overflow = Overflow(target)
    content = _format_of(source).filled(source, columns, cells, overflow)
    path, digest = write_whole(target, _pieces(content, overflow))
    return Written(path, digest, overflow.written)


def _pieces(content: bytes | Iterator[bytes], overflow: Overflow) -> Iterator[bytes]:
    """The copy's bytes; once they are made, and before they are in place, the overflow is there.

    The cells' notes name its file, so it must not come after them. Where the target then can't be
    put in place, the old one stands beside a newer overflow.
    """
    yield from [content] if isinstance(content, bytes) else content
    overflow.write()


def _format_of(source: Source) -> Format:
    kind = source.suffix
    if kind in MODULES:
        return cast("Format", import_module(MODULES[kind]))
    if kind in NOT_YET:
        raise InputFault(
            place=str(source.path),
            wrong=f"a workbook of the kind {kind} is not supported yet",
            remedy="save it as .xlsx and name that file",
        )
    raise InputFault(
        place=str(source.path),
        wrong=f"a file of the kind {kind} can't be read" if kind else "the name has no suffix",
        remedy=f"name a file of the kind {', '.join(MODULES)}",
    )
