"""The page on money says what the program does: its figures are computed, its words looked up."""

import re
from collections.abc import Sequence

import pytest

from docs.making.__main__ import CHECKOUT
from pipeline.commands.consent import ASK_ABOVE_ROWS, PILOT_ROWS
from pipeline.commands.quoting import cost_in_words
from pipeline.config.sections.behaviour import Limits
from pipeline.config.sections.behaviour import Retry as RetryKeys
from pipeline.core.model import FailureClass
from pipeline.core.money.budget import CreditCap, Spending
from pipeline.core.money.quoting import PastRun, Terms, quote
from pipeline.engine.batch.stop import StopReason
from pipeline.ledger.store import PAST_RUNS_TOLD
from pipeline.remote.wire import CREDIT_LIMIT

PAGE = (CHECKOUT / "docs" / "money.md").read_text(encoding="utf-8")


def table_under(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = PAGE.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)[1:]
    return [line.split(" | ") for line in lines]


def number(cell: str) -> float | None:
    """A cell's number; ``None``: it says that it is not known."""
    return None if cell == "not known" else float(cell.replace(",", ""))


@pytest.mark.parametrize("cells", table_under("How the cap is kept"), ids=" ".join)
def test_every_example_of_the_cap_is_what_the_program_allows(cells: Sequence[str]) -> None:
    """Whoever reckons with the page reckons as the program does."""
    cap, spent, unended, highest, room = map(number, cells)
    assert cap is not None
    spending = Spending(spent or 0, int(unended or 0), 0, highest)
    assert CreditCap(cap, None).room(spending) == room


@pytest.mark.parametrize("cells", table_under("What is an estimate"), ids=" ".join)
def test_every_example_of_a_quote_is_one_that_the_program_makes(cells: Sequence[str]) -> None:
    """To the word."""
    costs, rows, retries, told = cells
    past = [PastRun(float(cost), None, has_failed=False) for cost in costs.split(", ")]
    terms = Terms(1, 1, 500, 20, int(retries), None)
    words = cost_in_words(quote(int(rows), past, terms))
    assert words == f"{told}, by the {len(past)} runs so far"


def test_every_stop_is_told_with_what_becomes_of_the_runs() -> None:
    """And no other."""
    watched = {
        cells[0]: cells[2] == "are watched to their end"
        for cells in table_under("What stops a batch")
    }
    assert watched == {reason.value: reason.watches_on for reason in StopReason}


def test_every_class_of_failure_is_told() -> None:
    """And no other."""
    told = [cells[0] for cells in table_under("Trying again")]
    assert told == [
        f"`{failure}`"
        for failure in (
            FailureClass.INPUT,
            FailureClass.TRANSIENT,
            FailureClass.PROVIDER,
            FailureClass.UNCONFIRMED,
            FailureClass.NEVER_BEGUN,
        )
    ]
    assert len(told) == len(FailureClass)


@pytest.mark.parametrize(
    "said",
    [
        f"the newest {PAST_RUNS_TOLD} of\nthis workflow in the ledger",
        f"more than {ASK_ABOVE_ROWS} rows",
        f"a pilot of {PILOT_ROWS},",
        f"`{CREDIT_LIMIT}`",
    ],
)
def test_what_the_page_names_is_so(said: str) -> None:
    """A number that changes in the program changes here."""
    assert said in PAGE


def test_the_defaults_that_the_page_tells_are_so() -> None:
    """Nothing is tried again unasked, and there is no cap unless one is written."""
    assert RetryKeys().failed == 0
    assert Limits().max_credits is None
