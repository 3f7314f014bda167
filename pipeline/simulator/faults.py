"""What may go wrong between a caller and the service. Owns the faults, by name, and their effects.

Must not know runs, nor where chance comes from: a number in [0, 1) is passed in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from functools import cached_property
from typing import Final, assert_never

from pipeline.simulator.replies import Answer, Cut, Reply, invalid, not_found, too_many

SLOW_SECONDS: Final = 2.0
"""How long a slow reply takes."""

LATE_SECONDS: Final = 1.0
"""How long after the connection died a late start begins its run."""

EARLY_SECONDS: Final = 0.5
"""How much later than the push of its run's end the reply to a start may come."""

UNSEEN_SECONDS: Final = 1.0
"""How long after its start a run may be unknown to those who look for it."""


class Call(Enum):
    """The calls that faults can befall."""

    START = auto()
    EARLY_LOOK = auto()
    """A look within `UNSEEN_SECONDS` of the start; decided once for each run."""
    LOOK = auto()
    LIST = auto()
    PUSH = auto()
    """The telling of a run's end to the webhooks; decided once for each run."""


class Fault(StrEnum):
    """The names of the faults, as they stand in a config."""

    LOST_REPLY = "lost_reply"
    LOST_REQUEST = "lost_request"
    LATE_START = "late_start"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER = "server_error_after"
    TOO_MANY = "too_many"
    TOO_MANY_BARE = "too_many_bare"
    SLOW = "slow"
    NOT_FOUND_AT_FIRST = "not_found_at_first"
    GARBLED = "garbled"
    REFUSED = "refused"
    PUSH_EARLY = "push_early"
    PUSH_LOST = "push_lost"
    PUSH_LATE = "push_late"
    PUSH_DOUBLED = "push_doubled"
    PUSH_BARE = "push_bare"
    PUSH_FORGED = "push_forged"


BEFALLS: Final[Mapping[Call, tuple[Fault, ...]]] = {
    Call.START: (
        Fault.LOST_REPLY,
        Fault.LOST_REQUEST,
        Fault.LATE_START,
        Fault.SERVER_ERROR,
        Fault.SERVER_ERROR_AFTER,
        Fault.TOO_MANY,
        Fault.TOO_MANY_BARE,
        Fault.SLOW,
        Fault.REFUSED,
        Fault.PUSH_EARLY,
    ),
    Call.EARLY_LOOK: (Fault.NOT_FOUND_AT_FIRST,),
    Call.LOOK: (
        Fault.LOST_REQUEST,
        Fault.SERVER_ERROR,
        Fault.TOO_MANY,
        Fault.TOO_MANY_BARE,
        Fault.SLOW,
        Fault.GARBLED,
    ),
    Call.LIST: (
        Fault.LOST_REQUEST,
        Fault.SERVER_ERROR,
        Fault.TOO_MANY,
        Fault.TOO_MANY_BARE,
        Fault.SLOW,
    ),
    Call.PUSH: (
        Fault.PUSH_LOST,
        Fault.PUSH_LATE,
        Fault.PUSH_DOUBLED,
        Fault.PUSH_BARE,
        Fault.PUSH_FORGED,
    ),
}
"""Which faults can befall a call, in the order in which they take their share of the chance."""


