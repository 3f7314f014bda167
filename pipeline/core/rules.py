"""The rules of the lifecycle: each takes an entry, what happened and the context to what follows.

Owns what changes in an entry and its attempt. Must not know which rule stands in which cell of the
table, nor how instructions are carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from pipeline.core.doubts import token_of
from pipeline.core.events import (
    CountFailure,
    Event,
    FreshAsked,
    GaveUp,
    Instruction,
    LateEnd,
    LookAgain,
    LookLater,
    LookNow,
    Reconcile,
    RetryAsked,
    RunFound,
    SendStart,
    ShownAbsent,
    StartAgain,
    StopBatch,
)
from pipeline.core.model import Attempt, Entry, FailureClass, Observation, RunStatus, State
from pipeline.core.replies import Accepted, Doubtful, Halted, Refused


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beside the entry and the event."""

    at: float
    """The moment, in Unix seconds."""
    retry_failed: int = 0
    """How many new attempts a run that FAILED is given unasked."""
    ledger_token: str = ""
    """What the tokens of this ledger's attempts begin with."""
    seen_running_at: float | None = None
    """When a look last saw the entry's run running, in Unix seconds; ``None``: none did."""


Step: TypeAlias = tuple[Entry, tuple[Instruction, ...]]
Rule: TypeAlias = Callable[[Entry, Event, Context], Step]


def impossible(entry: Entry, event: Event, _: Context) -> Step:
    """Our own code never brings this about."""
    raise AssertionError(f"entry {entry.id}: {type(event).__name__} while {entry.state}")


def stay(entry: Entry, _event: Event, _context: Context) -> Step:
    """Nothing changes, and nothing is to be done."""
    return entry, ()


def intend(entry: Entry, _event: Event, context: Context) -> Step:
    """PLANNED → STARTING: the intent comes first, so that the ledger knows of every send."""
    number = entry.attempts + 1
    attempt = Attempt(
        number=number,
        state=State.STARTING,
        round_id=entry.round_id,
        token=token_of(context.ledger_token, entry.id, number),
        intended_at=context.at,
    )
    return (
        replace(entry, state=State.STARTING, attempts=number, attempt=attempt),
        (SendStart(),),
    )


def accept(entry: Entry, event: Event, context: Context) -> Step:
    """STARTING → RUNNING: there is a run, and it is paid for."""
    assert isinstance(event, Accepted)
    begun = _moved(entry, State.RUNNING, run_id=event.run_id, started_at=context.at)
    return begun, (LookLater(),)


def refuse(entry: Entry, event: Event, context: Context) -> Step:
    """STARTING → FAILED: the service said no to this row."""
    assert isinstance(event, Refused)
    refused = _moved(
        entry,
        State.FAILED,
        ended_at=context.at,
        error=f"The service refused this row: {event.message}",
        failure=FailureClass.INPUT,
    )
    return refused, (CountFailure(),)


def take_back(entry: Entry, _event: Event, _context: Context) -> Step:
    """STARTING → PLANNED: surely nothing was begun, so the attempt never was."""
    return _taken_back(entry), (StartAgain(),)


def take_back_and_stop(entry: Entry, event: Event, _context: Context) -> Step:
    """STARTING → PLANNED, and the batch stops: no row fails for it."""
    assert isinstance(event, Halted)
    return _taken_back(entry), (StartAgain(), StopBatch(event))


def doubt(entry: Entry, event: Event, _context: Context) -> Step:
    """STARTING → UNCONFIRMED: a run may exist, so it is never sent again by guess."""
    why = event.why if isinstance(event, Doubtful) else "the program was stopped before a reply"
    error = (
        f"It is not known whether this row was started ({why}). It is held, so that it is not "
        "paid for twice: `run` looks for it again, and `resolve` takes your decision"
    )
    is_inherited = not isinstance(event, Doubtful)
    return _moved(entry, State.UNCONFIRMED, error=error), (Reconcile(is_inherited=is_inherited),)


def look_for_run(entry: Entry, _event: Event, _context: Context) -> Step:
    """UNCONFIRMED stays: each call looks for its run again, free."""
    return entry, (Reconcile(is_inherited=True),)


def find(entry: Entry, event: Event, context: Context) -> Step:
    """UNCONFIRMED → RUNNING: there is a run, and it is ours."""
    assert isinstance(event, RunFound)
    found = _moved(
        entry,
        State.RUNNING,
        run_id=event.run_id,
        is_named=event.is_named,
        started_at=context.at,
        error=None,
    )
    return found, (LookNow(),)


def send_again(entry: Entry, event: Event, context: Context) -> Step:
    """UNCONFIRMED → PLANNED: nothing was begun. The attempt stays on record, its number too."""
    assert isinstance(event, ShownAbsent)
    ended = _moved(
        entry,
        State.FAILED,
        ended_at=context.at,
        error=f"No run was begun ({event.by})",
        failure=FailureClass.NEVER_BEGUN,
    )
    return replace(ended, state=State.PLANNED), (StartAgain(),)


