"""The copy of a workbook, .xlsx or .xlsm, with new columns in one of its sheets.

All other parts are copied byte for byte as they stand in the file, packed; the sheet's part is
passed through with the new cells put into it. Besides it change only: the styles' part, where text
looks like a formula and no style says that it is text; the order of calculation, where a formula's
cell is filled. Must not know how a sheet is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from pipeline.core.model import NewCell
from pipeline.errors import OutputFault
from pipeline.sheets.files import opened
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.package.archive import Archive
from pipeline.sheets.package.archivecopy import ArchiveCopy
from pipeline.sheets.package.parts import PartError
from pipeline.sheets.package.relationships import Package
from pipeline.sheets.source import NewRows, Source
from pipeline.sheets.writeback.sheetplan import SheetPlan, sheet_plan
from pipeline.sheets.writeback.sheetwriter import sheet_content


def rehearse(source: Source, columns: Sequence[str], rows: Iterable[int]) -> tuple[str, ...]:
    """All that writing would do but the writing; gives what a person should know before.

    Raises `InputFault` and `OutputFault`, as `filled` would.
    """
    with opened(source.path) as file, _told(source):
        package = Package(Archive(file))
        sheet_plan(source, package, columns, frozenset(rows))
        if package.is_signed():
            return (f"{source.path.name} is signed: in the output the signature will be void.",)
        return ()


def filled(
    source: Source,
    columns: Sequence[str],
    cells: NewRows,
    overflow: Overflow,
) -> Iterator[bytes]:
    """The workbook's copy in pieces. Raises `InputFault` and `OutputFault`."""
    with opened(source.path) as file:
        yield from copied(file, source, columns, dict(cells.items()), overflow)


def copied(
    file: BinaryIO,
    source: Source,
    columns: Sequence[str],
    cells: Mapping[int, Sequence[NewCell]],
    overflow: Overflow,
) -> Iterator[bytes]:
    """The copy of a workbook that is open; errors name the source. Raises `OutputFault`."""
    with _told(source):
        archive = Archive(file)
        package = Package(archive)
        plan = sheet_plan(source, package, columns, cells.keys())
        content = sheet_content(package.stream(plan.part), plan, cells, overflow)
        yield from _entries(archive, package, plan, content)


def _entries(
    archive: Archive, package: Package, plan: SheetPlan, content: Iterator[bytes]
) -> Iterator[bytes]:
    copy = ArchiveCopy(archive)
    sheet = package.entry(plan.part)
    changed = {package.entry(part): (text,) for part, text in plan.rewritten.items()}
    dropped = {package.entry(part) for part in plan.dropped}
    styles = package.entry(plan.styles_part) if plan.styles_part else None
    for entry in sorted(archive.entries, key=lambda entry: entry.offset):
        if entry == sheet:
            yield from copy.filled(entry, content)
        elif entry in changed:
            yield from copy.filled(entry, changed[entry])
        elif entry not in dropped and entry != styles:
            yield from copy.kept(entry)
    if styles is not None:
        # The last of all: only the sheet's cells tell which styles have to be added.
        added = plan.styles.content if plan.styles else None
        yield from copy.kept(styles) if added is None else copy.filled(styles, (added,))
    yield from copy.end()


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """What is wrong with a part as an `OutputFault` of the file."""
    try:
        yield
    except PartError as error:
        raise OutputFault(place=str(source.path), wrong=error.wrong, remedy=error.remedy) from None
