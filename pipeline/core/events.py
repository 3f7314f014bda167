"""What can happen to an Entry, and what is then to be done. Owns both closed sets.

What happened is a noun or a participle, what is to be done a verb. The service's replies are events
too. Must not know what follows from what: that is the table's, in `lifecycle`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.core.model import Observation, RunId
from pipeline.core.replies import Halted, LookReply, StartReply


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
class RunFound:
    """The run of an attempt in doubt was found at the service, or a person named it."""

    run_id: RunId
    is_named: bool = False
    """Whether a person named it."""


@dataclass(frozen=True, slots=True)
class ShownAbsent:
    """The run of an attempt in doubt was shown never to have begun, or a person said so."""

    by: str
    """Who showed it, for the person who owns the sheet."""


@dataclass(frozen=True, slots=True)
class RowGivenUp:
    """A person wants nothing more of a row in doubt."""


@dataclass(frozen=True, slots=True)
class LateEnd:
    """An attempt that is not watched any more was seen to have ended, by whatever look."""

    observation: Observation


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A person wants a new attempt of what failed or expired."""

    round_id: int


@dataclass(frozen=True, slots=True)
class FreshAsked:
    """A person wants earlier outcomes left aside, and to pay again."""

    round_id: int


DoubtEvent: TypeAlias = RunFound | ShownAbsent | RowGivenUp
AskEvent: TypeAlias = Intended | Resumed | RetryAsked | FreshAsked
Event: TypeAlias = StartReply | LookReply | DoubtEvent | AskEvent | GaveUp | LateEnd


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
    """The run was seen running: look at it again when one like it may have ended."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The look told nothing of the run: what it was to tell is still to be seen."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Look for the run of the attempt in doubt in the service's list."""

    is_inherited: bool
    """Whether an earlier call left the doubt."""


@dataclass(frozen=True, slots=True)
class CountFailure:
    """One more row failed within this call."""


@dataclass(frozen=True, slots=True)
class StopBatch:
    """The service will take no more of this batch until a person acts."""

    halted: Halted


Instruction: TypeAlias = (
    SendStart | StartAgain | LookNow | LookLater | LookAgain | Reconcile | CountFailure | StopBatch
)
