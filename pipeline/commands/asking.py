"""What a person must agree to before rows are sent. Owns the opening of rounds.

Must not know how rows are sent.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from pipeline.commands.terminal import confirm, say
from pipeline.config.model import Config
from pipeline.core.events import FreshAsked, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, RoundKind, State
from pipeline.core.rules import Context
from pipeline.ledger.store import Ledger
from pipeline.ledger.whereabouts import Move, Whereabouts

ASKED_STATES: Final = {
    RoundKind.FRESH: (State.COMPLETE, State.FAILED, State.EXPIRED),
    RoundKind.RETRY: (State.FAILED, State.EXPIRED),
}
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

    Its new attempts then bear tokens that the original's never bear. Raises `UsageFault` where
    nobody agrees.
    """
    now = Whereabouts.of(ledger.path)
    match now.since(Whereabouts.kept_in(ledger)):
        case Move.COPIED:
            confirm(COPIED, is_agreed=is_agreed or config.workflow.is_simulated)
            ledger.renew_token()
        case Move.UNTOLD:
            say(MAY_BE_COPIED)
        case Move.NONE:
            pass
        case impossible:
            assert_never(impossible)
    now.keep_in(ledger)


def ask_again(kind: RoundKind, config: Config, ledger: Ledger, *, is_agreed: bool) -> int:
    """Open a round for the rows that this kind asks for again; tells how many they are.

    A round that has not ended goes on, and nothing is asked for twice in it. Raises `UsageFault`
    where nobody agrees to pay again for rows that were finished.
    """
    if ledger.open_round() is not None:
        return 0
    entries = ledger.entries_of_sheet(*ASKED_STATES[kind])
    if not entries:
        say(f"No row to {'send afresh' if kind is RoundKind.FRESH else 'retry'}.")
        return 0
    cost = cost_of(len(entries), ledger)
    complete = sum(entry.state is State.COMPLETE for entry in entries)
    if complete:
        question = f"{complete} rows that are complete would be paid for again ({cost})"
        confirm(question, is_agreed=is_agreed or config.workflow.is_simulated)
    say(f"{len(entries)} rows get a new attempt: {cost}.")
    now = time.time()

    def asked(round_id: int) -> Sequence[Entry]:
        event = EVENT_OF_ROUND[kind](round_id)
        return [step(entry, event, Context(now))[0] for entry in entries]

    return ledger.begin_round(kind, now, asked)


def tell_open_round(ledger: Ledger) -> None:
    """Say that a round goes on, so that nobody wonders why finished rows are pending."""
    current = ledger.open_round()
    if current is not None:
        pending = ledger.tally().count(State.PLANNED)
        say(f"A round of `{current[1]}` goes on: {pending} rows are still to be sent.")


def cost_of(rows: int, ledger: Ledger | None) -> str:
    """What runs for so many rows may cost, in words, from the runs so far."""
    mean = None if ledger is None else ledger.mean_credits()
    if mean is None:
        return "what a run costs is not known yet"
    return f"about {rows * mean:g} credits, at {mean:g} a run so far"
