"""The output of one call as the input of the next, edited in between."""

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tests.journeys.running import a_batch, pipeline, read_rows, write_config, write_rows


def test_an_edited_output_can_be_the_next_input(tmp_path: Path) -> None:
    """A person fills in what was missing and goes on: only the mended row is paid for."""
    config = a_batch(tmp_path, 3)
    write_rows(tmp_path / "rows.csv", [["Acme", 1], ["", 2], ["Initech", 3]], ["Company", "Nr"])
    assert pipeline("run", config).exit == 1
    done = tmp_path / "rows.done.csv"
    mended = tmp_path / "mended.csv"
    mended.write_text(done.read_text("utf-8").replace("\n,2,", "\nGlobex,2,"), "utf-8")
    ended = pipeline("run", config, "--input", mended, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 1
    rows = read_rows(tmp_path / "mended.done.csv")
    assert [row["Status"] for row in rows] == ["complete"] * 3
    assert [row["Error"] for row in rows] == [""] * 3


def test_the_errors_and_totals_of_the_past_are_known_again(tmp_path: Path) -> None:
    """Failed, retried and complete since: an output of then, edited, is still this ledger's."""
    config = a_batch(tmp_path, 4, simulator={"duration": "0s", "fail": 1.0}, retry={"failed": 1})
    assert pipeline("run", config).exit == 1
    then = (tmp_path / "rows.done.csv").read_text("utf-8")
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [(row["Credits"], bool(row["Error"])) for row in rows] == [("4", True)] * 4
    config.write_text(config.read_text("utf-8").replace('"fail": 1.0', '"fail": 0'), "utf-8")
    assert pipeline("retry", config).exit == 0
    edited = tmp_path / "edited.csv"
    edited.write_text(f"{then}New company,9,,,,,\n", "utf-8")
    ended = pipeline("run", config, "--input", edited, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 1


@pytest.mark.parametrize("outputs", [{"Mail": "Summary"}, "*"])
def test_text_that_was_defused_is_known_again(tmp_path: Path, outputs: object) -> None:
    """An answer that begins with a bullet stands in a CSV behind a ', and is ours all the same."""
    variables = {"- Point": "Company"}
    config = a_batch(tmp_path, 2, outputs=outputs, variables=variables)
    assert pipeline("run", config).exit == 0
    then = (tmp_path / "rows.done.csv").read_text("utf-8")
    assert ",'- Point: Company 0" in then
    edited = tmp_path / "edited.csv"
    edited.write_text(f"{then}New company,9\n", "utf-8")
    ended = pipeline("run", config, "--input", edited, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 1
    columns = read_rows(tmp_path / "rows.done.csv")[0].keys()
    assert read_rows(tmp_path / "edited.done.csv")[0].keys() == columns


def test_text_that_was_cut_is_known_again(tmp_path: Path) -> None:
    """A cell that holds as much as a cell can, and a note on the rest, is ours all the same."""
    sheet = Workbook()
    rows = sheet.worksheets[0]
    rows.append(["Company"])
    rows.append(["x" * 32_767])
    sheet.save(tmp_path / "rows.xlsx")
    config = write_config(tmp_path / "batch.yaml", input={"path": "rows.xlsx"})
    assert pipeline("run", config).exit == 0
    edited = load_workbook(tmp_path / "rows.done.xlsx")
    assert "[cut: the whole text of " in str(edited.worksheets[0]["B2"].value)
    edited.worksheets[0].append(["New company"])
    edited.save(tmp_path / "edited.xlsx")
    ended = pipeline("run", config, "--input", tmp_path / "edited.xlsx", "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 1


def test_what_a_person_wrote_into_our_columns_is_never_written_over(tmp_path: Path) -> None:
    """A note in the Error column of an output that became the input: exit 2 names its cell."""
    config = a_batch(tmp_path, 1)
    assert pipeline("run", config).exit == 0
    noted = tmp_path / "noted.csv"
    done = (tmp_path / "rows.done.csv").read_text("utf-8")
    noted.write_text(f"{done.rstrip()}call them first\n", "utf-8")
    ended = pipeline("run", config, "--input", noted)
    assert ended.exit == 2
    assert "noted.csv!G2" in ended.err


def test_a_column_of_the_user_is_never_written_over(tmp_path: Path) -> None:
    """A column that happens to be called Error holds the user's own words: exit 2, one line."""
    config = a_batch(tmp_path, 1)
    write_rows(tmp_path / "rows.csv", [["Acme", "mine"]], ["Company", "Error"])
    ended = pipeline("run", config)
    assert ended.exit == 2
    assert "'Error'" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "rows.done.csv").exists()