@dataclass(frozen=True)
class Faults:
    """The share of calls (0 to 1) that each fault befalls; of one call, at most one.

    Where the shares of the faults of a call add up to more than 1, the first in `BEFALLS` win.
    """

    lost_reply: float = 0.0
    """The run is begun, and the connection is cut before the reply."""
    lost_request: float = 0.0
    """The connection is cut, and nothing is begun."""
    late_start: float = 0.0
    """The connection is cut, and the run is begun `LATE_SECONDS` later."""
    server_error: float = 0.0
    """500 with a page of HTML, and nothing is begun."""
    server_error_after: float = 0.0
    """500 with a page of HTML, though the run is begun."""
    too_many: float = 0.0
    """429 that asks to come back after a second."""
    too_many_bare: float = 0.0
    """429 with a Retry-After that is no number and no date (a start), or with none (a look)."""
    slow: float = 0.0
    """The reply takes `SLOW_SECONDS`."""
    not_found_at_first: float = 0.0
    """The run is answered 404 for `UNSEEN_SECONDS`."""
    garbled: float = 0.0
    """200 to a look, with JSON that is cut off in the middle."""
    refused: float = 0.0
    """422 to a start, whatever it holds."""
    push_early: float = 0.0
    """The run ends at once, and the start's reply takes `EARLY_SECONDS` longer than the push."""
    push_lost: float = 0.0
    """The run's end is told to nobody."""
    push_late: float = 0.0
    """It is told long after it came."""
    push_doubled: float = 0.0
    """It is told twice."""
    push_bare: float = 0.0
    """It is told without outputs and credits."""
    push_forged: float = 0.0
    """It is told, and so is the end of a run that never was."""

    @cached_property
    def befallen(self) -> frozenset[Call]:
        """The calls that any fault ever befalls."""
        shares = {fault: getattr(self, fault.value) for fault in Fault}
        return frozenset(call for call, faults in BEFALLS.items() if any(map(shares.get, faults)))

    def decide(self, call: Call, chance: float) -> Fault | None:
        """The fault that befalls a call, where `chance` is uniform in [0, 1)."""
        reach = 0.0
        for fault in BEFALLS[call]:
            reach += getattr(self, fault.value)
            if chance < reach:
                return fault
        return None


def answer_instead(fault: Fault | None, call: Call) -> Answer | None:
    """What is answered in place of doing the call; ``None`` where the call is done all the same."""
    match fault:
        case Fault.LOST_REQUEST:
            return Cut()
        case Fault.SERVER_ERROR:
            return _server_error()
        case Fault.TOO_MANY:
            return too_many(1)
        case Fault.TOO_MANY_BARE:
            # A start meets the malformed header, since a start that comes too early costs most.
            headers = {"Retry-After": "soon"} if call is Call.START else {}
            return replace(too_many(1), headers=headers)
        case Fault.NOT_FOUND_AT_FIRST:
            return not_found("Workflow run")
        case Fault.REFUSED:
            return invalid("startVariables", "The workflow does not accept these start variables")
        case (
            None
            | Fault.LOST_REPLY
            | Fault.LATE_START
            | Fault.SERVER_ERROR_AFTER
            | Fault.SLOW
            | Fault.GARBLED
            | Fault.PUSH_EARLY
            | Fault.PUSH_LOST
            | Fault.PUSH_LATE
            | Fault.PUSH_DOUBLED
            | Fault.PUSH_BARE
            | Fault.PUSH_FORGED
        ):
            return None
        case _:
            assert_never(fault)


def on_the_way(fault: Fault | None, reply: Reply) -> Answer:
    """What becomes of the reply to a call that was done."""
    match fault:
        case Fault.LOST_REPLY | Fault.LATE_START:
            return Cut()
        case Fault.SERVER_ERROR_AFTER:
            return _server_error()
        case Fault.SLOW:
            return replace(reply, delay_seconds=SLOW_SECONDS)
        case Fault.PUSH_EARLY:
            return replace(reply, delay_seconds=EARLY_SECONDS)
        case Fault.GARBLED:
            whole = json.dumps(reply.body)
            return Reply(200, whole[: len(whole) // 2], {"Content-Type": "application/json"})
        case (
            None
            | Fault.LOST_REQUEST
            | Fault.SERVER_ERROR
            | Fault.TOO_MANY
            | Fault.TOO_MANY_BARE
            | Fault.NOT_FOUND_AT_FIRST
            | Fault.REFUSED
            | Fault.PUSH_LOST
            | Fault.PUSH_LATE
            | Fault.PUSH_DOUBLED
            | Fault.PUSH_BARE
            | Fault.PUSH_FORGED
        ):
            return reply
        case _:
            assert_never(fault)


def _server_error() -> Reply:
    page = "<html><body><h1>500 Internal Server Error</h1></body></html>"
    return Reply(500, page, {"Content-Type": "text/html"})
