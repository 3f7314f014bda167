"""`pipeline report`, called as a person would: one page, of whatever batch there is."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.ledger.opening import open_ledger
from tests.journeys.running import a_batch, write_rows

SECRET = "hunter2-opens-nothing"
SECTIONS = {
    "variables": {
        "Company": {"column": "Company"},
        "Nr": {"column": "Nr"},
        "Note": {"value": "<script src=x>"},
    },
    "simulator": {"duration": "0s", "credits": 3, "fail": 0.4, "faults": {"refused": 0.3}},
    "workflow": {
        "id": "WCFG-1",
        "base_url": "simulator",
        "metadata": {"team": "ops", "api_key": SECRET},
    },
}


def a_mixed_batch(folder: Path) -> Path:
    """Rows that complete, fail, are refused, and one that misses a cell; not yet run."""
    path = a_batch(folder, 0, **SECTIONS)
    rows = [[f"<b>Company {n}</b>", n] for n in range(30)] + [["", 30]]
    write_rows(folder / "rows.csv", rows, ["Company", "Nr"])
    return path


def the_report(folder: Path) -> str:
    return (folder / "rows.done.report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a mixed batch that has ended, with its report."""
    folder = tmp_path_factory.mktemp("report")
    assert main(["run", str(a_mixed_batch(folder)), "--report"]) == 1
    return folder


class Loaded(HTMLParser):
    """What a page would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a browser would fetch or execute."""
        names = {name for name, _ in attrs}
        runs = any(name.startswith("on") for name in names)
        if runs or tag in {"script", "link", "iframe", "object"} or names & {"src", "href"}:
            self.found.append(f"{tag} {attrs}")


def test_the_page_loads_and_runs_nothing(folder: Path) -> None:
    """It opens offline, as it is, and forbids the browser to load anything."""
    page = the_report(folder)
    assert Loaded(page).found == []
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_totals_are_those_of_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two commands never tell two counts of one batch."""
    capsys.readouterr()
    assert main(["status", str(folder / "batch.yaml"), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert main(["report", str(folder / "batch.yaml"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    told = ("rows", "complete", "failed", "expired", "unconfirmed", "running", "pending", "skipped")
    assert {name: figures[name] for name in told} == {name: status[name] for name in told}
    assert figures["credits"] == status["credits"]
    assert figures["credits"] == figures["credits_a_row"]["mean"] * figures["runs_ended"]
    page = the_report(folder)
    for name in ("complete", "failed"):
        assert f"<b>{status[name]}</b> {name}" in page


def test_each_row_that_failed_stands_with_its_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the page knows of each failed row why, and which command helps."""
    capsys.readouterr()
    main(["report", str(folder / "batch.yaml"), "--json"])
    figures = json.loads(capsys.readouterr().out)
    page = the_report(folder)
    groups = {group["class"]: group for group in figures["failures"]}
    assert set(groups) == {"cell missing", "refused", "run failed"}
    assert [row["row"] for row in groups["cell missing"]["rows"]] == [32]
    told = [int(n) for n in re.findall(r'<th scope="row" class="number"[^>]*>(\d+)</th>', page)]
    assert sorted(told) == sorted(row["row"] for g in groups.values() for row in g["rows"])
    assert len(told) == figures["failed"]
    assert "rows.csv!A32: Company is empty" in page
    assert "pipeline retry batch.yaml" in page


def test_no_secret_and_no_cell_stands_in_the_page(folder: Path) -> None:
    """A report is handed on: it holds neither a credential nor the content of a cell."""
    page = the_report(folder)
    assert SECRET not in page
    assert "workflow.metadata.api_key" in page
    assert "Company 1" not in page
    assert str(folder) not in page


def test_a_plot_of_each_kind_stands_in_the_page(folder: Path) -> None:
    """Starts and ends, durations, credits and failures are drawn, each with words for it."""
    drawn = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', the_report(folder))
    assert len(drawn) == 4
    assert any("over time" in words for words in drawn)


def test_no_report_comes_unasked(tmp_path: Path) -> None:
    """`run` writes one only where it is told to."""
    path = a_batch(tmp_path, 2)
    assert main(["run", str(path)]) == 0
    assert not list(tmp_path.glob("*.html"))


