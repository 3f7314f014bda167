"""The output in its place: a user's edits are kept, a place that is gone loses nothing."""

import re
from pathlib import Path

import pytest

from tests.journeys.running import (
    Simulator,
    a_batch,
    a_simulator,
    pipeline,
    read_rows,
    started,
    write_rows,
)


def test_an_output_that_the_user_edited_is_kept_aside(tmp_path: Path) -> None:
    """Notes written into the output: the next call keeps that file, and says under what name."""
    config = a_batch(tmp_path, 3)
    output = tmp_path / "rows.done.csv"
    assert pipeline("run", config).exit == 0
    edited = output.read_text("utf-8").replace("Company 1", "Company 1 (call them!)")
    output.write_text(edited, "utf-8")
    write_rows(tmp_path / "rows.csv", [[f"Company {n}", n] for n in range(4)], ["Company", "Nr"])
    ended = pipeline("run", config)
    assert ended.exit == 0, ended.err
    (kept,) = tmp_path.glob("rows.done.edited-*.csv")
    assert re.fullmatch(r"rows\.done\.edited-\d{8}-\d{6}\.csv", kept.name)
    assert kept.read_text("utf-8") == edited
    assert f"rows.done.csv is not as this ledger wrote it: it is kept as {kept.name}." in ended.err
    assert [row["Company"] for row in read_rows(output)] == [f"Company {n}" for n in range(4)]


def test_an_output_that_nobody_touched_is_replaced(tmp_path: Path) -> None:
    """Call after call leaves one file."""
    config = a_batch(tmp_path, 3)
    assert pipeline("run", config).exit == 0
    before = {path.name for path in tmp_path.iterdir()}
    assert pipeline("run", config).exit == 0
    assert pipeline("export", config).exit == 0
    assert {path.name for path in tmp_path.iterdir()} == before


def test_an_output_that_was_moved_with_its_folder_is_replaced(tmp_path: Path) -> None:
    """What this ledger wrote is known by what it holds, wherever it came to lie."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    config = a_batch(there, 3)
    assert pipeline("run", config).exit == 0
    before = {path.name for path in there.iterdir()}
    there.rename(here)
    ended = pipeline("run", here / config.name)
    assert ended.exit == 0, ended.err
    assert "not as this ledger wrote it" not in ended.err
    assert {path.name for path in here.iterdir()} == before


def test_a_file_that_was_there_before_the_first_call_is_kept_aside(tmp_path: Path) -> None:
    """What stands at the output's place and is not ours is never written over."""
    config = a_batch(tmp_path, 1)
    (tmp_path / "rows.done.csv").write_text("somebody's work", "utf-8")
    assert pipeline("run", config).exit == 0
    (kept,) = tmp_path.glob("rows.done.edited-*.csv")
    assert kept.read_text("utf-8") == "somebody's work"


@pytest.mark.slow
def test_an_output_whose_folder_is_gone_is_kept_beside_the_input(tmp_path: Path) -> None:
    """The result is there all the same, under a second name that is said, and so is the cause."""
    with a_simulator("--duration", "100ms") as simulator:
        config = _a_second_of_rows(tmp_path, simulator)
        with started("run", config, "--json") as process:
            simulator.until(3, process)
            # A file in the folder's place stops the write for every user, the superuser too.
            (tmp_path / "out").write_text("in the way", "utf-8")
            out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        kept = tmp_path / "done.new-1.csv"
        assert str(kept) in out
        assert "done.csv can't be written there" in err
        assert str(kept) in err
        assert set(simulator.starts_by_company().values()) == {1}
    assert {row["Status"] for row in read_rows(kept)} == {"complete"}


def _a_second_of_rows(folder: Path, simulator: Simulator) -> Path:
    return a_batch(
        folder,
        20,
        workflow={"id": "WCFG-1", "base_url": simulator.base_url},
        limits={"rate": "20/s"},
        output={"path": "out/done.csv"},
    )


def test_an_input_that_is_gone_at_the_end_loses_nothing(tmp_path: Path) -> None:
    """The sheet was moved away while the batch ran: exit 3; put back, the output is written."""
    with a_simulator("--duration", "100ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 20, workflow=workflow, limits={"rate": "20/s"})
        with started("run", config) as process:
            simulator.until(3, process)
            (tmp_path / "rows.csv").rename(tmp_path / "elsewhere.csv")
            _, err = process.communicate(timeout=30)
        assert process.returncode == 3, err
        assert "rows.csv: there is no such file" in err
        (tmp_path / "elsewhere.csv").rename(tmp_path / "rows.csv")
        exported = pipeline("export", config)
        assert exported.exit == 0, exported.err
        assert simulator.count()["accepted"] == 20
    assert {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")} == {"complete"}


def test_the_json_stands_alone_on_stdout(tmp_path: Path) -> None:
    """One line of JSON with the names that are promised; whatever else is said is on stderr."""
    config = a_batch(tmp_path, 2)
    ended = pipeline("run", config, "--json")
    assert ended.out.count("\n") == 1
    assert list(ended.summary) == [
        *("batch", "rows", "complete", "failed", "expired", "unconfirmed", "running", "pending"),
        *("skipped", "reused", "credits", "credits_unknown", "requests", "seconds", "output"),
        *("ledger", "exit"),
    ]
    assert list(ended.summary["requests"]) == ["start", "poll", "list"]
    assert ended.summary["exit"] == ended.exit == 0
    assert ended.summary["output"] == str(tmp_path / "rows.done.csv")
    status = pipeline("status", config, "--json")
    assert list(status.summary) == list(ended.summary)
    assert pipeline("check", config, "--json").out.count("\n") == 1
