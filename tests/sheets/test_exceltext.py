"""What text survives an Excel cell: all of it, in the cell or beside it, and none as a formula."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.model import NewCell
from pipeline.sheets import read
from pipeline.sheets.exceltext import FORBIDDEN, LIMIT_UNITS
from tests.sheets.builders import a_copy, a_source, a_workbook, opened

HELD = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t_x0041="))


@given(st.lists(HELD.filter(lambda text: text.strip()), min_size=1, max_size=40))
@example(
    ["_x0041_", "_x0041_x0042_", "_x005F_", "_x000d_", "a\r\nb", "a\rb", "__x0041__", " a ", "'="]
)
@settings(deadline=None, max_examples=25)
def test_text_reads_back_as_itself(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Line ends, escapes, white space and any script come back as they were given."""
    texts = [text for text in texts if not FORBIDDEN.search(text)] or ["x"]
    folder = tmp_path_factory.mktemp("texts")
    source = a_source(a_workbook(folder, [("Name",), *[("a",)] * len(texts)]))
    written = a_copy(source, {n: [text] for n, text in enumerate(texts, 2)})
    assert [row.values[1] for row in read(a_source(written.path)).rows] == texts
    assert written.overflow is None


@pytest.mark.parametrize("text", ["=1+1", "=", "+cmd", "-x", "@SUM(A1)", " =1+1", "\t=1", "#N/A"])
def test_text_is_never_a_live_formula(tmp_path: Path, text: str) -> None:
    """Text is written as text, and where it looks like a formula, an edit does not revive it."""
    cell = opened(a_copy(a_source(a_workbook(tmp_path)), {2: [text]}).path)["C2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert bool(cell.quotePrefix) is (text != "#N/A")


def test_a_header_is_never_a_live_formula(tmp_path: Path) -> None:
    """A new column's name may come from an output's name, so it is text as well."""
    sheet = opened(a_copy(a_source(a_workbook(tmp_path)), {2: ["x"]}, ["=1+1"]).path)
    assert sheet["C1"].data_type == "s"


def test_a_header_that_xml_lacks_is_replaced_and_kept_beside(tmp_path: Path) -> None:
    """A new column's name may come from the service: the workbook stays whole all the same."""
    written = a_copy(a_source(a_workbook(tmp_path)), {2: ["x"]}, ["a\0<b>"])
    assert read(a_source(written.path)).columns[2].startswith("a\ufffd<b> [characters that")
    assert written.overflow is not None


@pytest.mark.parametrize(("value", "read_back"), [(5, 5), (-2.5, -2.5), (3.0, 3), (None, None)])
def test_numbers_are_numbers(tmp_path: Path, value: NewCell, read_back: NewCell) -> None:
    """A number can be reckoned with in the sheet, and nothing leaves the cell blank."""
    written = a_copy(a_source(a_workbook(tmp_path)), {2: [value]})
    assert next(iter(read(a_source(written.path)).rows)).values[2:] == (read_back,)


@pytest.mark.parametrize(
    "text",
    ["x" * LIMIT_UNITS, "😀" * (LIMIT_UNITS // 2), "\r\n" * (LIMIT_UNITS // 2) + "x"],
    ids=["plain", "surrogate pairs", "escapes"],
)
def test_text_of_the_very_limit_is_whole(tmp_path: Path, text: str) -> None:
    """Excel counts UTF-16 units of the text itself: at 32,767 nothing is cut."""
    written = a_copy(a_source(a_workbook(tmp_path)), {2: [text]})
    assert next(iter(read(a_source(written.path)).rows)).values[2] == text
    assert written.overflow is None


@pytest.mark.parametrize("text", ["x" * 40_000, "a" + "😀" * 20_000], ids=["plain", "pairs"])
def test_longer_text_is_cut_with_a_note_and_kept_whole_beside(tmp_path: Path, text: str) -> None:
    """The cell is full to the limit, says where the whole text is, and there it is."""
    written = a_copy(a_source(a_workbook(tmp_path)), {2: [text]})
    cell = next(iter(read(a_source(written.path)).rows)).values[2]
    assert isinstance(cell, str)
    note = f" … [cut: the whole text of {len(text)} characters is in leads.done.overflow.txt]"
    assert cell.endswith(note)
    assert text.startswith(cell.removesuffix(note))
    assert len(cell.encode("utf-16-le")) // 2 in (LIMIT_UNITS, LIMIT_UNITS - 1)
    assert written.overflow == tmp_path / "leads.done.overflow.txt"
    assert written.overflow.read_text("utf-8") == f"=== row 2, column Email ===\n{text}\n"


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_character_that_xml_lacks_is_replaced_and_kept_beside(
    tmp_path: Path, character: str
) -> None:
    """The cell shows a replacement and says so; the text beside it is verbatim."""
    written = a_copy(a_source(a_workbook(tmp_path)), {2: [f"a{character}b\r\n"]})
    cell = next(iter(read(a_source(written.path)).rows)).values[2]
    note = " [characters that Excel cannot hold: the whole text is in leads.done.overflow.txt]"
    assert cell == f"a\ufffdb\r\n{note}"
    assert written.overflow is not None
    kept = written.overflow.read_bytes().decode("utf-8", errors="surrogatepass")
    assert kept == f"=== row 2, column Email ===\na{character}b\r\n\n"
