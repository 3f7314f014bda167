"""A run that completes late: what it spares its row, and whose outputs count, by no clock."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.core.events import FreshAsked, LateEnd, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, FailureClass, RoundKind, RunId, State
from pipeline.core.rules import Context
from pipeline.ledger.records import Owner
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON, an_observation
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    connection_of,
    ids_of,
    second_attempt,
    some_rows,
    stands,
)

LONG_AGO = 0.0


def ask(ledger: Ledger, kind: RoundKind, entry: Entry) -> int:
    """Ask for an entry again; gives the round's number."""
    event = RetryAsked if kind is RoundKind.RETRY else FreshAsked
    ledger.begin_round(kind, NOON, lambda number: [step(entry, event(number), Context(NOON))[0]])
    current = ledger.open_round()
    assert current is not None
    return current[0]


def ends_late(ledger: Ledger, entry_id: int) -> None:
    """The first attempt's run is seen to have completed, by a clock that was set back."""
    seen = LateEnd(an_observation(run_id=RunId(f"WRUN-{entry_id}")))
    ledger.amend(Owner(entry_id, 1, State.EXPIRED), lambda e: step(e, seen, Context(LONG_AGO))[0])


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (None, State.COMPLETE),
        (RoundKind.RETRY, State.COMPLETE),
        (RoundKind.FRESH, State.FAILED),
    ],
)
@pytest.mark.parametrize("is_first", [True, False], ids=["it ended first", "it ended last"])
def test_a_late_run_gives_its_outputs_where_the_newer_attempt_came_to_nothing(
    place: Place, kind: RoundKind | None, state: State, *, is_first: bool
) -> None:
    """Whichever ended first, whatever the clock said; what `--fresh` left aside stays there."""
    with a_ledger(place, "a") as ledger:
        (a,) = ids_of(ledger)
        older = stands(a, State.EXPIRED)
        ledger.save([older])
        round_id = 0 if kind is None else ask(ledger, kind, older)
        older = replace(older, round_id=round_id)
        ledger.save([second_attempt(older, State.RUNNING, round_id=round_id)])
        if is_first:
            ends_late(ledger, a)
        ledger.save([second_attempt(older, State.FAILED, round_id=round_id)])
        if not is_first:
            ends_late(ledger, a)
        assert [entry.state for entry in ledger.entries(*State)] == [state]


@pytest.mark.parametrize(
    ("failure", "state"),
    [(FailureClass.PROVIDER, State.FAILED), (FailureClass.NEVER_BEGUN, State.COMPLETE)],
)
def test_a_fresh_attempt_that_never_began_leaves_nothing_aside(
    tmp_path: Path, failure: FailureClass, state: State
) -> None:
    """Nothing was sent: the row's earlier outputs are as good as before."""
    with a_ledger(tmp_path, "a") as ledger:
        (a,) = ids_of(ledger)
        older = stands(a, State.COMPLETE)
        ledger.save([older])
        round_id = ask(ledger, RoundKind.FRESH, older)
        older = replace(older, round_id=round_id)
        ledger.save([second_attempt(older, State.FAILED, round_id=round_id, failure=failure)])
        assert [entry.state for entry in ledger.entries(*State)] == [state]


@pytest.mark.parametrize(
    ("kind", "state"), [(RoundKind.RETRY, State.COMPLETE), (RoundKind.FRESH, State.PLANNED)]
)
def test_a_round_asks_for_no_row_anew_that_a_late_run_gave_outputs_for(
    tmp_path: Path, kind: RoundKind, state: State
) -> None:
    """So an earlier version may have left it, by the clock: it would be paid for a third time."""
    with a_ledger(tmp_path, "a") as ledger:
        (a,) = ids_of(ledger)
        older = stands(a, State.COMPLETE)
        ledger.save([older])
        failed = second_attempt(older, State.FAILED)
        ledger.save([failed])
        connection_of(ledger).execute("UPDATE entry SET state = 'failed'")
        ask(ledger, kind, failed)
        assert [entry.state for entry in ledger.entries(*State)] == [state]


def test_runs_that_may_spare_their_rows_a_new_attempt_are_known(place: Place) -> None:
    """Those that expired, of rows that wait for it; none that `--fresh` left aside."""
    with a_ledger(place, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        waits = [replace(stands(e, State.EXPIRED), state=State.PLANNED) for e in (a, b, c)]
        ledger.save([*waits, stands(d, State.EXPIRED)])
        ledger.begin_round(RoundKind.FRESH, NOON, lambda n: [replace(waits[2], round_id=n)])
        runs = {
            e: (
                RunId(f"WRUN-{e}"),
                Owner(e, 1, State.EXPIRED, lacks_credits=True, lacks_outputs=True),
            )
            for e in (a, b)
        }
        assert ledger.waited_for() == dict(runs.values())
        assert ledger.waited_for([b, c, d]) == dict([runs[b]])
        assert [entry.id for entry in ledger.waiting()] == [a, b]
        ledger.enrol(some_rows("b"), SOURCE, SERVICE, WORKFLOW, NOON + 1)
        assert [entry.id for entry in ledger.waiting()] == [b]
