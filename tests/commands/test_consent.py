"""What a person is told and asked before many rows are paid for."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger.opening import join_ledger
from pipeline.ledger.store import Ledger
from tests.commands.doubting import Program
from tests.journeys.running import KEY, Simulator, a_batch, a_simulator, read_rows, write_rows

ROWS = 60
PILOT = "Send 5 of them first, as a pilot?"
REST = "Go on with the rest?"
PAID = "rows are started and paid for. Go on?"


@pytest.fixture(scope="module", name="simulator")
def _simulator() -> Iterator[Simulator]:
    with a_simulator("--duration", "0s") as simulator:
        yield simulator


@pytest.fixture
def batch(tmp_path: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty rows to be sent to a service that is asked about like the real one."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    return a_batch(tmp_path, ROWS, workflow={"id": "WCFG-1", "base_url": simulator.base_url})


def complete(config: Path) -> int:
    """How many rows of the output are complete."""
    rows = read_rows(config.with_name("rows.done.csv"))
    return sum(row["Status"] == "complete" for row in rows)


def test_a_no_starts_nothing(batch: Path, program: Program) -> None:
    """Exit 2; and the plan was shown before the question."""
    ended = program.answering("n")("run", batch)
    assert ended.exit == 2
    assert "batch: 60 rows to start" in ended.err
    assert "cost: what a run costs is not known yet" in ended.err
    assert PILOT in ended.err
    assert ended.err.endswith("nothing was started\n")
    assert not batch.with_name("rows.done.csv").exists()
    assert program("status", batch, "--json").out.count('"pending": 60')


def test_a_pilot_is_followed_by_its_quote_and_the_rest(batch: Path, program: Program) -> None:
    """Five rows first, then what the rest costs by them, and one summary of it all."""
    ended = program.answering("y", "y")("run", batch, "--json")
    assert ended.exit == 0, ended.err
    assert "batch: 55 rows still to be started" in ended.err
    assert "cost: about 110 credits, by the 5 runs so far" in ended.err
    assert "the whole sheet: about 120 credits" in ended.err
    assert REST in ended.err
    summary = json.loads(ended.out)
    assert (summary["complete"], summary["credits"], summary["requests"]["start"]) == (60, 120, 60)
    assert complete(batch) == 60


def test_a_pilot_may_be_all_for_now(batch: Path, program: Program) -> None:
    """Without a yes after it, the call ends as one with `--limit 5`, and its rows are written."""
    ended = program.answering("y", "")("run", batch)
    assert ended.exit == 0
    assert complete(batch) == 5
    again = program.answering("n")("run", batch)
    assert again.exit == 2
    assert "batch: 55 rows to start, 5 complete" in again.err
    assert "cost: about 110 credits, by the 5 runs so far" in again.err
    assert PAID in again.err
    assert PILOT not in again.err
    assert program.answering("y")("run", batch).exit == 0
    assert complete(batch) == 60


def test_a_pilot_of_a_limited_call_counts_toward_its_limit(batch: Path, program: Program) -> None:
    """`--limit 52`: five first, then forty-seven."""
    ended = program.answering("y", "y")("run", batch, "--limit", 52, "--json")
    assert ended.exit == 0, ended.err
    summary = json.loads(ended.out)
    assert (summary["complete"], summary["pending"]) == (52, 8)


def test_what_was_changed_until_the_pilot_ended_holds_for_the_rest(
    batch: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one call: the question tells the new cap, and the rest keeps to it."""
    at_terminal = program.answering("y", "y")
    typed = sys.stdin.readline
    questions = []

    def answer() -> str:
        questions.append(batch)
        if len(questions) == 2:
            with join_ledger(batch.with_name("batch.ledger")) as ledger:
                assert ledger is not None
                assert ledger.adjust({"limits.max_credits": "20"})
        return typed()

    monkeypatch.setattr(sys.stdin, "readline", answer, raising=False)
    ended = at_terminal("run", batch)
    assert ended.exit == 3, ended.err
    assert ended.err.count("Adjusted until this call ends: limits.max_credits=20") == 1
    words = " ".join(ended.err.split())
    assert "limits.max_credits is 20, set by `adjust` over no limit in the config" in words
    assert complete(batch) == 10


