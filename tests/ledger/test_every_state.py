"""Each question of the ledger is asked of every state, so that a new one is left out of none.

The SQL names states by its own words. What it must agree with is what `core` says of the state.
"""

import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from msgspec import structs

from pipeline.core.events import LateEnd
from pipeline.core.lifecycle import step
from pipeline.core.model import (
    OUTCOMES,
    UNENDED,
    FailureClass,
    RunId,
    RunStatus,
    State,
    Status,
)
from pipeline.core.money.budget import Spending
from pipeline.core.rows.planning import DECISION_OF, Decision
from pipeline.core.rows.writing import STATUS_OF
from pipeline.ledger.records import Owner
from tests.core.builders import ATTEMPTS, NOON, a_context, an_entry, an_observation
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    Place,
    a_ledger,
    ids_of,
    looked_on,
    some_rows,
    stands,
)
from tests.ledger.test_chunks import shared

ATTEMPTED = [state for state in State if ATTEMPTS[state]]
TROUBLED = {Status.FAILED, Status.EXPIRED, Status.UNCONFIRMED}
"""What the sheet says of a row that a person may have to mend or to decide on."""


def test_what_attempts_cost_is_counted_alike_by_the_ledger_and_by_core(place: Place) -> None:
    """A call begins with the ledger's sum and goes on with core's: whatever an attempt is like."""
    cases = list(product(ATTEMPTED, (None, 0.0, 2.5), (False, True), (None, *FailureClass)))
    with a_ledger(place, *map(str, range(len(cases)))) as ledger:
        expected = Spending()
        for entry_id, (state, credits_, has_run, failure) in zip(
            ids_of(ledger), cases, strict=True
        ):
            run_id = RunId(f"WRUN-{entry_id}") if has_run else None
            entry = stands(entry_id, state, credits=credits_, run_id=run_id, failure=failure)
            ledger.save([entry])
            expected = expected.after(None, entry.attempt)
            assert ledger.spending() == expected, (state, credits_, run_id, failure)


def test_what_runs_of_another_workflow_may_cost_is_told_by_itself(place: Place) -> None:
    """This one's cost says nothing of theirs: they are reserved for at what such a run has cost."""
    with a_ledger(place, *"abcd") as ledger:
        dear, open_, unnamed, refused = ids_of(ledger)
        ledger.save(
            [
                stands(dear, State.COMPLETE, credits=10.0),
                stands(open_, State.RUNNING),
                stands(unnamed, State.COMPLETE, credits=None),
                stands(refused, State.FAILED, credits=None, run_id=None),
            ]
        )
        assert ledger.spending() == Spending(10.0, 1, 1, 10.0, 0, None)
        ledger.enrol(some_rows(*"efg"), SOURCE, SERVICE, "WCFG-2", NOON)
        cheap, own, _ = ids_of(ledger)
        ledger.save([stands(cheap, State.COMPLETE, credits=2.0), stands(own, State.EXPIRED)])
        spending = ledger.spending()
        assert spending == Spending(12.0, 2, 1, 2.0, 2, 10.0)
        later = stands(own, State.COMPLETE, credits=3.0).attempt
        changed = spending.after(stands(own, State.EXPIRED).attempt, later)
        assert changed == Spending(15.0, 1, 1, 3.0, 2, 10.0)


def test_the_ledger_takes_each_state_and_no_other(tmp_path: Path) -> None:
    """What this program does not know is no state, and would be counted by nobody."""
    with a_ledger(tmp_path, "a"):
        pass
    with closing(sqlite3.connect(tmp_path / "batch.ledger")) as connection:
        for state in State:
            connection.execute("UPDATE entry SET state = ?", (state,))
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            connection.execute("UPDATE entry SET state = 'paused'")


@pytest.mark.parametrize("state", State)
def test_a_sheet_has_ended_where_every_outcome_is_used_as_it_is(place: Place, state: State) -> None:
    """And not while a row is to be started, or looked at again."""
    with a_ledger(place, "a") as ledger:
        ledger.say_reading("this")
        ledger.save([stands(*ids_of(ledger), state)])
        assert ledger.has_ended("this") == (DECISION_OF[state] is Decision.REUSE)


@pytest.mark.parametrize("seen", sorted(set(RunStatus) - {RunStatus.RUNNING}))
@pytest.mark.parametrize("state", ATTEMPTED)
@pytest.mark.parametrize("named", [None, 2.5])
@pytest.mark.parametrize("known", [None, 1.0])
def test_a_late_end_is_news_where_it_changes_the_attempt(
    state: State, seen: RunStatus, named: float | None, known: float | None
) -> None:
    """And where nobody watches for it; else it is asked for and written down in vain, or lost."""
    observation = an_observation(seen, credits=named)
    attempt = ATTEMPTS[state]
    assert attempt is not None
    before = an_entry(state, attempt=structs.replace(attempt, credits=known))
    entry, _ = step(before, LateEnd(observation), a_context())
    is_news = state in OUTCOMES and entry.attempt != before.attempt
    owner = Owner(1, 1, state, lacks_credits=known is None)
    assert owner.is_news(observation) == is_news


@pytest.mark.parametrize("state", State)
def test_a_chunk_owes_what_is_done_for_its_rows(place: Place, state: State) -> None:
    """Workers take over what one process would: it starts, watches, or is done.

    Watched to their end, it owes no more than what is seen to run.
    """
    owes = {Decision.START: "start", Decision.REUSE: None}.get(DECISION_OF[state], "watch")
    still = "watch" if STATUS_OF[state] is Status.RUNNING else None
    with shared(place, "a") as (ledger, chunks):
        claim = chunks.pick(1, "start", "a", NOON)
        assert claim is not None
        ledger.save([stands(*ids_of(ledger), state)])
        assert chunks.put_back(claim, "start") == owes
        if owes == "watch":
            claim = chunks.pick(1, "watch", "a", NOON)
            assert claim is not None
            assert chunks.put_back(claim, "watch") == still


@pytest.mark.parametrize("state", State)
def test_a_row_in_trouble_is_told_by_the_report_and_on_the_live_page(
    tmp_path: Path, state: State
) -> None:
    """It is one whose status in the sheet says that it is not complete, and will not be unasked."""
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        ledger.save([stands(*ids_of(ledger), state)])
        in_trouble = [state] if STATUS_OF[state] in TROUBLED else []
        assert [row.state for row in ledger.history.troubled_rows()] == in_trouble
        assert [trouble.state for trouble in looking.troubles(9, 9)] == in_trouble


def test_what_may_be_under_way_is_taken_over() -> None:
    """Each state is to be started, may be under way or has an outcome; the engine takes up both."""
    taken_over = {s for s, d in DECISION_OF.items() if d in {Decision.RESUME, Decision.RECONCILE}}
    assert taken_over == UNENDED
    assert {State.PLANNED} | UNENDED | OUTCOMES == set(State)
