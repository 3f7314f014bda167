"""`pipeline resolve` over the simulator: what it shows of a row in doubt, and what it takes."""

import json
from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.ledger.opening import open_ledger
from tests.commands.doubting import CutOff, Program, cut_off
from tests.journeys.running import KEY, a_batch, a_simulator, pipeline, read_rows, write_rows

WIDTH = 80


def shown(program: Program, batch: CutOff) -> list[dict[str, object]]:
    """The rows that are shown, as the JSON names them."""
    rows: list[dict[str, object]] = json.loads(program("resolve", batch.path, "--json").out)
    return rows


def test_each_row_in_doubt_is_shown_with_what_may_be_its_run(
    tmp_path: Path, program: Program
) -> None:
    """Its own run by its token, runs of equal input that are nobody's, and no one else's runs."""
    batch = cut_off(tmp_path, 3)
    own = batch.begun(0)
    equal = {batch.begun(1, with_token=False), batch.begun(1, with_token=False)}
    batch.begin({"Company": "Company 2"}, {"pipeline_attempt": "0123456789abcdef-1-1"})
    batch.begin({"Company": "Another"})
    rows = shown(program, batch)
    assert [(row["row"], row["cells"], row["attempt"]) for row in rows] == [
        (2, "rows.csv!A2", 1),
        (3, "rows.csv!A3", 1),
        (4, "rows.csv!A4", 1),
    ]
    assert [row["sent_at"] for row in rows] == [attempt.intended_at for attempt in batch.attempts]
    runs = [
        [(one["run"], one["is_its_own"], one["status"]) for one in row["candidates"]]
        for row in rows
    ]
    assert runs[0] == [(own, True, "COMPLETE")]
    assert {run for run, _, _ in runs[1]} == equal
    assert not any(is_its_own for _, is_its_own, _ in runs[1])
    assert runs[2] == []


def test_a_look_at_the_doubts_changes_none_and_pays_for_none(
    tmp_path: Path, program: Program
) -> None:
    """Without a terminal and without flags it only shows, in a table that fits 80 columns."""
    batch = cut_off(tmp_path, 2)
    run_id = batch.begun(0)
    ended = program("resolve", batch.path)
    assert ended.exit == 1
    assert run_id in ended.out
    assert "rows.csv!A3" in ended.out
    assert all(len(line) <= WIDTH for line in ended.out.splitlines())
    assert "Company 1" not in ended.out + ended.err
    assert batch.states() == [State.UNCONFIRMED, State.UNCONFIRMED]
    with batch.service() as service:
        assert service.count(0).body["starts"] == 1


def test_a_run_that_a_person_names_is_watched_and_not_paid_again(
    tmp_path: Path, program: Program
) -> None:
    """`--run`: the next `run` watches it to its end."""
    batch = cut_off(tmp_path)
    run_id = batch.begun(0, with_token=False)
    ended = program("resolve", batch.path, "--row", 2, "--run", run_id)
    assert (ended.exit, batch.states()) == (0, [State.RUNNING])
    assert [s.attempt is not None and s.attempt.is_named for s in batch.standings()] == [True]
    assert pipeline("run", batch.path).exit == 0
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [(row["Run ID"], row["Status"]) for row in rows] == [(run_id, "complete")]
    with batch.service() as service:
        assert service.count(0).body["starts"] == 1


def test_a_row_that_never_ran_is_sent_and_that_is_said(tmp_path: Path, program: Program) -> None:
    """`--never-ran`: planned again, though runs of equal input may be there."""
    batch = cut_off(tmp_path)
    foreign = batch.begun(0, with_token=False)
    ended = program("resolve", batch.path, "--row", 2, "--never-ran")
    assert (ended.exit, batch.states()) == (0, [State.PLANNED])
    assert "paid for" in ended.err
    assert pipeline("run", batch.path).exit == 0
    rows = read_rows(tmp_path / "rows.done.csv")
    assert [row["Status"] for row in rows] == ["complete"]
    assert rows[0]["Run ID"] != foreign


def test_a_row_that_is_given_up_has_failed(tmp_path: Path, program: Program) -> None:
    """`--give-up`: nothing is sent, and the sheet says who gave it up."""
    batch = cut_off(tmp_path)
    ended = program("resolve", batch.path, "--row", 2, "--give-up")
    assert (ended.exit, batch.states()) == (0, [State.FAILED])
    assert pipeline("run", batch.path).exit == 1
    (row,) = read_rows(tmp_path / "rows.done.csv")
    assert (row["Status"], row["Run ID"]) == ("failed", "")
    assert row["Error"].startswith("Given up by a person")
    with batch.service() as service:
        assert service.count(0).body["starts"] == 0


