"""What an Entry does next. Owns the one transition table. Must not know how it is carried out.

`step` takes an entry and what happened, and gives the entry as it now is and what is to be done
once that is durable. A restart goes through the same table as everything else: a new call tells
each unfinished entry `Resumed`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from pipeline.core.model import (
    Attempt,
    Entry,
    FailureClass,
    Observation,
    RunStatus,
    State,
)
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    Missing,
    NotConnected,
    Refused,
    TryLater,
    Unreachable,
)


@dataclass(frozen=True, slots=True)
class Intended:
    """The row's turn has come: an attempt is to be made."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new call took the entry over, and knows nothing of it but what is in the ledger."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The run was watched for as long as it may be, or is not known any more."""

    why: str


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A person wants a new attempt of what failed or expired."""

    round_id: int


@dataclass(frozen=True, slots=True)
class FreshAsked:
    """A person wants earlier outcomes left aside, and to pay again."""

    round_id: int


StartEvent: TypeAlias = Accepted | Refused | TryLater | NotConnected | Halted | Doubtful
LookEvent: TypeAlias = Observation | Missing | Unreachable | TryLater | Halted
Event: TypeAlias = StartEvent | LookEvent | Intended | Resumed | GaveUp | RetryAsked | FreshAsked


@dataclass(frozen=True, slots=True)
class SendStart:
    """Send the start of the attempt that was just made durable."""


@dataclass(frozen=True, slots=True)
class StartAgain:
    """Put the row back among those whose turn is to come."""


@dataclass(frozen=True, slots=True)
class LookNow:
    """Look at the run as soon as the pace allows."""


@dataclass(frozen=True, slots=True)
class LookLater:
    """Look at the run again after the backoff's wait."""


@dataclass(frozen=True, slots=True)
class CountFailure:
    """One more row failed within this call."""


@dataclass(frozen=True, slots=True)
class StopBatch:
    """The service will take no more of this batch until a person acts."""

    halted: Halted


