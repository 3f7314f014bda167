"""What of a workbook is kept in its copy, found out without any of the project's own code."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings
from xml.etree import ElementTree as ET

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

STYLES = "styles.xml"
MAY_GROW = {"dimension": {"ref"}, "row": {"spans"}}
"""Attributes that tell how far the cells reach."""


@dataclass(frozen=True)
class Parts:
    """An archive's members, of two under one name the last."""

    content: Mapping[str, bytes]
    packed: Mapping[str, bytes]
    """Each member's compressed bytes."""


def parts_of(path: Path) -> Parts:
    """The members of a workbook's archive."""
    whole = path.read_bytes()
    content, packed = {}, {}
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        for info in archive.infolist():
            name_length = int.from_bytes(whole[info.header_offset + 26 :][:2], "little")
            extra_length = int.from_bytes(whole[info.header_offset + 28 :][:2], "little")
            start = info.header_offset + 30 + name_length + extra_length
            packed[info.filename] = whole[start : start + info.compress_size]
            content[info.filename] = archive.read(info)
    return Parts(content, packed)


def changed_parts(before: Path, after: Path) -> set[str]:
    """The parts that are not the same bytes in both, packed and unpacked."""
    old, new = parts_of(before), parts_of(after)
    assert list(old.content) == list(new.content)
    return {
        name
        for name in old.content
        if (old.content[name], old.packed[name]) != (new.content[name], new.packed[name])
    }


def changed_sheet(before: Path, after: Path) -> str:
    """The one sheet's part that changed; besides it, a style may have been added."""
    changed = {name for name in changed_parts(before, after) if not name.endswith(STYLES)}
    assert len(changed) == 1
    return changed.pop()


def added_cells(before: bytes, after: bytes) -> dict[str, ET.Element]:
    """The cells with content that a sheet's part has over its older version, by their references.

    They may stand in place of blank ones. Asserts that all else is the same, but for how far the
    cells are said to reach and for white space between cells.
    """
    old, new = ET.fromstring(before), ET.fromstring(after)  # noqa: S314 - the tests' own files
    known = {c.get("r") for row in _rows(old) for c in row if len(c)}
    added = {
        str(c.get("r")): c
        for row in _rows(new)
        for c in row
        if len(c) and c.get("r") is not None and c.get("r") not in known
    }
    for root in (old, new):
        for row in _rows(root):
            row[:] = [cell for cell in row if cell.get("r") not in added]
        for element in root.iter():
            for name in MAY_GROW.get(_local(element), ()):
                element.attrib.pop(name, None)
    assert _canonical(old) == _canonical(new)
    return added


def _canonical(root: ET.Element) -> str:
    for parent in (*_rows(root), *(data for data in root if _local(data) == "sheetData")):
        parent.text = None
        for child in parent:
            child.tail = None
    return ET.canonicalize(ET.tostring(root))


def _rows(root: ET.Element) -> list[ET.Element]:
    return [row for data in root if _local(data) == "sheetData" for row in data]


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def calamine_values(path: Path, sheet: str) -> list[list[object]]:
    """A sheet's values from its row 1 on, without blank cells at the end of a row."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        grid = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return [_trimmed(line) for line in grid]


def _trimmed(line: Sequence[object]) -> list[object]:
    end = next((n for n in range(len(line), 0, -1) if line[n - 1] != ""), 0)
    return list(line[:end])


def openpyxl_values(path: Path, sheet: str, *, data_only: bool) -> dict[str, object] | None:
    """A sheet's values by their references; ``None`` where openpyxl can't open the workbook."""
    with catch_warnings(action="ignore"):
        try:
            workbook = load_workbook(path, data_only=data_only)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        # A workbook of the strict dialect seems to it to have no sheets.
        found = workbook[sheet] if sheet in workbook.sheetnames else None
        if not isinstance(found, Worksheet):
            return None
        # The public ways to all cells make one for each gap: a sheet with a far cell fills memory.
        cells = found._cells.values()  # noqa: SLF001 - see above
        return {cell.coordinate: _plain(cell.value) for cell in cells if cell.value is not None}


def _plain(value: object) -> object:
    """A formula over several cells by what it says: as objects, no two of them are equal."""
    if isinstance(value, ArrayFormula | DataTableFormula):
        return sorted((name, str(text)) for name, text in vars(value).items())
    return value


def reference(row: int, column: int) -> str:
    """The name of a cell by its row and column, both from 1."""
    return f"{get_column_letter(column)}{row}"