def test_nobody_can_say_that_a_run_which_is_listed_never_ran(
    tmp_path: Path, program: Program
) -> None:
    """A run that bears the row's token is paid for: it is never paid for again by a word."""
    batch = cut_off(tmp_path)
    run_id = batch.begun(0)
    ended = program("resolve", batch.path, "--row", 2, "--never-ran", "--yes")
    assert ended.exit == 2
    assert run_id in ended.err
    assert batch.states() == [State.UNCONFIRMED]


def test_where_no_call_looks_for_doubts_a_person_is_told_what_settles_them(
    tmp_path: Path, program: Program
) -> None:
    """With `hold` no `run` finds a run by itself: its id is offered, and settles the row."""
    hold = {"unconfirmed": "hold"}
    batch = cut_off(tmp_path, 2, simulator={"duration": "0s"}, retry=hold)
    run_id = batch.begun(0)
    ended = program("resolve", batch.path)
    assert "  = bears the token of the row's start: it is its run; say so by --run\n" in ended.out
    assert "No call looks for them again: retry.unconfirmed is hold." in ended.err
    assert program("export", batch.path).exit == 0
    errors = [row["Error"] for row in read_rows(tmp_path / "rows.done.csv")]
    assert all(error.endswith("paid for twice: `resolve` takes your decision") for error in errors)
    assert "pipeline run" not in ended.out + ended.err
    refused = program("resolve", batch.path, "--row", 2, "--never-ran", "--yes")
    assert (refused.exit, batch.states()) == (2, [State.UNCONFIRMED, State.UNCONFIRMED])
    assert refused.err.endswith(f"; say that it is its run: --run {run_id}\n")
    assert program("resolve", batch.path, "--row", 2, "--run", run_id).exit == 1
    assert batch.states() == [State.RUNNING, State.UNCONFIRMED]


@pytest.mark.parametrize(
    ("whose", "mark", "other"),
    [("its own", "  = bears", "  ? was"), ("nobody's", "  ? was", "  = bears")],
)
def test_only_the_marks_that_stand_there_are_explained(
    tmp_path: Path, program: Program, whose: str, mark: str, other: str
) -> None:
    """Nobody looks for a line that is not there."""
    batch = cut_off(tmp_path)
    batch.begun(0, with_token=whose == "its own")
    shown = program("resolve", batch.path).out
    assert mark in shown
    assert other not in shown


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("unknown", "the service does not know this run"),
        ("of another row", "it belongs to another attempt"),
        ("by another doubt", "started for another attempt"),
        ("by another ledger", "started for another attempt"),
    ],
)
def test_a_run_that_can_not_be_the_rows_own_is_refused(
    tmp_path: Path, program: Program, which: str, told: str
) -> None:
    """It must be at the service, and belong to no other attempt, in whatever ledger."""
    batch = cut_off(tmp_path, 2)
    owned = batch.begun(1, with_token=False)
    program("resolve", batch.path, "--row", 3, "--run", owned)
    run_id = {
        "unknown": lambda: "WRUN-0",
        "of another row": lambda: owned,
        "by another doubt": lambda: batch.begun(1),
        "by another ledger": lambda: batch.begin(
            {"Company": "Company 0"}, {"pipeline_attempt": "x-1-1"}
        ),
    }[which]()
    ended = program("resolve", batch.path, "--row", 2, "--run", run_id, "--yes")
    assert ended.exit == 2
    assert told in ended.err
    assert batch.states() == [State.UNCONFIRMED, State.RUNNING]


@pytest.mark.parametrize(
    "flags",
    [
        ["--row", "2"],
        ["--never-ran"],
        ["--run", "WRUN-1"],
        ["--row", "2", "--never-ran", "--give-up"],
        ["--row", "2", "--run", "WRUN-1", "--never-ran"],
        ["--row", "9", "--give-up"],
        ["--row", "two", "--give-up"],
    ],
)
def test_half_a_decision_is_none(tmp_path: Path, program: Program, flags: list[str]) -> None:
    """A row without a decision, a decision without a row, two decisions, or a row not in doubt."""
    batch = cut_off(tmp_path)
    assert program("resolve", batch.path, *flags).exit == 2
    assert batch.states()[0] in {State.STARTING, State.UNCONFIRMED}