def let_go(entry: Entry, _event: Event, context: Context) -> Step:
    """UNCONFIRMED → FAILED: a person wants nothing more of it."""
    error = "Given up by a person: it is not known whether this row was started and paid for"
    failed = _moved(
        entry,
        State.FAILED,
        ended_at=context.at,
        error=error,
        failure=FailureClass.UNCONFIRMED,
    )
    return failed, ()


def count_late(entry: Entry, event: Event, context: Context) -> Step:
    """The entry stays as it is, but what its older attempt cost and gave is on record.

    Where it waits for a newer attempt, that record ends the waiting: see the ledger's `save`.
    """
    return replace(_ended_late(entry, event, context), state=entry.state), ()


def adopt_late(entry: Entry, event: Event, context: Context) -> Step:
    """FAILED or EXPIRED → COMPLETE where a run that was paid for completed after all."""
    ended = _ended_late(entry, event, context)
    if ended.state is State.COMPLETE:
        return replace(ended, owes_retry=False), ()
    return replace(ended, state=entry.state), ()


def _ended_late(entry: Entry, event: Event, context: Context) -> Entry:
    assert isinstance(event, LateEnd)
    seen = event.observation
    assert seen.status is not RunStatus.RUNNING, "only an end can be late"
    assert entry.attempt is not None
    if entry.attempt.state is State.COMPLETE:
        return entry
    state = State.COMPLETE if seen.status is RunStatus.COMPLETE else State.FAILED
    return _moved(
        entry,
        state,
        run_id=seen.run_id,
        ended_at=context.at,
        credits=entry.attempt.credits if seen.credits is None else seen.credits,
        outputs=seen.outputs,
        error=None if state is State.COMPLETE else _failure_told(seen),
        failure=None if state is State.COMPLETE else FailureClass.PROVIDER,
    )


def observe(entry: Entry, event: Event, context: Context) -> Step:
    """RUNNING → COMPLETE or FAILED, or it still runs."""
    assert isinstance(event, Observation)
    match event.status:
        case RunStatus.RUNNING:
            return look_later(entry, event, context)
        case RunStatus.COMPLETE:
            ended = _moved(
                entry,
                State.COMPLETE,
                seen_running_at=context.seen_running_at,
                ended_at=context.at,
                credits=event.credits,
                outputs=event.outputs,
                error=None,
            )
            return replace(ended, owes_retry=False), ()
        case RunStatus.FAILED:
            return _fail(entry, event, context)
        case _:
            assert_never(event.status)


def _fail(entry: Entry, event: Observation, context: Context) -> Step:
    failed = _moved(
        entry,
        State.FAILED,
        seen_running_at=context.seen_running_at,
        ended_at=context.at,
        credits=event.credits,
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


def look_later(entry: Entry, _event: Event, context: Context) -> Step:
    """RUNNING stays, unless a retry was owed to a run that has not ended: then it is due now."""
    return _replaced(entry, context) if entry.owes_retry else (entry, (LookLater(),))


def miss(entry: Entry, _event: Event, context: Context) -> Step:
    """The same where the service does not know the run, which is no sign of its running."""
    return _replaced(entry, context) if entry.owes_retry else (entry, (LookAgain(),))


def _replaced(entry: Entry, context: Context) -> Step:
    why = "The run had not ended when a new attempt was asked for"
    expired = _moved(
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
    expired = _moved(
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
    """RUNNING or EXPIRED → RUNNING: the run may have ended in the meantime."""
    if entry.state is State.RUNNING:
        return entry, (LookNow(),)
    again = _moved(entry, State.RUNNING, ended_at=None, error=None, failure=None)
    return again, (LookNow(),)


def plan_retry(entry: Entry, event: Event, _context: Context) -> Step:
    """FAILED → PLANNED: a new attempt was asked for."""
    assert isinstance(event, RetryAsked | FreshAsked)
    planned = replace(
        entry, state=State.PLANNED, round_id=event.round_id, retries=0, owes_retry=False
    )
    return planned, ()


def owe_retry(entry: Entry, event: Event, _context: Context) -> Step:
    """EXPIRED stays: one more look is free, and only then is a new attempt paid for."""
    assert isinstance(event, RetryAsked)
    return replace(entry, round_id=event.round_id, retries=0, owes_retry=True), ()


def _moved(entry: Entry, state: State, **changes: object) -> Entry:
    """The entry and its attempt in a new state."""
    assert entry.attempt is not None, f"entry {entry.id} is {entry.state} without an attempt"
    attempt = replace(entry.attempt, state=state, **changes)
    return replace(entry, state=state, attempt=attempt)


def _taken_back(entry: Entry) -> Entry:
    # Its number stays used: a token that was ever sent is never sent a second time.
    return replace(entry, state=State.PLANNED, attempt=None)
