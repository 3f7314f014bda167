"""What rows that are to be started will cost and take. Owns the arithmetic of the Quote.

A quote is an estimate: it says what follows if the runs to come are like those that ended. What
bounds the cost is the cap in `core.money.budget`. Must not know the Ledger: past runs come in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that ended, as far as it tells of those to come."""

    credits: float | None
    """``None``: the service did not say."""
    seconds: float | None
    """From its acceptance until its end was seen; ``None``: no call watched all of it."""
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """How a batch goes on: what its config allows."""

    starts_per_second: float
    burst: int
    max_in_flight: int
    looks_per_second: float
    retries: int
    """New attempts that a run which FAILED is given unasked."""
    credits_per_run: float | None
    """What the config says that a run costs; ``None``: it does not say."""


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate between the least and the most that past runs allow for."""

    low: float
    expected: float
    high: float

    def plus(self, amount: float) -> "Range":
        """The range with a known amount added to all of it."""
        return Range(self.low + amount, self.expected + amount, self.high + amount)


@dataclass(frozen=True, slots=True)
class Quote:
    """What so many rows will cost and take."""

    rows: int
    past_runs: int
    """Runs that ended and were looked at, whether or not they told anything."""
    credits: Range | None
    """``None``: no run named its credits, and the config does not say what one costs."""
    priced_runs: int
    """Runs that named their credits; 0: the config says what a run costs, if anything does."""
    seconds: Range
    """From the first start until the last run is seen to end; without timed runs, the starts."""
    timed_runs: int
    """Runs whose duration is known."""


def quote(rows: int, past: Sequence[PastRun], terms: Terms) -> Quote:
    """What so many rows will cost and take, if their runs are like the past ones.

    The expected figure is by the mean of the past runs, since a total is rows times a mean. The low
    and the high one are as if every run were like the least or the most of them: the total of any
    runs like those that were seen lies between, however their costs are spread, and for few runs
    nothing narrower would be honest.
    """
    priced = _range_of(run.credits for run in past)
    timed = _range_of(run.seconds for run in past)
    a_run = priced or _told(terms.credits_per_run)
    attempts = _attempts(rows, past, terms.retries)
    return Quote(
        rows=rows,
        past_runs=len(past),
        credits=None if a_run is None else _product(attempts, a_run),
        priced_runs=sum(run.credits is not None for run in past),
        seconds=_seconds(attempts, timed or NO_TIME, terms),
        timed_runs=sum(run.seconds is not None for run in past),
    )


NO_TIME: Final = Range(0.0, 0.0, 0.0)


def _range_of(amounts: Iterable[float | None]) -> Range | None:
    known = [amount for amount in amounts if amount is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    # Rounding can lift the mean of equal amounts above them.
    return Range(low, min(max(fsum(known) / len(known), low), high), high)


def _told(amount: float | None) -> Range | None:
    return None if amount is None else Range(amount, amount, amount)


def _attempts(rows: int, past: Sequence[PastRun], retries: int) -> Range:
    """How many runs the rows need: each that FAILED is followed by another, `retries` times."""
    failed = sum(run.has_failed for run in past) / len(past) if past else 0.0
    tries = sum(failed**earlier for earlier in range(retries + 1))
    return Range(rows, rows * tries, rows * (retries + 1))


def _product(one: Range, other: Range) -> Range:
    return Range(one.low * other.low, one.expected * other.expected, one.high * other.high)


def _seconds(attempts: Range, a_run: Range, terms: Terms) -> Range:
    return Range(
        _takes(attempts.low, a_run.low, terms),
        _takes(attempts.expected, a_run.expected, terms),
        _takes(attempts.high, a_run.high, terms),
    )


def _takes(attempts: float, run_seconds: float, terms: Terms) -> float:
    """The slowest of what all must pass: the starts' rate, the runs in flight, the looks' rate."""
    if not attempts:
        return 0.0
    starts = max(0.0, attempts - terms.burst) / terms.starts_per_second
    # By Little's law, no more than max_in_flight runs can end in the time that one takes.
    in_flight = attempts * run_seconds / terms.max_in_flight
    return max(starts + run_seconds, in_flight, attempts / terms.looks_per_second)
