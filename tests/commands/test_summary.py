"""What is said at the end of a call."""

from collections.abc import Mapping
from typing import Final

import pytest

from pipeline.commands.summary import Call, as_text, exit_of, summarise
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
