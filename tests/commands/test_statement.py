"""`pipeline statement`: what it tells of the bill, what it writes, and what it compares."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipeline.ledger.opening import open_ledger
from tests.commands.doubting import Program, cut_off
from tests.journeys.running import KEY, a_batch, a_simulator, write_rows

WIDTH = 80


@pytest.fixture
def batch(tmp_path: Path, program: Program) -> Path:
    """Four rows of which one fails, one left the sheet and one is refused."""
    config = a_batch(tmp_path, 4, simulator={"duration": "0s", "seed": 3})
    program("run", config)
    write_rows(tmp_path / "rows.csv", [[f"Company {n}", n] for n in range(1, 4)], ["Company", "Nr"])
    program("run", config)
    _change(config, "UPDATE attempt SET state = 'failed', failure = 'provider' WHERE rowid = 2")
    _change(
        config,
        "UPDATE attempt SET state = 'failed', failure = 'input', run_id = NULL, credits = NULL "
        "WHERE rowid = 3",
    )
    return config


def _change(config: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(config.with_name("batch.ledger"))) as ledger, ledger:
        ledger.execute(statement, values)


def as_json(program: Program, config: Path, *flags: str) -> dict[str, Any]:
    """What it tells a script."""
    told: dict[str, Any] = json.loads(program("statement", config, "--json", *flags).out)
    return told


def test_every_attempt_stands_in_a_table_that_fits_a_terminal(
    batch: Path, program: Program
) -> None:
    """With its row, or that it left the sheet; and below it what all of them come to."""
    _change(batch, "UPDATE attempt SET credits = 123456.75 WHERE rowid = 4")
    ended = program("statement", batch)
    assert (ended.exit, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert [line.split()[0] for line in lines[:5]] == ["row", "2", "3", "4", "left"]
    assert "failed: provider" in lines[1]
    assert "failed: input" in lines[2]
    assert "123,456.75" in lines[3]
    assert lines[5] == "batch: 4 attempts, 123,460.75 credits"
    assert "for rows in the sheet: 123,458.75" in lines[6]
    assert "for rows that left it or were changed: 2" in lines[7]


def test_the_json_holds_every_figure(batch: Path, program: Program) -> None:
    """The totals are those of the attempts, and the ids are whole."""
    told = as_json(program, batch)
    attempts = told["attempts"]
    assert [(one["row"], one["in_sheet"], one["status"]) for one in attempts] == [
        (2, True, "failed"),
        (3, True, "failed"),
        (4, True, "complete"),
        (2, False, "complete"),
    ]
    assert [one["failure"] for one in attempts] == ["provider", "input", None, None]
    assert [one["credits"] for one in attempts] == [2, None, 2, 2]
    assert [bool(one["run"]) for one in attempts] == [True, False, True, True]
    assert all(one["sent_at"] <= one["ended_at"] for one in attempts)
    assert told["totals"] == {
        "attempts": 4,
        "credits": 6,
        "sheet_credits": 4,
        "left_credits": 2,
        "credits_unknown": 0,
        "failed_unknown": 0,
        "may_cost_yet": 0,
    }
    assert told["online"] is None


def test_a_complete_run_without_credits_is_counted(batch: Path, program: Program) -> None:
    """It is in no sum, and that is said."""
    _change(batch, "UPDATE attempt SET credits = NULL WHERE rowid = 4")
    assert "complete without credits, in no sum: 1 run" in program("statement", batch).out
    assert as_json(program, batch)["totals"]["credits_unknown"] == 1


@pytest.mark.parametrize("name", ["st.csv", "ST.CSV", "st.xlsx"])
def test_a_file_holds_every_attempt(batch: Path, program: Program, name: str) -> None:
    """A header and a row each; the terminal gets the totals alone."""
    target = batch.with_name(name)
    ended = program("statement", batch, "-o", target)
    assert (ended.exit, ended.err) == (0, f"Written: {target}\n")
    assert ended.out.startswith("batch: 4 attempts, 6 credits\n")
    if target.suffix == ".xlsx":
        book = load_workbook(target)
        rows = [[str(cell.value or "") for cell in row] for row in book["Attempts"]]
        assert book["Totals"]["B3"].value == 6
    else:
        with target.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    assert rows[0][:4] == ["Row", "In the sheet", "Rows that share it", "Attempt"]
    assert [(row[0], row[1], row[-3], row[-1]) for row in rows[1:]] == [
        ("2", "yes", "failed", "2"),
        ("3", "yes", "failed", ""),
        ("4", "yes", "complete", "2"),
        ("2", "no", "complete", "2"),
    ]


def test_a_run_that_rows_share_stands_at_the_first_and_is_counted_once(
    tmp_path: Path, program: Program
) -> None:
    """With how many they are, in the table, the file and the JSON."""
    columns = {"input": {"path": "rows.csv", "duplicates": "once"}, "simulator": {"duration": "0s"}}
    config = a_batch(tmp_path, 1, **columns)
    companies = ["Acme", "Bolt", "Acme", "Acme"]
    write_rows(tmp_path / "rows.csv", [[name, 1] for name in companies], ["Company", "Nr"])
    program("run", config)
    lines = program("statement", config).out.splitlines()
    assert [line[:12].split() for line in lines[1:3]] == [["2", "+2", "1"], ["3", "1"]]
    assert lines[3] == "batch: 2 attempts, 4 credits"
    told = as_json(program, config)
    assert [(one["row"], one["rows"]) for one in told["attempts"]] == [(2, 3), (3, 1)]
    program("statement", config, "-o", tmp_path / "st.csv")
    with (tmp_path / "st.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [row["Rows that share it"] for row in csv.DictReader(file)] == ["3", "1"]


def test_runs_of_another_workflow_are_told_and_quote_nothing(
    tmp_path: Path, program: Program
) -> None:
    """The config named another before: what that cost is paid, and is no measure of this one."""
    config = a_batch(tmp_path, 2, simulator={"duration": "0s", "credits": 9})
    program("run", config)
    other = config.read_text(encoding="utf-8").replace("WCFG-1", "WCFG-2")
    config.write_text(other, encoding="utf-8")
    quoted = json.loads(program("check", config, "--json").out)
    assert (quoted["past_runs"], quoted["credits"]) == (0, None)
    program("run", config)
    told = as_json(program, config)
    assert [(one["workflow"], one["credits"]) for one in told["attempts"]] == [
        ("WCFG-2", 9),
        ("WCFG-2", 9),
        ("WCFG-1", 9),
        ("WCFG-1", 9),
    ]
    assert told["totals"]["credits"] == 36


def test_an_id_is_never_a_live_formula(batch: Path, program: Program) -> None:
    """The service's ids are opaque: one that a spreadsheet would run, or a terminal, is text."""
    _change(batch, "UPDATE attempt SET run_id = '=1+1' WHERE rowid = 2")
    _change(batch, "UPDATE attempt SET run_id = char(27) || '[2J' WHERE rowid = 4")
    program("statement", batch, "-o", batch.with_name("st.csv"))
    program("statement", batch, "-o", batch.with_name("st.xlsx"))
    assert ",'=1+1," in batch.with_name("st.csv").read_text("utf-8-sig")
    cell = load_workbook(batch.with_name("st.xlsx"))["Attempts"]["F2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert "\x1b" not in program("statement", batch).out


@pytest.mark.parametrize("name", ["rows.csv", "rows.done.csv", "batch.yaml", "x.pdf", "batch"])
def test_no_file_of_the_batch_is_written_over(batch: Path, program: Program, name: str) -> None:
    """Nor is a kind that it can't write; exit 2, in one line."""
    target = batch.with_name(name)
    before = target.read_bytes() if target.exists() else None
    ended = program("statement", batch, "-o", target)
    assert (ended.exit, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert (target.read_bytes() if target.exists() else None) == before


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx"])
def test_no_sheet_of_the_user_is_written_over(batch: Path, program: Program, name: str) -> None:
    """Also one that a workbook holds beside a statement; exit 2, in one line, and it stands."""
    target = batch.with_name(name)
    if target.suffix == ".csv":
        target.write_text("Company,Credits\nAcme,1\n", encoding="utf-8")
    else:
        program("statement", batch, "-o", target)
        book = load_workbook(target)
        book.create_sheet("Leads").append(["Company"])
        book.save(target)
    before = target.read_bytes()
    ended = program("statement", batch, "-o", target)
    assert (ended.exit, ended.out, target.read_bytes()) == (2, "", before)
    wrong = "there is a file of this name that is no statement; name another file with -o"
    assert ended.err == f"{target}: {wrong}\n"


def test_a_file_that_is_not_what_its_name_says_is_no_statement(
    batch: Path, program: Program
) -> None:
    """What can't be read is somebody's all the same."""
    target = batch.with_name("mine.xlsx")
    target.write_bytes(b"not a workbook")
    assert program("statement", batch, "-o", target).exit == 2
    assert target.read_bytes() == b"not a workbook"


@pytest.mark.parametrize("name", ["st.csv", "st.xlsx"])
def test_an_earlier_statement_is_written_over(batch: Path, program: Program, name: str) -> None:
    """The name may stay the same from month to month."""
    target = batch.with_name(name)
    program("statement", batch, "-o", target)
    _change(batch, "UPDATE attempt SET credits = 77 WHERE rowid = 4")
    assert program("statement", batch, "-o", target).exit == 0
    if target.suffix == ".csv":
        assert ",77" in target.read_text("utf-8-sig")
    else:
        assert load_workbook(target)["Attempts"]["L4"].value == 77


def test_a_statement_of_an_older_version_is_written_over(batch: Path, program: Program) -> None:
    """It has fewer columns, and is known by those that it has."""
    target = batch.with_name("st.csv")
    older = "Row,In the sheet,Attempt,Run ID,Sent (UTC),Accepted (UTC),Ended (UTC),Status"
    target.write_text(f"{older},Failure,Credits\r\n2,yes,1,WRUN-1,,,,complete,,2\r\n", "utf-8-sig")
    assert program("statement", batch, "-o", target).exit == 0
    assert "Rows that share it" in target.read_text("utf-8-sig")


def test_without_a_ledger_there_is_no_statement(tmp_path: Path, program: Program) -> None:
    """And asking for one makes none."""
    ended = program("statement", a_batch(tmp_path, 1))
    assert ended.exit == 2
    assert "there is no ledger yet, so nothing was paid for" in ended.err
    assert not (tmp_path / "batch.ledger").exists()


def test_a_batch_that_runs_has_a_statement_and_no_comparison(batch: Path, program: Program) -> None:
    """The ledger can be read at any moment; two sides that both move can't be compared."""
    with open_ledger(batch.with_name("batch.ledger")):
        assert program("statement", batch).exit == 0
        ended = program("statement", batch, "--online")
    assert ended.exit == 2
    assert "the batch is running" in ended.err


def test_a_statement_that_the_service_confirms_ends_with_0(
    tmp_path: Path, program: Program
) -> None:
    """Runs that a colleague started are counted, and are no difference."""
    batch = cut_off(tmp_path, 1)
    batch.begun(0)
    batch.begin({"Company": "A colleague's"})
    assert program("run", batch.path).exit == 0
    ended = program("statement", batch.path, "--online")
    assert (ended.exit, ended.out.splitlines()[-1]) == (0, "Nothing differs.")
    told = as_json(program, batch.path, "--online")["online"]
    assert (told["agreed"], told["not_ours"], told["lacking"]) == (1, 1, None)


def test_a_run_that_the_ledger_does_not_know_is_told(tmp_path: Path, program: Program) -> None:
    """A row in doubt whose run is there: it was paid for, and no sum holds it yet."""
    batch = cut_off(tmp_path, 2)
    run_id = batch.begun(1)
    ended = program("statement", batch.path, "--online")
    assert ended.exit == 1
    assert f"  {run_id} (row 3)\n" in ended.out
    assert ended.out.endswith("\nThey differ.\n")
    (one,) = as_json(program, batch.path, "--online")["online"]["unrecorded"]
    assert one == {"row": 3, "attempt": 1, "run": run_id, "credits": 2}


def test_a_run_that_is_gone_and_credits_that_differ_are_told(
    tmp_path: Path, program: Program
) -> None:
    """Each by its row and its whole id, with both figures."""
    config = a_batch(tmp_path, 3)
    program("run", config)
    _change(config, "UPDATE attempt SET run_id = 'WRUN-gone' WHERE rowid = 1")
    _change(config, "UPDATE attempt SET credits = 7 WHERE rowid = 2")
    _change(config, "UPDATE attempt SET credits = NULL WHERE rowid = 3")
    ended = program("statement", config, "--online")
    assert ended.exit == 1
    assert "1 in the ledger, and not at the service:\n  WRUN-gone (row 2)\n" in ended.out
    assert " (row 3): 7 in the ledger, 2 at the service\n" in ended.out
    assert " (row 4): none in the ledger, 2 at the service\n" in ended.out
    told = as_json(program, config, "--online")["online"]
    assert [one["row"] for one in told["missing"]] == [2]
    assert [(one["row"], one["ledger"], one["service"]) for one in told["differing"]] == [
        (3, 7, 2),
        (4, None, 2),
    ]


@pytest.mark.parametrize("state", ["running", "expired"])
def test_a_run_that_was_not_seen_to_end_is_no_difference(
    tmp_path: Path, program: Program, state: str
) -> None:
    """It is told as still running, and the service's figure for it is not held against us."""
    config = a_batch(tmp_path, 3)
    program("run", config)
    _change(
        config,
        "UPDATE attempt SET state = ?, ended_at = NULL, credits = NULL WHERE rowid = 2",
        state,
    )
    ended = program("statement", config, "--online")
    assert ended.exit == 0, ended.out
    assert "  still running, by the ledger: 1\n" in ended.out
    assert as_json(program, config, "--online")["online"]["running"] == 1


def test_a_list_that_cant_be_read_is_no_confirmation(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 and the reason: nothing was compared, so nothing is said to agree."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": f"{simulator.base_url}/nothing"}
        config = a_batch(tmp_path, 1, workflow=workflow)
        with open_ledger(tmp_path / "batch.ledger"):
            pass
        ended = program("statement", config, "--online")
    assert (ended.exit, ended.out) == (2, "")
    assert "nothing can be compared: the service gives no list of runs" in ended.err
