"""The quote for a batch, as a person reads it. Owns its words, and what it is made from.

Must not know whether anybody is asked, nor the arithmetic: that is `core.money.quoting`'s.
"""

from typing import Final

from pipeline.config.model import Config
from pipeline.core.amounts import about_in_words, amount_in_words
from pipeline.core.money.budget import Spending
from pipeline.core.money.quoting import Quote, Range, Terms, quote
from pipeline.core.timing.spans import span
from pipeline.ledger.store import Ledger

UNPRICED: Final = "what a run costs is not known yet"
UNNAMED: Final = (
    "what a run costs is not known: the service names no credits. Say it in limits.credits_per_run"
)


def quote_for(rows: int, config: Config, ledger: Ledger | None) -> Quote:
    """What so many rows will cost and take, by the runs that the ledger knows."""
    workflow = config.workflow
    past = [] if ledger is None else ledger.past_runs(workflow.service, workflow.id)
    return quote(rows, past, terms_of(config))


def terms_of(config: Config) -> Terms:
    """How the config lets a batch go on."""
    limits = config.limits
    return Terms(
        starts_per_second=limits.rate.per_second,
        burst=limits.burst,
        max_in_flight=limits.max_in_flight,
        looks_per_second=config.polling.rate.per_second,
        retries=config.retry.failed,
        credits_per_run=limits.credits_per_run,
    )


def cost_in_words(quoted: Quote) -> str:
    """The credits and their range, and what they are taken from."""
    if quoted.credits is None:
        return UNNAMED if quoted.past_runs else UNPRICED
    amount = _amount(quoted.credits)
    if not quoted.priced_runs:
        return f"{amount}, by limits.credits_per_run"
    return f"{amount}, by {_past(quoted.priced_runs)}"


def time_in_words(quoted: Quote) -> str:
    """The time and its range, and what it is taken from."""
    low, expected, high = map(
        span, (quoted.seconds.low, quoted.seconds.expected, quoted.seconds.high)
    )
    if not quoted.timed_runs:
        return f"{expected} for the starts, then until the last run ends"
    between = "" if low == high else f" ({low} to {high})"
    return f"about {expected}{between}, by {_past(quoted.timed_runs)}"


def whole_in_words(quoted: Quote, spent_credits: float) -> str | None:
    """What the batch costs with what is spent already; ``None`` where nobody can say."""
    if quoted.credits is None:
        return None
    return _amount(quoted.credits.plus(spent_credits))


def cap_in_words(config: Config, spending: Spending) -> str | None:
    """Where the batch stops whatever its runs turn out to cost; ``None``: nothing stops it."""
    cap = config.limits.max_credits
    if cap is None:
        return None
    return (
        f"limits.max_credits is {amount_in_words(cap)}, {amount_in_words(spending.credits)} spent"
    )


def _amount(amount: Range) -> str:
    low, high = amount_in_words(amount.low), amount_in_words(amount.high)
    between = "" if low == high else f" ({low} to {high})"
    return f"about {about_in_words(amount.expected)} credits{between}"


def _past(runs: int) -> str:
    return "the one run so far" if runs == 1 else f"the {runs} runs so far"
