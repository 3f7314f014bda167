"""Which file is read and written by which module. Owns the table of suffixes.

Must not know a format: a format's module, with the libraries that it needs, is imported only once a
file of its kind is met, so that a run over a text file does not wait for those of workbooks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from pipeline.core.model import Sheet
from pipeline.errors import InputFault
from pipeline.sheets.files import PlaceFault, check_target, opened, second_places, write_whole
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.source import NewRows, Source, Top, Written

READERS: Final = {
    ".xlsx": "pipeline.sheets.workbook.excel",
    ".xlsm": "pipeline.sheets.workbook.excel",
    ".xls": "pipeline.sheets.workbook.excel",
    ".xlsb": "pipeline.sheets.workbook.excel",
    ".ods": "pipeline.sheets.workbook.excel",
    ".csv": "pipeline.sheets.text.delimited",
    ".tsv": "pipeline.sheets.text.delimited",
}
"""The module that reads a kind of file."""

WRITERS: Final = {
    ".xlsx": "pipeline.sheets.writeback.filling",
    ".xlsm": "pipeline.sheets.writeback.filling",
    ".xls": "pipeline.sheets.writeback.converted",
    ".xlsb": "pipeline.sheets.writeback.converted",
    ".ods": "pipeline.sheets.writeback.converted",
    ".csv": "pipeline.sheets.text.delimited",
    ".tsv": "pipeline.sheets.text.delimited",
}
"""The module that writes a kind of file."""

LINES_OF_A_TOP: Final = 60
"""How far down a table is looked for: titles and notes above one are a few lines."""


class Reader(Protocol):
    """What the module offers that reads a format."""

    def read(self, source: Source) -> Sheet:
        """The sheet as it stands; raises `InputFault`."""

    def tops(self, source: Source, lines: int) -> list[Top]:
        """So many first lines of each sheet that a person sees; raises `InputFault`."""


class Writer(Protocol):
    """What the module offers that writes a format. It writes to no file itself."""

    def rehearse(
        self, source: Source, columns: Sequence[str], rows: Iterable[int]
    ) -> tuple[str, ...]:
        """What a person should know before; raises what `filled` would, where the input tells."""

    def filled(
        self,
        source: Source,
        columns: Sequence[str],
        cells: NewRows,
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
    return cast("Reader", _module(source, READERS)).read(source)


def tops(path: Path) -> list[Top]:
    """The first lines of each sheet that a person sees, in the file's order; there is at least one.

    Raises `InputFault` where the file can't be read.
    """
    source = Source(path, None, None)
    return cast("Reader", _module(source, READERS)).tops(source, LINES_OF_A_TOP)


def rehearse(source: Source, columns: Sequence[str], rows: Iterable[int]) -> tuple[str, ...]:
    """Find out before anything is paid for whether these columns could be written in these rows.

    Gives what a person should know of the output, a line each. Raises `InputFault` and
    `OutputFault`, as `write` would for a reason that stands in the input.
    """
    return _writer(source).rehearse(source, columns, rows)


def write(
    source: Source,
    target: Path,
    columns: Sequence[str],
    cells: NewRows,
) -> Written:
    """Write the input's copy with the new columns, whole or not at all.

    `cells` gives a row's new cells, in the order of `columns`, by the row's number in the file, and
    in the file's order. A column whose name the sheet already has is filled in place, in these rows
    only; the others go to its right end. Where the target's folder can't be written to any more,
    the copy is kept elsewhere, and `Written` tells where. Raises `InputFault` and `OutputFault`;
    the old target then stands as it was.
    """
    try:
        check_target(source, target)
        return _write_at(target, source, columns, cells)
    except PlaceFault as fault:
        for place in second_places(source, target):
            with suppress(PlaceFault):
                return _write_at(place, source, columns, cells)
        raise fault from None


def _write_at(
    target: Path,
    source: Source,
    columns: Sequence[str],
    cells: NewRows,
) -> Written:
    overflow = Overflow(target)
    content = _writer(source).filled(source, columns, cells, overflow)
    path, digest = write_whole(target, _pieces(content, overflow))
    return Written(path, digest, overflow.written)


def _pieces(content: bytes | Iterator[bytes], overflow: Overflow) -> Iterator[bytes]:
    """The copy's bytes; once they are made, and before they are in place, the overflow is there.

    The cells' notes name its file, so it must not come after them. Where the target then can't be
    put in place, the old one stands beside a newer overflow.
    """
    yield from [content] if isinstance(content, bytes) else content
    overflow.write()


def _writer(source: Source) -> Writer:
    return cast("Writer", _module(source, WRITERS))


def _module(source: Source, modules: Mapping[str, str]) -> ModuleType:
    kind = source.suffix
    if kind in modules:
        return import_module(modules[kind])
    with opened(source.path):
        pass  # What is no file at all is told as that.
    raise InputFault(
        place=str(source.path),
        wrong=f"a file of the kind {kind} can't be read" if kind else "the name has no suffix",
        remedy=f"name a file of the kind {', '.join(modules)}",
    )
