"""A workbook with each feature: kept in the copy, or refused before a row is paid for."""

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from pipeline.errors import OutputFault
from pipeline.sheets import rehearse, write
from tests.sheets.builders import a_copy, a_source
from tests.sheets.features import KEPT, REFUSED, SAID, Kept, Refused, Said
from tests.sheets.fidelity import added_cells, calamine_values, changed_sheet, parts_of

COLUMNS = ("Email", "Score")
CELLS = {2: ("=x", 5)}


@pytest.mark.parametrize("feature", KEPT, ids=lambda feature: feature.name)
def test_a_feature_is_kept(tmp_path: Path, feature: Kept) -> None:
    """All other parts stay byte for byte; in the sheet's, all is there beside the new cells."""
    source = a_source(feature.make(tmp_path))
    before = source.path.read_bytes()
    assert rehearse(source, COLUMNS, {2}) == ()
    copy = a_copy(source, CELLS, COLUMNS).path
    part = changed_sheet(source.path, copy)
    added = added_cells(parts_of(source.path).content[part], parts_of(copy).content[part])
    assert set(added) == set(feature.new)
    assert source.path.read_bytes() == before
    assert _values(copy, set(feature.new)) == dict(feature.new)


def _values(path: Path, places: set[str]) -> dict[str, object]:
    """The values in these cells, as an independent library reads them."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        grid = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return {place: grid[int(place[1:]) - 1][ord(place[0]) - ord("A")] for place in places}


@pytest.mark.parametrize("feature", SAID, ids=lambda feature: feature.name)
def test_what_can_not_be_kept_is_said_before(tmp_path: Path, feature: Said) -> None:
    """The rehearsal says it in one line; the write then goes through."""
    source = a_source(feature.make(tmp_path))
    (line,) = rehearse(source, COLUMNS, {2})
    assert feature.told in line
    written = write(source, tmp_path / "out.xlsx", COLUMNS, CELLS)
    assert "=x" in calamine_values(written.path, "Leads")[1]


@pytest.mark.parametrize("feature", REFUSED, ids=lambda feature: feature.name)
def test_what_can_not_be_written_is_refused_before(tmp_path: Path, feature: Refused) -> None:
    """The rehearsal says it in one line that names the file, and so does the write."""
    source = a_source(feature.make(tmp_path))
    for call in (lambda: rehearse(source, COLUMNS, {2}), lambda: a_copy(source, CELLS, COLUMNS)):
        with pytest.raises(OutputFault) as caught:
            call()
        line = str(caught.value)
        assert feature.told in line
        assert line.startswith(str(source.path))
        assert "\n" not in line
    assert [file.name for file in tmp_path.iterdir()] == [source.path.name]
