"""Rows are known by what they are: moved, inserted, sorted and changed ones, at any moment."""

from pathlib import Path

import pytest

from tests.journeys.running import (
    a_batch,
    a_simulator,
    pipeline,
    read_rows,
    started,
    write_rows,
)

HEADER = ["Company", "Nr"]


def runs_by_company(output: Path) -> dict[str, str]:
    """The id of each row's run, by the row's company."""
    return {row["Company"]: row["Run ID"] for row in read_rows(output)}


def test_rows_that_moved_keep_their_runs_and_new_ones_alone_are_paid_for(tmp_path: Path) -> None:
    """Sorted the other way, one inserted, one changed: two starts, and each run beside its row."""
    config = a_batch(tmp_path, 20)
    assert pipeline("run", config).exit == 0
    before = runs_by_company(tmp_path / "rows.done.csv")
    rows = [[f"Company {n}", n] for n in reversed(range(20))]
    rows[3] = ["Company of another name", 16]
    rows.insert(10, ["Company inserted", 99])
    write_rows(tmp_path / "rows.csv", rows, HEADER)
    ended = pipeline("run", config, "--json")
    assert ended.exit == 0, ended.err
    assert ended.summary["requests"]["start"] == 2
    assert ended.summary["reused"] == 19
    written = read_rows(tmp_path / "rows.done.csv")
    assert [row["Company"] for row in written] == [row[0] for row in rows]
    for row in written:
        assert row["Company"] in row["Email"]
        assert row["Run ID"] == before.get(row["Company"], row["Run ID"])
    assert len({row["Run ID"] for row in written}) == 21


def test_equal_rows_are_each_paid_for_once(tmp_path: Path) -> None:
    """Three equal rows have a run each; with a fourth, one more is started."""
    config = a_batch(tmp_path, 1)
    for count, starts in ((3, 3), (4, 1), (2, 0)):
        write_rows(tmp_path / "rows.csv", [["Acme", 1]] * count, HEADER)
        ended = pipeline("run", config, "--json")
        assert ended.exit == 0, ended.err
        assert ended.summary["requests"]["start"] == starts
        assert len({row["Run ID"] for row in read_rows(tmp_path / "rows.done.csv")}) == count


def test_an_input_that_changed_while_the_batch_ran_is_read_again(tmp_path: Path) -> None:
    """Sorted and grown meanwhile: results go by what the row is, new rows are pending, exit 3."""
    with a_simulator("--duration", "100ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 20, workflow=workflow, limits={"rate": "20/s"})
        with started("run", config, "--json") as process:
            simulator.until(3, process)
            rows = [["Company new", 99], *([f"Company {n}", n] for n in reversed(range(20)))]
            write_rows(tmp_path / "rows.csv", rows, HEADER)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 3, err
        assert "rows.csv changed while the batch ran: it is read again." in err
        assert "1 row that came into the sheet meanwhile is pending: the same command" in err
        written = read_rows(tmp_path / "rows.done.csv")
        assert [row["Company"] for row in written] == [row[0] for row in rows]
        assert [row["Status"] for row in written] == ["pending", *["complete"] * 20]
        assert all(row["Company"] in row["Email"] for row in written[1:])
        assert pipeline("run", config, "--json").summary["requests"]["start"] == 1
        assert set(simulator.starts_by_company().values()) == {1}
    assert {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")} == {"complete"}


@pytest.mark.slow
def test_a_row_that_is_gone_when_the_batch_ends_is_not_written_and_not_forgotten(
    tmp_path: Path,
) -> None:
    """Deleted while its run went on: the sheet has no such row; put back, it is not paid again."""
    with a_simulator("--duration", "100ms") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 20, workflow=workflow, limits={"rate": "20/s"})
        whole = (tmp_path / "rows.csv").read_text("utf-8")
        with started("run", config, "--json") as process:
            simulator.until(3, process)
            write_rows(tmp_path / "rows.csv", [[f"Company {n}", n] for n in range(3)], HEADER)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert len(read_rows(tmp_path / "rows.done.csv")) == 3
        (tmp_path / "rows.csv").write_text(whole, "utf-8")
        assert pipeline("run", config).exit == 0
        assert set(simulator.starts_by_company().values()) == {1}
    assert len(read_rows(tmp_path / "rows.done.csv")) == 20
