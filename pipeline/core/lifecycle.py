"""What an Entry does next. Owns the one transition table. Must not know how it is carried out.

`step` takes an entry and what happened, and gives the entry as it now is and what is to be done
once that is durable. A restart goes through the same table as everything else: a new call tells
each unfinished entry `Resumed`.
"""

from collections.abc import Mapping
from typing import Final

from pipeline.core.events import (
    Event,
    FreshAsked,
    GaveUp,
    Intended,
    LateEnd,
    Resumed,
    RetryAsked,
    RowGivenUp,
    RunFound,
    ShownAbsent,
)
from pipeline.core.model import Entry, Observation, State
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    Missing,
    NotConnected,
    Refused,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.core.rules import (
    Context,
    Rule,
    Step,
    accept,
    doubt,
    find,
    impossible,
    intend,
    let_go,
    look_for_run,
    owe_retry,
    plan_retry,
    refuse,
    send_again,
    stay,
    take_back,
    take_back_and_stop,
)
from pipeline.core.runrules import (
    adopt_late,
    count_late,
    expire,
    look_before_paying,
    look_in_vain,
    miss,
    observe,
    stop_watching,
    watch_again,
)


def step(entry: Entry, event: Event, context: Context) -> Step:
    """The entry after the event, and what is to be done once that entry is durable."""
    return TRANSITIONS[entry.state, type(event)](entry, event, context)


NOT_UNDER_WAY: Final[dict[type, Rule]] = {
    # Only a start under way has a start's reply, only a watched run is looked at, and only a
    # doubt is settled.
    RunFound: impossible,
    ShownAbsent: impossible,
    RowGivenUp: impossible,
    Accepted: impossible,
    Refused: impossible,
    TryLater: impossible,
    NotConnected: impossible,
    Halted: impossible,
    Doubtful: impossible,
    Observation: impossible,
    Missing: impossible,
    Unreadable: impossible,
    Unreachable: impossible,
    GaveUp: impossible,
}

_ROWS: Final[dict[State, dict[type, Rule]]] = {
    State.PLANNED: NOT_UNDER_WAY
    | {
        Intended: intend,
        LateEnd: count_late,
        Resumed: look_before_paying,
        RetryAsked: stay,
        FreshAsked: stay,
    },
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
        Unreadable: impossible,
        Unreachable: impossible,
        GaveUp: impossible,
        RunFound: impossible,
        ShownAbsent: impossible,
        RowGivenUp: impossible,
        LateEnd: count_late,
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
        Missing: miss,
        Unreadable: look_in_vain,
        Unreachable: look_in_vain,
        GaveUp: expire,
        RunFound: impossible,
        ShownAbsent: impossible,
        RowGivenUp: impossible,
        LateEnd: count_late,
        Resumed: watch_again,
        RetryAsked: stay,
        FreshAsked: stay,
    },
    State.UNCONFIRMED: NOT_UNDER_WAY
    | {
        Intended: impossible,
        RunFound: find,
        ShownAbsent: send_again,
        RowGivenUp: let_go,
        LateEnd: count_late,
        Resumed: look_for_run,
        RetryAsked: stay,
        FreshAsked: stay,
    },
    State.COMPLETE: NOT_UNDER_WAY
    | {
        Intended: impossible,
        LateEnd: count_late,
        Resumed: stay,
        RetryAsked: stay,
        FreshAsked: plan_retry,
    },
    State.FAILED: NOT_UNDER_WAY
    | {
        Intended: impossible,
        LateEnd: adopt_late,
        Resumed: stay,
        RetryAsked: plan_retry,
        FreshAsked: plan_retry,
    },
    State.EXPIRED: NOT_UNDER_WAY
    | {
        Intended: impossible,
        LateEnd: adopt_late,
        Resumed: watch_again,
        RetryAsked: owe_retry,
        FreshAsked: plan_retry,
    },
}

TRANSITIONS: Final[Mapping[tuple[State, type], Rule]] = {
    (state, event): rule for state, row in _ROWS.items() for event, rule in row.items()
}
"""The one table: every state of an entry meets every event in exactly one rule."""
