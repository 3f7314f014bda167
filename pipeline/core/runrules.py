"""The rules of a run that has begun: what a look makes of it, and an end that is seen late.

Owns when a run counts as ended. Must not know which rule stands in which cell of the table, how
instructions are carried out, nor who looked.
"""

from typing import assert_never

from msgspec.structs import replace

from pipeline.core.events import (
    CountFailure,
    Event,
    GaveUp,
    LateEnd,
    LookAgain,
    LookLater,
    LookNow,
    StartAgain,
    StopBatch,
)
from pipeline.core.model import (
    ENDED,
    Attempt,
    Entry,
    FailureClass,
    Observation,
    RunStatus,
    State,
)
from pipeline.core.replies import Halted
from pipeline.core.rules import Context, Step, moved


def observe(entry: Entry, event: Event, context: Context) -> Step:
    """RUNNING → COMPLETE or FAILED, or it still runs."""
    assert isinstance(event, Observation)
    match event.status:
        case RunStatus.RUNNING:
            return look_later(entry, event, context)
        case RunStatus.COMPLETE:
            ended = moved(
                entry,
                State.COMPLETE,
                seen_running_at=context.seen_running_at,
                ended_at=context.at,
                credits=_credits_known(entry, event),
                outputs=event.outputs,
                error=None,
            )
            return replace(ended, owes_retry=False), ()
        case RunStatus.FAILED:
            return _fail(entry, event, context)
        case _:
            assert_never(event.status)


def _fail(entry: Entry, event: Observation, context: Context) -> Step:
    failed = moved(
        entry,
        State.FAILED,
        seen_running_at=context.seen_running_at,
        ended_at=context.at,
        credits=_credits_known(entry, event),
        outputs=event.outputs,
        error=_failure_told(event),
        failure=FailureClass.PROVIDER,
    )
    if entry.owes_retry:
        return replace(failed, state=State.PLANNED, owes_retry=False), (StartAgain(),)
    if entry.retries < context.retry_failed:
        again = replace(failed, state=State.PLANNED, retries=entry.retries + 1)
        return again, (StartAgain(),)
    return failed, (CountFailure(),)


def _failure_told(seen: Observation) -> str:
    said = f": {seen.message}" if seen.message else " and the service does not say why"
    return f"The run failed{said}"


def _credits_known(entry: Entry, seen: Observation) -> float | None:
    """What a run cost: a word that names no credits takes back none that were named before."""
    assert entry.attempt is not None
    return entry.attempt.credits if seen.credits is None else seen.credits


def look_later(entry: Entry, _event: Event, context: Context) -> Step:
    """RUNNING stays, unless a retry was owed to a run that has not ended: then it is due now."""
    return _replaced(entry, context) if entry.owes_retry else (entry, (LookLater(),))


def miss(entry: Entry, _event: Event, context: Context) -> Step:
    """The same where the service does not know the run, which is no sign of its running."""
    return _replaced(entry, context) if entry.owes_retry else (entry, (LookAgain(),))


def _replaced(entry: Entry, context: Context) -> Step:
    why = "The run had not ended when a new attempt was asked for"
    expired = moved(
        entry, State.EXPIRED, ended_at=context.at, error=why, failure=FailureClass.TRANSIENT
    )
    return replace(expired, state=State.PLANNED, owes_retry=False), (StartAgain(),)


def look_in_vain(entry: Entry, _event: Event, _context: Context) -> Step:
    """RUNNING stays: this look told nothing of the run."""
    return entry, (LookAgain(),)


def stop_watching(entry: Entry, event: Event, _context: Context) -> Step:
    """RUNNING stays, and the batch stops."""
    assert isinstance(event, Halted)
    return entry, (LookAgain(), StopBatch(event))


def expire(entry: Entry, event: Event, context: Context) -> Step:
    """RUNNING → EXPIRED: the next call looks again, free. A retry that was owed is due now."""
    assert isinstance(event, GaveUp)
    expired = moved(
        entry,
        State.EXPIRED,
        ended_at=context.at,
        error=event.why,
        failure=FailureClass.TRANSIENT,
    )
    if entry.owes_retry:
        return replace(expired, state=State.PLANNED, owes_retry=False), (StartAgain(),)
    return expired, ()


def watch_again(entry: Entry, _event: Event, _context: Context) -> Step:
    """RUNNING or given up → RUNNING: the run may have ended in the meantime."""
    if entry.state is State.RUNNING:
        return entry, (LookNow(),)
    again = moved(entry, State.RUNNING, ended_at=None, error=None, failure=None)
    return again, (LookNow(),)


def look_before_paying(entry: Entry, event: Event, context: Context) -> Step:
    """PLANNED → RUNNING where the newest run was given up: one more look, then the new attempt."""
    attempt = entry.attempt
    if attempt is None or attempt.state is not State.EXPIRED or attempt.number < entry.attempts:
        return entry, ()
    return watch_again(replace(entry, owes_retry=True), event, context)


def count_late(entry: Entry, event: Event, context: Context) -> Step:
    """The entry stays as it is, but what its older attempt cost and gave is on record.

    Where it waits for a newer attempt, that record ends the waiting: see the ledger's `save`.
    """
    return replace(_ended_late(entry, event, context), state=entry.state), ()


def adopt_late(entry: Entry, event: Event, context: Context) -> Step:
    """FAILED or EXPIRED → COMPLETE where a run that was paid for completed after all.

    An older attempt than the newest may have been left aside by `--fresh`: see the ledger's `save`.
    """
    ended = _ended_late(entry, event, context)
    assert ended.attempt is not None
    if ended.state is State.COMPLETE and ended.attempt.number == entry.attempts:
        return replace(ended, owes_retry=False), ()
    return replace(ended, state=entry.state), ()


def _ended_late(entry: Entry, event: Event, context: Context) -> Entry:
    assert isinstance(event, LateEnd)
    seen = event.observation
    assert seen.status is not RunStatus.RUNNING, "only an end can be late"
    assert entry.attempt is not None
    if _is_on_record(entry.attempt, seen):
        return replace(entry, attempt=_completed(entry.attempt, seen))
    state = State.COMPLETE if seen.status is RunStatus.COMPLETE else State.FAILED
    return moved(
        entry,
        state,
        run_id=seen.run_id,
        ended_at=context.at,
        credits=_credits_known(entry, seen),
        outputs=seen.outputs,
        error=None if state is State.COMPLETE else _failure_told(seen),
        failure=None if state is State.COMPLETE else FailureClass.PROVIDER,
    )


def _is_on_record(attempt: Attempt, seen: Observation) -> bool:
    """Whether the run was seen to end before; that it completed outweighs that it failed."""
    has_ended = attempt.state in ENDED and attempt.run_id is not None
    return has_ended and (attempt.state is State.COMPLETE or seen.status is RunStatus.FAILED)


def _completed(attempt: Attempt, seen: Observation) -> Attempt:
    """An attempt that has ended, with what was not named of its end before: nothing is replaced."""
    is_same_end = attempt.state.value == seen.status.value
    return replace(
        attempt,
        credits=seen.credits if attempt.credits is None else attempt.credits,
        outputs=seen.outputs if attempt.outputs is None and is_same_end else attempt.outputs,
    )
