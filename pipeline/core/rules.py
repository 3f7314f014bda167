"""The rules of the lifecycle: each takes an entry, what happened and the context to what follows.

Owns what changes in an entry and its attempt; for a run that has begun that is `runrules`. Must not
know which rule stands in which cell of the table, nor how instructions are carried out.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from pipeline.core.doubts import token_of
from pipeline.core.events import (
    CountFailure,
    Event,
    FreshAsked,
    Instruction,
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
from pipeline.core.model import Attempt, Entry, FailureClass, State
from pipeline.core.replies import Accepted, Doubtful, Halted, Refused


class Context(Struct, frozen=True):
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
    begun = moved(entry, State.RUNNING, run_id=event.run_id, started_at=context.at)
    return begun, (LookLater(),)


def refuse(entry: Entry, event: Event, context: Context) -> Step:
    """STARTING → FAILED: the service said no to this row."""
    assert isinstance(event, Refused)
    refused = moved(
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
        "paid for twice: `resolve` takes your decision"
    )
    is_inherited = not isinstance(event, Doubtful)
    return moved(entry, State.UNCONFIRMED, error=error), (Reconcile(is_inherited=is_inherited),)


def look_for_run(entry: Entry, _event: Event, _context: Context) -> Step:
    """UNCONFIRMED stays: each call looks for its run again, free."""
    return entry, (Reconcile(is_inherited=True),)


def find(entry: Entry, event: Event, context: Context) -> Step:
    """UNCONFIRMED → RUNNING: there is a run, and it is ours."""
    assert isinstance(event, RunFound)
    found = moved(
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
    ended = moved(
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
    failed = moved(
        entry,
        State.FAILED,
        ended_at=context.at,
        error=error,
        failure=FailureClass.UNCONFIRMED,
    )
    return failed, ()


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


def moved(entry: Entry, state: State, **changes: object) -> Entry:
    """The entry and its attempt in a new state."""
    assert entry.attempt is not None, f"entry {entry.id} is {entry.state} without an attempt"
    attempt = replace(entry.attempt, state=state, **changes)
    return replace(entry, state=state, attempt=attempt)


def _taken_back(entry: Entry) -> Entry:
    # Its number stays used: a token that was ever sent is never sent a second time.
    return replace(entry, state=State.PLANNED, attempt=None)