Instruction: TypeAlias = SendStart | StartAgain | LookNow | LookLater | CountFailure | StopBatch


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beside the entry and the event."""

    at: float
    """The moment, in Unix seconds."""
    retry_failed: int = 0
    """How many new attempts a run that FAILED is given unasked."""


Step: TypeAlias = tuple[Entry, tuple[Instruction, ...]]
Rule: TypeAlias = Callable[[Entry, Event, Context], Step]


def step(entry: Entry, event: Event, context: Context) -> Step:
    """The entry after the event, and what is to be done once that entry is durable."""
    return TRANSITIONS[entry.state, type(event)](entry, event, context)


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
        number=number, state=State.STARTING, round_id=entry.round_id, intended_at=context.at
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
        "paid for twice: look for its run at the service"
    )
    return _moved(entry, State.UNCONFIRMED, error=error), ()


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
                ended_at=context.at,
                credits=event.credits,
                outputs=event.outputs,
                error=None,
            )
            return replace(ended, owes_retry=False), ()
        case RunStatus.FAILED:
            return _fail(entry, event, context)


def _fail(entry: Entry, event: Observation, context: Context) -> Step:
    said = f": {event.message}" if event.message else " and the service does not say why"
    failed = _moved(
        entry,
        State.FAILED,
        ended_at=context.at,
        credits=event.credits,
        outputs=event.outputs,
        error=f"The run failed{said}",
        failure=FailureClass.PROVIDER,
    )
    if entry.owes_retry:
        return replace(failed, state=State.PLANNED, owes_retry=False), (StartAgain(),)
    if entry.retries < context.retry_failed:
        again = replace(failed, state=State.PLANNED, retries=entry.retries + 1)
        return again, (StartAgain(),)
    return failed, (CountFailure(),)


def look_later(entry: Entry, _event: Event, context: Context) -> Step:
    """RUNNING stays, unless a retry was owed to a run that has not ended: then it is due now."""
    if entry.owes_retry:
        why = "The run had not ended when a new attempt was asked for"
        expired = _moved(entry, State.EXPIRED, ended_at=context.at, error=why)
        return replace(expired, state=State.PLANNED, owes_retry=False), (StartAgain(),)
    return entry, (LookLater(),)


def look_in_vain(entry: Entry, _event: Event, _context: Context) -> Step:
    """RUNNING stays: this look told nothing of the run."""
    return entry, (LookLater(),)


def stop_watching(entry: Entry, event: Event, _context: Context) -> Step:
    """RUNNING stays, and the batch stops."""
    assert isinstance(event, Halted)
    return entry, (LookLater(), StopBatch(event))


def expire(entry: Entry, event: Event, context: Context) -> Step:
    """RUNNING → EXPIRED: the next call looks again, free."""
    assert isinstance(event, GaveUp)
    return _moved(entry, State.EXPIRED, ended_at=context.at, error=event.why), ()


def watch_again(entry: Entry, _event: Event, _context: Context) -> Step:
    """RUNNING or EXPIRED → RUNNING: the run may have ended in the meantime."""
    return _moved(entry, State.RUNNING, ended_at=None, error=None), (LookNow(),)


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
    attempt = replace(entry.attempt, state=state, **changes)  # type: ignore[arg-type]  # fields
    return replace(entry, state=state, attempt=attempt)


def _taken_back(entry: Entry) -> Entry:
    return replace(entry, state=State.PLANNED, attempts=entry.attempts - 1, attempt=None)


NEVER_BEGUN: Final[dict[type, Rule]] = {
    # Only a start under way has a start's reply, and only a watched run is looked at.
    Accepted: impossible,
    Refused: impossible,
    TryLater: impossible,
    NotConnected: impossible,
    Halted: impossible,
    Doubtful: impossible,
    Observation: impossible,
    Missing: impossible,
    Unreachable: impossible,
    GaveUp: impossible,
}

_ROWS: Final[dict[State, dict[type, Rule]]] = {
    State.PLANNED: NEVER_BEGUN
    | {Intended: intend, Resumed: stay, RetryAsked: stay, FreshAsked: stay},
    State.STARTING: {
        Intended: impossible,
        Accepted: accept,
        Refused: refuse,
        TryLater: take_back,
        NotConnected: take_back,
        Halted: take_back_and_stop,
        Doubtful: doubt,
        Observation: impossible,
        Missing: impossible,
        Unreachable: impossible,
        GaveUp: impossible,
        Resumed: doubt,
        RetryAsked: stay,
        FreshAsked: stay,
    },
    State.RUNNING: {
        Intended: impossible,
        Accepted: impossible,
        Refused: impossible,
        TryLater: look_in_vain,
        NotConnected: impossible,
        Halted: stop_watching,
        Doubtful: impossible,
        Observation: observe,
        Missing: look_later,
        Unreachable: look_in_vain,
        GaveUp: expire,
        Resumed: watch_again,
        RetryAsked: stay,
        FreshAsked: stay,
    },
    State.UNCONFIRMED: NEVER_BEGUN
    | {Intended: impossible, Resumed: stay, RetryAsked: stay, FreshAsked: stay},
    State.COMPLETE: NEVER_BEGUN
    | {Intended: impossible, Resumed: stay, RetryAsked: stay, FreshAsked: plan_retry},
    State.FAILED: NEVER_BEGUN
    | {Intended: impossible, Resumed: stay, RetryAsked: plan_retry, FreshAsked: plan_retry},
    State.EXPIRED: NEVER_BEGUN
    | {Intended: impossible, Resumed: watch_again, RetryAsked: owe_retry, FreshAsked: plan_retry},
}

TRANSITIONS: Final[Mapping[tuple[State, type], Rule]] = {
    (state, event): rule for state, row in _ROWS.items() for event, rule in row.items()
}
"""The one table: every state meets every event in exactly one rule."""