def test_a_pilot_without_the_rest_takes_no_change_any_more(
    batch: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the no, nobody is told that the batch goes on with a change."""
    took = []
    ended_at = Ledger.end_adjustments

    def end(ledger: Ledger) -> None:
        took.append(ledger.adjust({"paused": "true"}))
        ended_at(ledger)
        took.append(ledger.adjust({"paused": "true"}))

    monkeypatch.setattr(Ledger, "end_adjustments", end)
    assert program.answering("y", "n")("run", batch).exit == 0
    assert took == [True, False]


@pytest.mark.parametrize(
    ("flags", "answers"),
    [(("--yes",), ()), (("--limit", "50"), ()), ((), ("all",))],
)
def test_whoever_agrees_is_not_asked_twice(
    batch: Path, program: Program, flags: tuple[str, ...], answers: tuple[str, ...]
) -> None:
    """`--yes` asks nothing, fifty rows are few enough, and `all` takes no pilot."""
    ended = program.answering(*answers)("run", batch, *flags)
    assert ended.exit == 0, ended.err
    assert REST not in ended.err
    assert (PILOT in ended.err) == bool(answers)


def test_without_a_terminal_it_simply_goes_on(batch: Path, program: Program) -> None:
    """A script is asked nothing, and pays for no row twice by that."""
    ended = program("run", batch)
    assert ended.exit == 0
    assert PILOT not in ended.err


def test_the_simulator_is_never_asked_about(tmp_path: Path, program: Program) -> None:
    """Its credits are nobody's."""
    ended = program.answering()("run", a_batch(tmp_path, ROWS))
    assert ended.exit == 0
    assert PILOT not in ended.err


def test_a_service_that_names_no_credits_gets_no_pilot(batch: Path, program: Program) -> None:
    """Five runs more would tell nothing: the config has to say what a run costs."""
    assert program("run", batch, "--limit", 1).exit == 0
    with closing(sqlite3.connect(batch.with_name("batch.ledger"))) as ledger, ledger:
        ledger.execute("UPDATE attempt SET credits = NULL")
    ended = program.answering("n")("run", batch)
    assert ended.exit == 2
    words = " ".join(ended.err.split())
    assert "the service names no credits. Say it in limits.credits_per_run" in words
    assert PILOT not in words
    assert f"59 {PAID}" in ended.err


def test_a_retry_that_nobody_agrees_to_opens_no_round(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the no, a `run` sends none of the rows that were asked about."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    with a_simulator("--duration", "0s", "--fail", "1") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, ROWS, workflow=workflow)
        assert program("run", config).exit == 1
        refused = program.answering("n")("retry", config)
        after = program("run", config, "--json")
    assert refused.exit == 2
    assert "Rows that get a new attempt: 60; about 120 credits" in refused.err
    assert json.loads(after.out)["requests"]["start"] == 0


@pytest.mark.parametrize("words", [("run", "--fresh"), ("retry", "--fresh")])
def test_a_limited_call_says_what_it_sends_itself(
    tmp_path: Path, program: Program, words: tuple[str, str]
) -> None:
    """Six rows are to be paid for again, and one of them now: both are told."""
    config = a_batch(tmp_path, 6)
    program("run", config)
    verb, flag = words
    limited = program(verb, config, flag, "--limit", 1)
    assert "Rows that get a new attempt: 6; about 12 credits" in limited.err
    assert "This call sends 1 row at the most (--limit); about 2 credits" in limited.err
    whole = program(verb, config, flag)
    assert "(--limit)" not in whole.err


def test_a_pilot_by_hand_says_what_the_whole_will_cost(tmp_path: Path, program: Program) -> None:
    """`--limit N`: with a range, and with where the cap would stop it."""
    config = a_batch(tmp_path, 20, limits={"rate": "500/s", "max_credits": 1000})
    ended = program("run", config, "--limit", 2, "--json")
    assert "batch: 18 rows still to be started\ncost: about 36 credits" in ended.err
    assert "\nlimits.max_credits is 1,000, 4 spent\n" in ended.err
    assert "the whole sheet: about 40 credits" in ended.err
    assert json.loads(ended.out)["complete"] == 2
    assert "still to be started" not in program("run", config, "--limit", 50).err


def test_check_says_the_same(tmp_path: Path, program: Program) -> None:
    """Before a run it has nothing to go by, and after a pilot the same figures as `run`."""
    config = a_batch(tmp_path, 20)
    before = json.loads(program("check", config, "--json").out)
    assert (before["start"], before["past_runs"]) == (20, 0)
    assert before["credits"] is before["credits_low"] is before["credits_high"] is None
    text = program("check", config).out
    assert "cost: what a run costs is not known yet: send a few with --limit 5" in text
    program("run", config, "--limit", 5)
    after = json.loads(program("check", config, "--json").out)
    assert [after[f"credits{end}"] for end in ("_low", "", "_high")] == [30, 30, 30]
    assert after["past_runs"] == 5
    assert after["seconds_low"] <= after["seconds"] <= after["seconds_high"]
    assert "cost: about 30 credits, by the 5 runs so far" in program("check", config).out


def test_rows_that_share_a_run_are_not_quoted_one_by_one(batch: Path, program: Program) -> None:
    """Sixty rows that are one run are no many rows to pay for, and nothing is asked."""
    content = json.loads(batch.read_text("utf-8"))
    content["input"]["duplicates"] = "once"
    batch.write_text(json.dumps(content), "utf-8")
    write_rows(batch.with_name("rows.csv"), [["Acme", n] for n in range(60)], ["Company", "Nr"])
    ended = program.answering()("run", batch)
    assert ended.exit == 0, ended.err
    assert PILOT not in ended.err


@pytest.mark.parametrize(
    ("limits", "is_told"),
    [
        ({}, False),
        ({"max_credits": 200}, True),
        ({"max_credits": 200, "credits_per_run": 2}, False),
    ],
)
def test_a_slow_begin_is_explained(
    tmp_path: Path, program: Program, limits: dict[str, int], *, is_told: bool
) -> None:
    """Whoever set a cap and sees one run start knows why, until a cost was seen."""
    config = a_batch(tmp_path, 3, limits={"rate": "500/s", **limits})
    words = "the first run must end before others start"
    assert (words in program("run", config, "--limit", "2").err) == is_told
    assert words not in program("run", config).err
