"""What a person agrees to pay. Owns the questions about credits, and what is said before and after.

Must not know how rows are sent, nor how a quote is made.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from pipeline.commands.quoting import (
    cap_in_words,
    cost_in_words,
    quote_for,
    time_in_words,
    whole_in_words,
)
from pipeline.commands.terminal import agrees, ask, can_ask, confirm, refusal, say
from pipeline.config.model import Config
from pipeline.core.counting import counted
from pipeline.core.model import Entry, State
from pipeline.core.money.quoting import Quote
from pipeline.ledger.store import Ledger

ASK_ABOVE_ROWS: Final = 50
"""So many rows are started without a question about their cost."""
PILOT_ROWS: Final = 5


class Consent(Enum):
    """What a person agreed to."""

    ALL = auto()
    PILOT = auto()
    """A few rows first; then they are asked again."""


def ask_to_pay(
    entries: Sequence[Entry],
    config: Config,
    ledger: Ledger,
    limit: int | None,
    *,
    is_agreed: bool,
) -> Consent:
    """Say what the rows to start will cost, those asked for again among them, and ask.

    Raises `UsageFault` where nobody agrees to pay again for rows that were finished, or where the
    person who was asked does not agree.
    """
    is_agreed = is_agreed or config.workflow.is_simulated
    complete = sum(entry.state is State.COMPLETE for entry in entries)
    if entries:
        cost = cost_in_words(quote_for(len(entries), config, ledger))
        if complete:
            question = f"{counted(complete, 'complete row')} would be paid for again ({cost})"
            confirm(question, is_agreed=is_agreed)
        say(f"Rows that get a new attempt: {len(entries)}; {cost}.")
    waiting = ledger.tally().count_entries(State.PLANNED) + len(entries)
    rows = waiting if limit is None else min(waiting, limit)
    if entries and rows < waiting:
        cost = cost_in_words(quote_for(rows, config, ledger))
        say(f"This call sends {counted(rows, 'row')} at the most (--limit); {cost}.")
    if is_agreed or complete or rows <= ASK_ABOVE_ROWS or not can_ask():
        return Consent.ALL
    return _ask_about_cost(quote_for(rows, config, ledger), config, ledger)


def _ask_about_cost(quoted: Quote, config: Config, ledger: Ledger) -> Consent:
    _tell_plan(quoted, config, ledger)
    if quoted.past_runs:
        confirm(f"{quoted.rows} rows are started and paid for", is_agreed=False)
        return Consent.ALL
    said = ask(f"Send {PILOT_ROWS} of them first, as a pilot? [y/all/N] ") or ""
    match said.strip().lower():
        case "y" | "yes":
            return Consent.PILOT
        case "all":
            return Consent.ALL
        case _:
            raise refusal()


def _tell_plan(quoted: Quote, config: Config, ledger: Ledger) -> None:
    states = ledger.tally().entries or {}
    known = "".join(
        f", {count} {state}" for state, count in states.items() if state is not State.PLANNED
    )
    say(f"{config.name}: {counted(quoted.rows, 'row')} to start{known}")
    _tell_quote(quoted, config, ledger)


def _tell_quote(quoted: Quote, config: Config, ledger: Ledger) -> None:
    say(f"cost: {cost_in_words(quoted)}")
    say(f"time: {time_in_words(quoted)}")
    if (cap := cap_in_words(config, ledger.spending())) is not None:
        say(cap)


def tell_slow_begin(config: Config, ledger: Ledger) -> None:
    """Say why only one run is started at first, where a cap and no known cost ask for it."""
    cap = config.limits.cap
    spending = ledger.spending()
    if cap is None or spending.unnamed or cap.reserve_credits(spending) is not None:
        return
    if cap.max_credits > 0 and ledger.tally().count(State.PLANNED) > 1:
        say(
            "What a run costs is not known yet: to keep limits.max_credits, the first run must end "
            "before others start. With limits.credits_per_run they would not wait."
        )


def tell_rest(config: Config, ledger: Ledger) -> None:
    """After a pilot: what the rows that are still to be started will cost and take."""
    rows = ledger.tally().count_entries(State.PLANNED)
    if not rows:
        return
    quoted = quote_for(rows, config, ledger)
    say(f"{config.name}: {counted(rows, 'row')} still to be started")
    _tell_quote(quoted, config, ledger)
    if (whole := whole_in_words(quoted, ledger.tally().credits)) is not None:
        say(f"the whole sheet: {whole}")


def goes_on_after_pilot(config: Config, ledger: Ledger) -> bool:
    """Say what the rest will cost after the pilot, and ask whether to go on with it."""
    tell_rest(config, ledger)
    return agrees("The pilot has ended. Go on with the rest? [y/N] ")
