"""What is said at the end of a call."""

import pytest

from pipeline.commands.summary import tell_failures
from pipeline.core.model import State
from pipeline.ledger.records import Tally


@pytest.mark.parametrize(
    ("tally", "told"),
    [
        (Tally(rows=1, states={State.COMPLETE: 1}), []),
        (Tally(rows=2, faulty=1, states={}), [("1 row could", "`pipeline check leads.yaml`")]),
        (
            Tally(rows=2, states={State.FAILED: 2}),
            [("2 rows failed", "`pipeline retry leads")],
        ),
        (Tally(rows=3, states={State.EXPIRED: 3}), [("3 rows were not seen to end", "free")]),
        (
            Tally(rows=5, faulty=2, states={State.FAILED: 2, State.EXPIRED: 1}),
            [("2 rows could", "cost nothing"), ("2 rows failed", "retry"), ("1 row was", "free")],
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
    tell_failures(tally, "leads.yaml")
    out, err = capsys.readouterr()
    assert out == ""
    for line, (what, remedy) in zip(err.splitlines(), told, strict=True):
        assert line.startswith(what)
        assert remedy in line
