"""The output of one call as the input of the next, edited in between."""

from pathlib import Path

from tests.journeys.running import a_batch, pipeline, read_rows, write_rows


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


def test_a_column_of_the_user_is_never_written_over(tmp_path: Path) -> None:
    """A column that happens to be called Error holds the user's own words: exit 2, one line."""
    config = a_batch(tmp_path, 1)
    write_rows(tmp_path / "rows.csv", [["Acme", "mine"]], ["Company", "Error"])
    ended = pipeline("run", config)
    assert ended.exit == 2
    assert "'Error'" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "rows.done.csv").exists()
