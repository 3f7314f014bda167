"""The pure parts below the copy: streams, tags, archives and references."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OutputFault
from pipeline.sheets.package.archive import CENTRAL, END, LOCAL, Archive
from pipeline.sheets.package.archivecopy import ArchiveCopy
from pipeline.sheets.package.parts import PartError
from pipeline.sheets.package.references import area_of, column_number
from pipeline.sheets.package.splice import Edit, pieces_of, spliced
from pipeline.sheets.package.tags import (
    attribute_of,
    end_of_tag,
    with_attribute,
    without_attribute,
)
from tests.sheets.builders import a_copy, a_source, a_workbook
from tests.sheets.rawworkbooks import SHEET, SIZE, a_package, parts_with, patched


@given(st.binary(max_size=200), st.data())
@settings(deadline=None, max_examples=200)
def test_edits_are_made_whatever_the_chunks(content: bytes, data: st.DataObject) -> None:
    """A stream is edited as the whole would be, wherever its chunks and its edits end."""
    places = data.draw(st.lists(st.integers(0, len(content)), max_size=8).map(sorted))
    cuts = [0, *data.draw(st.lists(st.integers(0, len(content)), max_size=5).map(sorted))]
    chunks = [content[a:b] for a, b in zip(cuts, [*cuts[1:], len(content)], strict=True)]
    pairs = list(zip(places[::2], places[1::2], strict=False))
    expected, done = b"", 0
    for start, stop in pairs:
        expected += content[done:start] + b"<" + content[start:stop] + b">"
        done = stop
    edits = [Edit(start, stop, lambda old: b"<" + old + b">") for start, stop in pairs]
    assert b"".join(spliced(chunks, edits)) == expected + content[done:]
    assert list(pieces_of(chunks, pairs)) == [content[a:b] for a, b in pairs]


def test_an_unedited_stretch_is_not_held() -> None:
    """Between two edits that are far apart, the pieces pass; memory does not hold them."""
    chunks = (b"x" * 100_000 for _ in range(100))
    edits = [Edit(0, 1, bytes.upper), Edit(9_999_999, 10_000_000, bytes.upper)]
    assert max(map(len, spliced(chunks, edits))) < 300_000


VALUE = st.text(st.sampled_from("ab >/='\"<"), max_size=6)
QUOTED = st.one_of(
    VALUE.map(lambda v: "'" + v.replace("'", "").replace("<", "") + "'"),
    VALUE.map(lambda v: '"' + v.replace('"', "").replace("<", "") + '"'),
)


@given(
    st.dictionaries(st.sampled_from(["r", "spans", "x:r", "ht"]), QUOTED),
    st.sampled_from([">", "/>", " >"]),
)
@settings(deadline=None, max_examples=200)
def test_an_attribute_is_changed_and_no_byte_beside_it(values: dict[str, str], end: str) -> None:
    """Whatever stands in the quotes, the tag ends where it ends, and the others stay."""
    tag = ("<row" + "".join(f"\n {n} = {v}" for n, v in values.items()) + end).encode()
    assert end_of_tag(tag + b"<c r='>'>") == len(tag)
    for name, value in values.items():
        assert attribute_of(tag, name.encode()) == value[1:-1].encode()
    changed = with_attribute(tag, b"spans", b"1:9")
    assert attribute_of(changed, b"spans") == b"1:9"
    assert without_attribute(changed, b"spans") == without_attribute(tag, b"spans")
    assert attribute_of(without_attribute(tag, b"spans"), b"spans") is None


@given(
    st.integers(1, 16_384), st.integers(1, 1_048_476), st.integers(1, 16_384), st.integers(1, 99)
)
@settings(deadline=None, max_examples=100)
def test_an_area_reads_back_as_itself(column: int, row: int, last_column: int, more: int) -> None:
    """References and numbers tell the same place, up to the last column and row."""
    area = area_of(f"A1:A{row + more}").joined(area_of("XFD1"))
    assert str(area) == f"A1:XFD{row + more}"
    one = area_of(str(area_of(f"$B${row}")))
    assert (one.first_row, one.first_column, one.is_one_cell) == (row, 2, True)
    assert (row, column) in area
    assert (row + more + 1, last_column) not in area


def test_the_columns_are_counted_as_excel_counts_them() -> None:
    """From A to XFD, and no further."""
    assert [column_number(n) for n in ("A", "Z", "AA", "XFD", "xfd")] == [1, 26, 27, 16384, 16384]


@pytest.mark.slow
def test_an_archive_of_more_entries_than_16_bits_count_is_copied(tmp_path: Path) -> None:
    """Then the directory's end is written in 64 bits, and another reader finds every entry."""
    count = 65_540
    path, copy_path = tmp_path / "many.zip", tmp_path / "copy.zip"
    local, central = [], []
    for n in range(count):
        name = b"%05d" % n
        offset = n * (LOCAL.size + len(name))
        local.append(LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0) + name)
        fields = (20, 20, 0, 0, 0, 33, 0, 0, 0, 5, 0, 0, 0, 0, 0, offset)
        central.append(CENTRAL.pack(b"PK\1\2", *fields) + name)
    directory = b"".join(central)
    start = count * (LOCAL.size + 5)
    end = END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(directory), start, 0)
    path.write_bytes(b"".join((*local, directory, end)))
    with path.open("rb") as file, copy_path.open("wb") as target:
        archive = Archive(file)
        copy = ArchiveCopy(archive)
        for entry in archive.entries:
            target.writelines(copy.kept(entry))
        target.writelines(copy.end())
    with zipfile.ZipFile(copy_path) as found:
        assert len(found.namelist()) == count
        assert found.read("65539") == b""


@pytest.mark.parametrize("cut", [1, 30, 60, 200])
def test_an_archive_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    """A download that was cut short is told as damage, wherever it was cut."""
    path = a_workbook(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(OutputFault, match="the file is damaged"):
        a_copy(a_source(path))


def test_a_part_that_unpacks_to_more_than_it_claims_is_left_at_once(tmp_path: Path) -> None:
    """A bomb that lies about its size is not inflated to find that out."""
    path = a_package(tmp_path, parts_with(b"<!--" + b" " * 40 * 1024**2))
    with patched(path, SHEET, SIZE, 10).open("rb") as file:
        archive = Archive(file)
        (entry,) = (entry for entry in archive.entries if entry.name == SHEET.encode())
        pieces = archive.inflated(entry)
        with pytest.raises(PartError, match="damaged"):
            next(pieces)
