"""`outputs: "*"`: the columns have the names that the runs give, and none of the user's is lost."""

from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.sheets.package.references import COLUMNS_LIMIT
from tests.journeys.running import a_batch, pipeline, read_rows, write_config, write_rows

ABOUT = 4
"""The columns about the run."""


def a_workbook_batch(folder: Path, sheet: Worksheet) -> Path:
    """A config over this sheet that asks for every output."""
    assert sheet.parent is not None
    sheet.parent.save(folder / "rows.xlsx")
    return write_config(folder / "batch.yaml", input={"path": "rows.xlsx"}, outputs="*")


def a_sheet(*rows: tuple[object, ...]) -> Worksheet:
    sheet = Workbook().worksheets[0]
    for row in rows:
        sheet.append(row)
    return sheet


def test_a_column_that_cant_be_filled_is_left_alone(tmp_path: Path) -> None:
    """Its cells are merged, which no row was asked about before it was paid for."""
    sheet = a_sheet(("Company", "Summary"), ("Acme",), ("Initech",))
    sheet.merge_cells("B2:B3")
    config = a_workbook_batch(tmp_path, sheet)
    for _ in range(2):
        ended = pipeline("run", config)
        assert ended.exit == 0, ended.err
        written = load_workbook(tmp_path / "rows.done.xlsx").worksheets[0]
        headers = [cell.value for cell in written[1]]
        assert headers[:2] == ["Company", "Summary"]
        assert [str(cell) for cell in written.merged_cells.ranges] == ["B2:B3"]
        assert headers.count("Summary (2)") == 1
        assert all(written.cell(row, headers.index("Summary (2)") + 1).value for row in (2, 3))


def test_where_no_output_has_room_nothing_is_sent(tmp_path: Path) -> None:
    """Only the columns about the run would fit: that is told before any row is paid for."""
    sheet = a_sheet(("Company",), ("Acme",))
    sheet.cell(1, COLUMNS_LIMIT - ABOUT).value = "Last"
    config = a_workbook_batch(tmp_path, sheet)
    for command in ("check", "run"):
        ended = pipeline(command, config)
        assert ended.exit == 2
        assert "wider than Excel's 16,384 columns" in ended.err
    sheet.cell(1, COLUMNS_LIMIT - ABOUT).value = None
    sheet.cell(1, COLUMNS_LIMIT - ABOUT - 1).value = "Last"
    assert pipeline("check", a_workbook_batch(tmp_path, sheet)).exit == 0


def test_no_column_of_the_user_is_written_over(tmp_path: Path) -> None:
    """Not one either that is called as a second column of ours would be."""
    config = a_batch(tmp_path, 1, outputs="*")
    header = ["Company", "Summary", "Summary (2)"]
    write_rows(tmp_path / "rows.csv", [["Acme", "mine", "mine too"]], header)
    assert pipeline("run", config).exit == 0
    (row,) = read_rows(tmp_path / "rows.done.csv")
    assert (row["Summary"], row["Summary (2)"]) == ("mine", "mine too")
    assert row["Summary (3)"]


def test_an_output_as_the_next_input_keeps_the_columns_of_the_user(tmp_path: Path) -> None:
    """What stands there since before the first call was never ours."""
    config = a_batch(tmp_path, 1, outputs="*")
    write_rows(tmp_path / "rows.csv", [["Acme", "mine"]], ["Company", "Summary"])
    assert pipeline("run", config).exit == 0
    ended = pipeline("run", config, "--input", tmp_path / "rows.done.csv")
    assert ended.exit == 0, ended.err
    assert read_rows(tmp_path / "rows.done.done.csv") == read_rows(tmp_path / "rows.done.csv")
