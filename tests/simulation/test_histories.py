"""Whatever becomes of a sheet, no row is paid for more often than a few lines say it may be."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipeline.core.model import RoundKind
from tests.simulation.guards import GUARDS
from tests.simulation.history import History

Rows: TypeAlias = list[str]

COMPANIES: Final = st.sampled_from(["Acme", "Beta", "Gamma"])
CHANGES: Final[Mapping[str, Callable[[Rows, int, str], Rows]]] = {
    "insert": lambda rows, place, company: [*rows[:place], company, *rows[place:]],
    "delete": lambda rows, place, _: [*rows[:place], *rows[place + 1 :]] or rows,
    "edit": lambda rows, place, company: [*rows[:place], company, *rows[place + 1 :]],
    "duplicate": lambda rows, place, _: [*rows, rows[place]],
    "sort": lambda rows, *_: sorted(rows),
    "turn round": lambda rows, *_: rows[::-1],
}
"""What a person does to the rows, at some place and with some company."""

EXAMPLES: Final = int(os.environ.get("N", "40"))


class Months(RuleBasedStateMachine):
    """Changes of the sheet and of the config, and calls between them, in any order."""

    @initialize(
        duplicates=st.sampled_from(["each", "once"]),
        max_credits=st.sampled_from([None, None, 4, 10]),
        companies=st.lists(COMPANIES, min_size=1, max_size=4),
    )
    def begin(self, duplicates: str, max_credits: int | None, companies: Rows) -> None:
        """A sheet, and its config."""
        self.folder = tempfile.TemporaryDirectory()
        self.history = History(Path(self.folder.name), duplicates, max_credits)
        self.history.companies = companies

    @rule(change=st.sampled_from(sorted(CHANGES)), place=st.integers(0, 7), company=COMPANIES)
    def change_the_rows(self, change: str, place: int, company: str) -> None:
        """A row comes, goes, is edited or copied; all of them are sorted."""
        rows = self.history.companies
        self.history.companies = CHANGES[change](rows, place % len(rows), company)

    @rule(header=st.sampled_from(["Company", "Firm"]), tone=st.sampled_from(["mild", "stern"]))
    def edit_the_config(self, header: str, tone: str) -> None:
        """The column is renamed, there and in the sheet; all rows would be sent with another tone.

        The first makes no row new, the second all: what was paid for is asked about then.
        """
        self.history.header, self.history.tone = header, tone

    @precondition(lambda self: self.history.max_credits is not None)
    @rule()
    def raise_the_cap(self) -> None:
        """More may be spent."""
        self.history.max_credits += 4

    @rule()
    def run(self) -> None:
        """The command is given, and comes to its end."""
        self.history.call()

    @rule(dies_at=st.integers(1, 12))
    def run_and_die(self, dies_at: int) -> None:
        """The command is given, and killed."""
        self.history.call(dies_at=dies_at)

    @rule(dies_at=st.none() | st.integers(1, 12))
    def run_fresh(self, dies_at: int | None) -> None:
        """All rows are asked for once more, unless a round goes on."""
        self.history.call(dies_at=dies_at, asks=RoundKind.FRESH)

    @rule(dies_at=st.none() | st.integers(1, 12))
    def retry(self, dies_at: int | None) -> None:
        """The rows that did not complete are asked for once more, unless a round goes on."""
        self.history.call(dies_at=dies_at, asks=RoundKind.RETRY)

    @invariant()
    def nothing_is_paid_that_may_not_be(self) -> None:
        """By the service's own count, for each row; and never more than the cap in all."""
        if hasattr(self, "history"):
            assert self.history.paid() <= self.history.may_pay
            cap = self.history.max_credits
            assert cap is None or self.history.spent() <= cap

    def teardown(self) -> None:
        """At last all that was begun is seen to end, and every credit is told of."""
        if not hasattr(self, "history"):
            return
        with self.folder:
            self.history.max_credits = None
            self.history.companies = ["Another"]
            self.history.call()
            self.nothing_is_paid_that_may_not_be()


Months.TestCase.settings = settings(
    deadline=None,
    max_examples=EXAMPLES,
    stateful_step_count=15,
    suppress_health_check=[HealthCheck.too_slow],
)
TestMonths = pytest.mark.slow(Months.TestCase)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["the intent is durable before its start leaves", "a start that a crash cut off is in doubt"],
)
def test_without_a_guard_a_row_is_paid_for_too_often(name: str) -> None:
    """The months above can fail: a call that dies between a send and its record is among them."""
    (guard,) = (guard for guard in GUARDS if guard.name == name)
    as_found = settings(
        Months.TestCase.settings, phases=[Phase.generate], derandomize=True, database=None
    )
    with guard.without(), pytest.raises(AssertionError):
        run_state_machine_as_test(Months, settings=as_found)
