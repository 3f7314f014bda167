"""Why rows are not complete, and what to do, for whoever looks on. Owns the words.

Must not know where the rows come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.core.model import FailureClass, State


@dataclass(frozen=True, slots=True)
class Advice:
    """A cause in a few words, what it means, and what can be done."""

    title: str
    meaning: str
    remedy: str
    """``{config}`` stands for the config's file name."""


CELLS: Final = Advice(
    "Can't be sent",
    "A cell is missing or a template fails: nothing was sent, and it cost nothing.",
    "pipeline check {config} names each cell. Mend them in the sheet; the next run sends the rows.",
)
EXPIRED: Final = Advice(
    "Not seen to end",
    "A run was begun and watched for polling.give_up, and did not end.",
    "pipeline run {config} looks again, free. pipeline retry {config} looks, then pays for a "
    "new attempt.",
)
IN_DOUBT: Final = Advice(
    "Unconfirmed",
    "The reply to the start was lost: it may have been paid for, so it is held.",
    "pipeline run {config} looks for the runs again, free. pipeline resolve {config} takes your "
    "decision.",
)
RUN_FAILED: Final = Advice(
    "The run failed",
    "A run was begun, and failed at the service.",
    "pipeline retry {config} pays for a new attempt of each. Where many fail alike, look at the "
    "workflow first.",
)
OF_FAILED: Final[Mapping[FailureClass, Advice]] = {
    FailureClass.INPUT: Advice(
        "Refused",
        "The service would not begin a run with what the row holds.",
        "Mend the rows in the sheet; the next run sends them. Unchanged they are refused again.",
    ),
    FailureClass.PROVIDER: RUN_FAILED,
    FailureClass.NEVER_BEGUN: RUN_FAILED,
    FailureClass.UNCONFIRMED: Advice(
        "Given up",
        "It was not known whether the row was started, and a person gave it up.",
        "pipeline retry {config} sends it anew: if it did start, it is then paid for twice.",
    ),
}
"""By the class of the failure."""


def advice_on(state: State, failure: str | None) -> Advice:
    """What to say of rows that stand like this and are not complete."""
    if state is State.EXPIRED:
        return EXPIRED
    if state is State.UNCONFIRMED:
        return IN_DOUBT
    return RUN_FAILED if failure is None else OF_FAILED[FailureClass(failure)]
