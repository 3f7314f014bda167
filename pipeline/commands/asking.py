"""What a person must agree to before rows are sent. Owns the choice of rows and the rounds.

Must not know how rows are sent, nor what they cost.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from pipeline.commands.terminal import confirm, say
from pipeline.config.model import Config
from pipeline.core.counting import counted
from pipeline.core.events import FreshAsked, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import (
    CAME_TO_NOTHING,
    OUTCOMES,
    Entry,
    FailureClass,
    RoundKind,
    RowKey,
    State,
)
from pipeline.core.retrying import Answer, Choice, answer
from pipeline.core.rows.variables import RenderedRow, Sendable
from pipeline.core.rules import Context
from pipeline.ledger.records import Enrolled
from pipeline.ledger.store import Ledger
from pipeline.ledger.whereabouts import Move, Whereabouts

ASKED_STATES: Final = {
    RoundKind.FRESH: OUTCOMES,
    RoundKind.RETRY: CAME_TO_NOTHING,
}
ASKED_BY: Final = {RoundKind.FRESH: "run --fresh", RoundKind.RETRY: "retry"}
"""The command that opens such a round."""
EVENT_OF_ROUND: Final[Mapping[RoundKind, type[FreshAsked | RetryAsked]]] = {
    RoundKind.FRESH: FreshAsked,
    RoundKind.RETRY: RetryAsked,
}


COPIED: Final = (
    "this ledger was copied from another machine: if it is used there too, rows are paid for twice"
)
MAY_BE_COPIED: Final = (
    "This machine or the one before has no id, so it can't be told whether this ledger was copied "
    "from another machine: if it is used there too, rows are paid for twice."
)


def ask_about_a_copy(config: Config, ledger: Ledger, *, is_agreed: bool) -> None:
    """Notice a ledger that was copied to this machine, and let a person say that it may be used.

    Its new attempts then bear tokens that the original's never bear, and the original's webhooks
    are let alone. Raises `UsageFault` where
    nobody agrees.
    """
    now = Whereabouts.of(ledger.path)
    match now.since(Whereabouts.kept_in(ledger)):
        case Move.COPIED:
            confirm(COPIED, is_agreed=is_agreed or config.workflow.is_simulated)
            ledger.renew_token()
            # Those that the copy knows of are the other machine's, and may be in use.
            ledger.say_webhook_tokens(())
        case Move.UNTOLD:
            say(MAY_BE_COPIED)
        case Move.NONE:
            pass
        case impossible:
            assert_never(impossible)
    now.keep_in(ledger)


@dataclass(frozen=True, slots=True)
class Again:
    """What a call asks for once more."""

    kind: RoundKind
    choice: Choice


def find_again(again: Again | None, sheet: Iterable[RenderedRow], ledger: Ledger) -> list[Entry]:
    """The rows that the call asks for once more; says which of those that were meant are left out.

    None where a round has not ended: it goes on, and nothing is asked for twice in it.
    """
    if again is None:
        return []
    if ledger.open_round() is not None:
        if again.choice != Choice():
            say("What this call names is left aside until what was asked for before has ended.")
        return []
    rows = ledger.enrolled_in_sheet(*ASKED_STATES[again.kind])
    if again.kind is RoundKind.RETRY:
        rows = _chosen(rows, _numbers_of(sheet), again.choice)
    if not rows:
        meant = "send afresh" if again.kind is RoundKind.FRESH else "retry"
        say(f"No row to {meant}{_why_none(again.choice, sheet)}.")
    return [row.entry for row in rows]


def _why_none(choice: Choice, sheet: Iterable[RenderedRow]) -> str:
    """That the sheet has none of the rows that were named, where that is so."""
    numbers = [row.number for row in sheet] if choice.rows is not None else []
    if choice.rows is None or any(number in choice.rows for number in numbers):
        return ""
    first, last = numbers[0], numbers[-1]
    # Blank lines between them are no rows.
    where = (
        f", only row {first}" if first == last else f"; its rows stand between {first} and {last}"
    )
    return f": the sheet has no row of these numbers{where}"


def _numbers_of(sheet: Iterable[RenderedRow]) -> Mapping[RowKey, Sequence[int]]:
    """The numbers of the rows in the sheet; of those that share a run, all."""
    numbers = defaultdict(list)
    for row in sheet:
        if isinstance(row, Sendable):
            numbers[row.key].append(row.number)
    return numbers


def _chosen(
    rows: Sequence[Enrolled], numbers: Mapping[RowKey, Sequence[int]], choice: Choice
) -> list[Enrolled]:
    answers = defaultdict(list)
    for row in rows:
        answers[answer(row.entry, numbers[row.row_key], choice)].append(row)
    if unchanged := [row.row_number for row in answers[Answer.UNCHANGED]]:
        first, last = min(unchanged), max(unchanged)
        them = "it" if len(unchanged) == 1 else "them"
        named = f"{first}" if first == last else f"{first}-{last}"
        say(
            f"Left out: {counted(len(unchanged), 'row')} refused by the service and still the "
            f"same. To send {them} all the same, name {them}: "
            f"--class {FailureClass.INPUT} --rows {named}"
        )
    return answers[Answer.SENT_AGAIN]


def open_round(again: Again | None, entries: Sequence[Entry], ledger: Ledger) -> None:
    """Open a round for these rows, durable at once; without a row, there is none to open."""
    if again is None or not entries:
        return
    now = time.time()

    def asked(round_id: int) -> Sequence[Entry]:
        event = EVENT_OF_ROUND[again.kind](round_id)
        return [step(entry, event, Context(now))[0] for entry in entries]

    ledger.begin_round(again.kind, now, asked)


def tell_open_round(ledger: Ledger) -> None:
    """Say that what an earlier call asked for goes on: nobody wonders why rows are pending."""
    current = ledger.open_round()
    if current is not None:
        pending = ledger.tally().count(State.PLANNED)
        asked_by = ASKED_BY[current[1]]
        say(f"An earlier `{asked_by}` goes on; rows still to be sent: {pending}.")