def test_on_a_terminal_each_row_is_asked_for(tmp_path: Path, program: Program) -> None:
    """An id, never, give up or Enter; what can't be is asked again; the end leaves the rest."""
    batch = cut_off(tmp_path, 6)
    run_id = batch.begun(0, with_token=False)
    answers = ["WRUN-0", f" {run_id} ", "Never", "give up", "", "never"]
    ended = program.answering(*answers)("resolve", batch.path)
    assert ended.exit == 1
    assert batch.states() == [
        State.RUNNING,
        State.PLANNED,
        State.FAILED,
        State.UNCONFIRMED,
        State.PLANNED,
        State.UNCONFIRMED,
    ]
    assert "the service does not know this run" in ended.err
    assert "2 in doubt" in ended.err


@pytest.mark.parametrize("flags", [["--json"], ["--yes"]])
def test_who_asks_for_no_questions_gets_none(
    tmp_path: Path, program: Program, flags: list[str]
) -> None:
    """A script on a terminal is not kept waiting."""
    batch = cut_off(tmp_path)
    program.answering("give up")("resolve", batch.path, *flags)
    assert batch.states() == [State.UNCONFIRMED]


def test_rows_go_by_where_they_stand_today(tmp_path: Path, program: Program) -> None:
    """In a sheet that was sorted since, the number shown and taken is that of the sheet now."""
    batch = cut_off(tmp_path, 3)
    write_rows(tmp_path / "rows.csv", [["Company 1", 1], ["Company 0", 0]], ["Company", "Nr"])
    rows = shown(program, batch)
    assert [row["row"] for row in rows] == [2, 3, None]
    program("resolve", batch.path, "--row", 2, "--give-up")
    assert batch.states() == [State.UNCONFIRMED, State.FAILED, State.UNCONFIRMED]


def test_where_the_list_can_not_be_read_a_person_can_still_decide(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidates are not known, it is said why, and the decision is taken."""
    batch = cut_off(tmp_path, 2, simulator={"duration": "0s", "faults": {"server_error": 1}})
    monkeypatch.setattr("pipeline.commands.runlist.TRIES", 1)
    ended = program("resolve", batch.path)
    assert "the service answered 500" in ended.err
    assert [row["candidates"] for row in shown(program, batch)] == [None, None]
    assert program("resolve", batch.path, "--row", 2, "--never-ran").exit == 1
    assert batch.states() == [State.PLANNED, State.UNCONFIRMED]


def test_a_batch_that_runs_is_not_resolved(tmp_path: Path, program: Program) -> None:
    """One process at a time: the second is told who holds the ledger."""
    batch = cut_off(tmp_path)
    with open_ledger(tmp_path / "batch.ledger"):
        ended = program("resolve", batch.path)
    assert ended.exit == 2
    assert "this batch is running elsewhere" in ended.err


@pytest.mark.parametrize("flags", [[], ["--row", "2", "--give-up"]])
def test_without_a_ledger_no_row_is_in_doubt(
    tmp_path: Path, program: Program, flags: list[str]
) -> None:
    """And none is made by the question."""
    batch = cut_off(tmp_path)
    for path in tmp_path.glob("batch.ledger*"):
        path.unlink()
    ended = program("resolve", batch.path, *flags)
    assert ended.exit == 2
    assert "there is no ledger yet" in ended.err
    assert not (tmp_path / "batch.ledger").exists()


def test_a_run_of_other_values_is_taken_only_by_who_agrees(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong id is easily copied: the real service's run must have been given the row's values."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        batch = cut_off(tmp_path, 1, workflow=workflow)
        run_id = simulator.start({"Company": "Another"})
        ended = program("resolve", batch.path, "--row", 2, "--run", run_id)
        assert ended.exit == 2
        assert "was started with other values than row 2 has" in ended.err
        assert "--yes" in ended.err
        assert batch.states() == [State.UNCONFIRMED]
        program("resolve", batch.path, "--row", 2, "--run", run_id, "--yes")
        assert batch.states() == [State.RUNNING]


def test_a_run_that_leaves_doubts_names_the_way_out(tmp_path: Path) -> None:
    """Whoever reads the last lines of a call finds the command that takes their decision."""
    simulator = {"duration": "0s", "seed": 3, "faults": {"lost_reply": 0.3}}
    config = a_batch(tmp_path, 3, simulator=simulator, retry={"unconfirmed": "hold"})
    ended = pipeline("run", config)
    assert "1 unconfirmed" in ended.out
    assert f"1 in doubt: `pipeline resolve {config}` shows it" in ended.err
