"""`input.duplicates: once`: rows that are sent alike share one run, and are paid for once."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.running import a_batch, a_simulator, pipeline, read_rows, write_rows

HEADER = ["Company", "Nr"]
ROWS = [["Acme", 1], ["Beta", 2], ["Acme", 3], ["Acme", 4]]


def a_shared_batch(folder: Path, **sections: object) -> Path:
    """Four rows, three of them equal in what is sent."""
    once = {"path": "rows.csv", "duplicates": "once"}
    config = a_batch(folder, 0, **{"input": once, **sections})
    write_rows(folder / "rows.csv", ROWS, HEADER)
    return config


def test_equal_rows_share_one_run(tmp_path: Path) -> None:
    """One start for three rows: outputs and status in all of them, its credits at the first."""
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_shared_batch(tmp_path, workflow=workflow)
        ended = pipeline("run", config, "--json")
        assert ended.exit == 0, ended.err
        assert simulator.starts_by_company() == {"Acme": 1, "Beta": 1}
    assert (ended.summary["rows"], ended.summary["complete"]) == (4, 4)
    assert ended.summary["credits"] == 4
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [row["Status"] for row in rows] == ["complete"] * 4
    assert [row["Credits"] for row in rows] == ["2", "2", "", ""]
    acme = [row for row in rows if row["Company"] == "Acme"]
    assert len({(row["Run ID"], row["Email"]) for row in acme}) == 1
    assert "Acme" in acme[2]["Email"]


def test_what_was_saved_stands_in_the_summary(tmp_path: Path) -> None:
    """For a person; the JSON has the names that are promised, and no others."""
    config = a_shared_batch(tmp_path)
    checked = pipeline("check", config)
    assert "2 to start" in checked.out
    assert "2 equal to one that is started" in checked.out
    ended = pipeline("run", config)
    assert "duplicates: 2 rows with an equal row's run: 4 credits saved so far" in ended.out
    again = pipeline("run", config, "--json")
    assert again.summary["reused"] == 4
    assert not {"shared", "saved_credits"} & again.summary.keys()


def test_the_shared_run_goes_with_the_rows_that_are_left(tmp_path: Path) -> None:
    """The first of them deleted, another added: nothing is started, its credits move up."""
    config = a_shared_batch(tmp_path)
    assert pipeline("run", config).exit == 0
    write_rows(tmp_path / "rows.csv", [*ROWS[1:], ["Acme", 5]], HEADER)
    ended = pipeline("run", config, "--json")
    assert ended.summary["requests"]["start"] == 0
    assert ended.summary["credits"] == 4
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [row["Credits"] for row in rows] == ["2", "2", "", ""]
    assert Counter(row["Status"] for row in rows) == {"complete": 4}


def test_the_key_names_rows_and_makes_none_different(tmp_path: Path) -> None:
    """Equal rows of different keys share a run: the service never sees the key."""
    once = {"path": "rows.csv", "duplicates": "once", "key": ["Nr"]}
    ended = pipeline("run", a_shared_batch(tmp_path, input=once), "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 2


def test_a_failure_is_shared_as_well(tmp_path: Path) -> None:
    """All rows of a run that failed say so, and `retry` pays for one new attempt."""
    config = a_shared_batch(tmp_path, simulator={"duration": "0s", "fail": 1})
    failed = pipeline("run", config, "--json")
    assert (failed.exit, failed.summary["failed"], failed.summary["credits"]) == (1, 4, 4)
    assert len({row["Error"] for row in read_rows(tmp_path / "rows.done.csv")}) == 1
    content = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**content, "simulator": {"duration": "0s"}}), "utf-8")
    retried = pipeline("retry", config, "--json")
    assert (retried.exit, retried.summary["requests"]["start"]) == (0, 2)
    assert [r["Credits"] for r in read_rows(tmp_path / "rows.done.csv")] == ["4", "4", "", ""]


@pytest.mark.parametrize("number", [2, 4, 5])
def test_a_retry_may_name_any_of_the_rows_that_share_a_run(tmp_path: Path, number: int) -> None:
    """The run is tried again once, and is paid for once; the other rows are as they were."""
    config = a_shared_batch(tmp_path, simulator={"duration": "0s", "fail": 1})
    assert pipeline("run", config).exit == 1
    retried = pipeline("retry", config, "--rows", number, "--json")
    assert retried.summary["requests"]["start"] == 1
    assert (retried.summary["reused"], retried.summary["credits"]) == (1, 6)
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [row["Credits"] for row in rows] == ["4", "2", "", ""]


def test_no_row_counts_as_reused_that_shares_a_run_sent_afresh(tmp_path: Path) -> None:
    """Four rows, two runs: all four are paid for anew."""
    config = a_shared_batch(tmp_path)
    assert pipeline("run", config).exit == 0
    fresh = pipeline("run", config, "--fresh", "--json")
    assert (fresh.summary["requests"]["start"], fresh.summary["reused"]) == (2, 0)


def test_a_quote_is_for_the_runs_and_not_for_the_rows(tmp_path: Path) -> None:
    """What `run --limit` says of the rest is what `check` says, and what the rest then costs."""
    config = a_shared_batch(tmp_path)
    rows = [["Acme", 1], *([f"Company {n % 3}", n] for n in range(60))]
    write_rows(tmp_path / "rows.csv", rows, HEADER)
    pilot = pipeline("run", config, "--limit", 1)
    assert "3 rows still to be started\ncost: about 6 credits" in pilot.err
    assert "the whole sheet: about 8 credits" in pilot.err
    assert "cost: about 6 credits" in pipeline("check", config).out
    assert pipeline("run", config, "--json").summary["credits"] == 8
