"""What the tests of this room are made of: sources, files and looks inside a workbook."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.core.model import NewCell
from pipeline.sheets import Source, TextForm, Written, write


def a_workbook(
    folder: Path,
    rows: Sequence[Sequence[object]] = (("Name", "City"), ("Ada", "London")),
    *,
    name: str = "leads.xlsx",
    change: Callable[[Worksheet], None] = lambda _: None,
) -> Path:
    """A workbook whose sheet Leads holds these rows; text stays text, whatever it looks like."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Leads"
    for number, row in enumerate(rows, 1):
        for index, value in enumerate(row, 1):
            sheet.cell(number, index).value = value
    change(sheet)
    path = folder / name
    workbook.save(path)
    return path


def a_file(folder: Path, content: bytes | str, name: str = "leads.csv") -> Path:
    """A file of these bytes, or of this text in UTF-8."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def a_source(
    path: Path,
    sheet: str | None = None,
    header_row: int | None = 1,
    form: TextForm | None = None,
) -> Source:
    """The source with its usual header row; of a text file's form, nothing is said."""
    return Source(path, sheet, header_row, form=form or TextForm())


def a_copy(
    source: Source,
    cells: Mapping[int, Sequence[NewCell]] | None = None,
    columns: Sequence[str] = ("Email",),
    name: str | None = None,
) -> Written:
    """The output of a source, beside it."""
    target = source.path.parent / (name or f"{source.path.stem}.done{source.path.suffix}")
    return write(source, target, columns, cells if cells is not None else {2: ["x"]})


def opened(path: Path, sheet: str = "Leads") -> Worksheet:
    """A sheet as openpyxl sees it: formulas, styles and all."""
    found = load_workbook(path)[sheet]
    assert isinstance(found, Worksheet)
    return found
