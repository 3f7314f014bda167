"""What is said at the end of a call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from pipeline.commands.summary import Call, as_text, exit_of, summarise, tell_failures
from pipeline.core.model import State, Status
from pipeline.core.rows.writing import STATUS_OF
from pipeline.errors import Exit
from pipeline.ledger.records import Tally

EXITS: Final = {
    Status.COMPLETE: Exit.OK,
    Status.FAILED: Exit.UNFINISHED,
    Status.EXPIRED: Exit.UNFINISHED,
    Status.UNCONFIRMED: Exit.UNFINISHED,
    Status.RUNNING: Exit.STOPPED,
    Status.PENDING: Exit.STOPPED,
    Status.SKIPPED: Exit.OK,
}


@pytest.mark.parametrize("state", State)
def test_each_row_counts_as_what_its_status_says(state: State) -> None:
    """In the text, in the JSON and by the exit code: no state is left out of any."""
    tally, status = Tally(rows=1, states={state: 1}), STATUS_OF[state]
    summary = summarise("leads", "leads.ledger", tally, Call(0, {}, 0, None), Exit.OK)
    counted = {name: getattr(summary, name) for name in Status}
    assert counted == {**dict.fromkeys(Status, 0), status: 1}
    assert f"1 row: 1 {status}\n" in as_text(summary)
    assert exit_of(tally, None, None) == EXITS[status]


@pytest.mark.parametrize(
    ("tally", "told"),
    [
        (Tally(rows=1, states={State.COMPLETE: 1}), []),
        (
            Tally(rows=2, faulty=1, states={}),
            [("1 row can't be sent", "`pipeline check leads.yaml`")],
        ),
        (
            Tally(rows=2, states={State.FAILED: 2}),
            [("2 rows failed", "`pipeline retry leads")],
        ),
        (Tally(rows=3, states={State.EXPIRED: 3}), [("3 rows were not seen to end", "free")]),
        (
            Tally(rows=5, faulty=2, states={State.FAILED: 2, State.EXPIRED: 1}),
            [
                ("2 rows can't be sent", "cost nothing"),
                ("2 rows failed", "retry"),
                ("1 row was", "free"),
            ],
        ),
    ],
)
def test_whoever_has_rows_that_failed_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tally: Tally,
    told: list[tuple[str, str]],
) -> None:
    """A line for each way in which rows end without being complete, and none without such rows."""
    monkeypatch.setattr("sys.argv", ["pipeline"])
    tell_failures(tally, Path("leads.yaml"))
    out, err = capsys.readouterr()
    assert out == ""
    for line, (what, remedy) in zip(err.splitlines(), told, strict=True):
        assert line.startswith(what)
        assert remedy in line


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ({}, "no requests"),
        ({"list": 1}, "1 list request"),
        ({"start": 1, "poll": 1}, "1 start, 1 poll requests"),
        ({"start": 5, "list": 2}, "5 start, 2 list requests"),
    ],
)
def test_the_calls_to_the_service_are_counted_in_words(
    requests: Mapping[str, int], told: str
) -> None:
    """One is no plural."""
    call = Call(reused=3, requests=requests, seconds=1.0, output=None)
    summary = summarise("leads", "leads.ledger", Tally(), call, Exit.OK)
    assert f"this call: 3 reused, {told}, 1.0 s\n" in as_text(summary)
