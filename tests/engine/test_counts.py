"""What the line on the terminal counts, change by change."""

from collections import Counter
from typing import Final

from msgspec.structs import replace

from pipeline.core.events import Event, Intended, LateEnd, Resumed
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, Observation, RunStatus, State
from pipeline.core.money.budget import Spending
from pipeline.core.replies import Accepted
from pipeline.engine.batch.budget import Budget
from pipeline.engine.batch.counts import Counts, attempt_before
from tests.core.builders import NOON, RUN, a_context, an_entry, an_observation

FAILED: Final[Observation] = an_observation(RunStatus.FAILED, credits=3.0)
COMPLETE: Final[Observation] = an_observation(RunStatus.COMPLETE, credits=2.0)


def counted(
    counts: Counts, entry: Entry, *events: Event, retry_failed: int = 0, spent: float = 0
) -> tuple[Entry, float]:
    """The entry after these events, five seconds apart, and what was spent with each counted."""
    budget = Budget(None, Spending(credits=spent))
    for place, event in enumerate(events):
        after, _ = step(entry, event, a_context(at=NOON + 5 * place, retry_failed=retry_failed))
        counts.follow(entry, after)
        budget.spend(attempt_before(entry, after), after.attempt)
        entry = after
    return entry, budget.spent_credits


def test_a_second_attempt_costs_beside_the_first_and_its_row_ends_once() -> None:
    """A failed attempt that is tried again is no failed row, and its credits stay in the sum."""
    counts = Counts(Counter({State.PLANNED: 1}))
    begun = (Intended(), Accepted(RUN))
    _, spent = counted(counts, an_entry(), *begun, FAILED, *begun, COMPLETE, retry_failed=1)
    assert (+counts.rows, counts.done) == ({State.COMPLETE: 1}, 1)
    assert (spent, counts.started) == (5, 2)
    assert list(counts.run_seconds) == [5, 5]


def test_a_row_that_an_earlier_call_gave_up_moves_from_one_count_to_the_other() -> None:
    """Looked at again, it runs and is no expired one; its cost counts when its end is seen."""
    counts = Counts(Counter({State.EXPIRED: 1}))
    running, spent = counted(counts, an_entry(State.EXPIRED), Resumed())
    assert (+counts.rows, counts.done, spent) == ({State.RUNNING: 1}, 0, 0)
    _, spent = counted(counts, running, COMPLETE)
    assert (+counts.rows, counts.done, spent) == ({State.COMPLETE: 1}, 1, 2)


def test_a_late_end_counts_what_it_cost_and_no_row_twice() -> None:
    """A row that failed and completes late is complete; a cost that was told is not added again."""
    counts = Counts(Counter({State.FAILED: 1}))
    late = LateEnd(replace(COMPLETE, credits=1.5))
    _, spent = counted(counts, an_entry(State.FAILED), late, spent=1)
    assert (+counts.rows, spent) == ({State.COMPLETE: 1}, 1.5)


def test_a_row_that_left_the_sheet_is_in_no_count_and_costs_all_the_same() -> None:
    """The rows that are to be sent are those of the sheet; how long its run took is known."""
    counts = Counts(Counter({State.RUNNING: 1}))
    entry = an_entry(State.RUNNING)
    counts.elsewhere.add(entry.id)
    _, spent = counted(counts, entry, COMPLETE)
    assert (+counts.rows, counts.done, spent) == ({State.RUNNING: 1}, 0, 2)
    assert counts.run_seconds