def test_a_running_batch_is_told_as_such(tmp_path: Path) -> None:
    """Who reports while a run goes on learns that the figures are on their way."""
    path = a_batch(tmp_path, 3)
    main(["run", str(path), "--limit", "1"])
    with open_ledger(tmp_path / "batch.ledger"):
        assert main(["report", str(path)]) == 0
    page = the_report(tmp_path)
    assert "The batch is running, in process" in page
    assert "<b>2</b> pending" in page


def test_a_batch_of_which_nothing_was_started_has_a_report(tmp_path: Path) -> None:
    """Without a start there is nothing to draw, and that is no error."""
    path = a_batch(tmp_path, 1)
    with open_ledger(tmp_path / "batch.ledger"):
        pass
    assert main(["report", str(path)]) == 0
    assert "Nothing was started yet." in the_report(tmp_path)


def test_without_a_ledger_there_is_nothing_to_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and no ledger is made."""
    path = a_batch(tmp_path, 1)
    assert main(["report", str(path)]) == 2
    assert "there is no ledger yet" in capsys.readouterr().err
    assert not (tmp_path / "batch.ledger").exists()


@pytest.mark.parametrize("name", ["rows.csv", "batch.yaml", "batch.ledger", "."])
def test_no_other_file_is_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A slip with -o costs nobody a sheet or a ledger."""
    path = a_batch(tmp_path, 1)
    main(["run", str(path)])
    target = tmp_path / name
    before = target.read_bytes() if target.is_file() else None
    assert main(["report", str(path), "-o", str(target)]) == 2
    told = capsys.readouterr().err
    assert "name another file with -o" in told
    assert "remove" not in told
    assert (target.read_bytes() if target.is_file() else None) == before


def test_a_folder_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in a path is told, and no wish for a new folder; nor is a file to be removed."""
    path = a_batch(tmp_path, 1)
    main(["run", str(path)])
    for command, name in (("report", "r.html"), ("statement", "r.csv")):
        capsys.readouterr()
        target = tmp_path / "nosuch" / name
        assert main([command, str(path), "-o", str(target)]) == 2
        wrong = "its folder is not there; name a file in a folder that is there, with -o"
        assert capsys.readouterr().err == f"{target}: {wrong}\n"
        assert not target.parent.exists()


def test_the_usual_report_makes_the_folder_of_the_output(tmp_path: Path) -> None:
    """The config names that folder, so it is meant."""
    path = a_batch(tmp_path, 1, output={"path": "out/rows.csv"})
    main(["run", str(path)])
    for file in (tmp_path / "out").iterdir():
        file.unlink()
    (tmp_path / "out").rmdir()
    assert main(["report", str(path)]) == 0
    assert (tmp_path / "out" / "rows.report.html").exists()


def test_a_report_is_written_over_an_older_one(tmp_path: Path) -> None:
    """The same call again, later, gives the newer figures."""
    path = a_batch(tmp_path, 2)
    main(["run", str(path), "--report", "--limit", "1"])
    assert "<b>1</b> pending" in the_report(tmp_path)
    main(["run", str(path), "--report"])
    assert "pending" not in the_report(tmp_path)


def test_a_report_that_cannot_be_written_fails_no_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows are complete, whatever stands in the report's place."""
    path = a_batch(tmp_path, 1)
    (tmp_path / "rows.done.report.html").write_text("my own notes", encoding="utf-8")
    assert main(["run", str(path), "--report"]) == 0
    assert "that is no report" in capsys.readouterr().err
    assert the_report(tmp_path) == "my own notes"


def test_a_sheet_that_is_gone_leaves_the_rest_of_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger tells of all that was sent; only rows that miss a cell can't be named."""
    path = a_mixed_batch(tmp_path)
    main(["run", str(path)])
    (tmp_path / "rows.csv").unlink()
    capsys.readouterr()
    assert main(["report", str(path), "--json"]) == 0
    said = capsys.readouterr()
    (missing,) = [g for g in json.loads(said.out)["failures"] if g["class"] == "cell missing"]
    assert (missing["count"], missing["rows"]) == (1, [])
    assert "can't be read now" in said.err
    assert "1 more row is not shown here" in the_report(tmp_path)
