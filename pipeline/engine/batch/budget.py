"""The budget of a batch while it runs. Owns what was spent, and why that stops the starts.

Must not know which row is whose turn, nor how a cap is kept: that is `core.money.budget`'s.
"""

from typing import Final

from pipeline.core.amounts import amount_in_words
from pipeline.core.counting import counted
from pipeline.core.model import Attempt
from pipeline.core.money.budget import MANY, CreditCap, Spending
from pipeline.engine.batch.stop import Stop, StopReason

OPEN: Final = "in doubt, expired or of unknown cost"
OPEN_WITH_OTHERS: Final = "in doubt, expired, of unknown cost or of another workflow"
"""What a run may be that is reserved for while nothing is in flight."""


class Budget:
    """What the ledger's attempts cost so far, against the cap; without a cap, all is allowed.

    Where others spend too, `spending` is ``None``: only what this batch sees is known here, so that
    nothing is held back by it, and the ledger keeps the cap.
    """

    def __init__(self, cap: CreditCap | None, spending: Spending | None) -> None:
        self._cap = self._config_cap = cap
        self._keeps_cap = spending is not None
        self._spending = spending or Spending()

    @property
    def spent_credits(self) -> float:
        """What counts against the cap as spent: all attempts, also of rows that left the sheet."""
        return self._spending.credits

    @property
    def room(self) -> int:
        """How many more runs may be started now, as far as it is this budget that says so."""
        if self._cap is None or not self._keeps_cap:
            return MANY
        return self._cap.room(self._spending)

    def cap_at(self, cap: CreditCap | None) -> None:
        """Keep to another cap from now on."""
        self._cap = cap

    @property
    def is_overdrawn(self) -> bool:
        """Whether what is out may pass the cap already: runs turned out dearer than they were."""
        if self._cap is None or not self._keeps_cap:
            return False
        return self._cap.is_overdrawn(self._spending)

    def spend(self, before: Attempt | None, now: Attempt | None) -> None:
        """An attempt changed; ``None`` stands for one that is none."""
        self._spending = self._spending.after(before, now)

    def blindness(self, awaited: int) -> Stop | None:
        """Why no start may leave: the cost of a run that ended is not known, nor what to assume.

        The cost of so many runs is `awaited` yet.
        """
        return self._blindness(self._spending, awaited)

    def exhaustion(self) -> Stop:
        """Why no start may leave: one more could pass the cap, and nothing will make room."""
        return self._exhaustion(self._spending)

    def refusal(self, spending: Spending) -> Stop:
        """Why the ledger lets no start leave, after so much was spent by all who work on it."""
        return self._blindness(spending) or self._exhaustion(spending)

    def _blindness(self, spending: Spending, awaited: int = 0) -> Stop | None:
        is_told = spending.unnamed <= awaited
        if is_told or self._cap is None or not self._cap.is_blind(spending):
            return None
        message = "the service names no credits, so limits.max_credits can't be kept"
        return Stop(StopReason.CREDITS_UNKNOWN, message)

    def _exhaustion(self, spending: Spending) -> Stop:
        own = self._config_cap
        if self._cap == own:
            return exhaustion(self._cap, spending)
        over = (
            "no limit in the config"
            if own is None
            else f"the config's {amount_in_words(own.max_credits)}"
        )
        reason = StopReason.ADJUSTED_CAP_REACHED
        if own is not None and not own.room(spending):
            reason = StopReason.CAP_REACHED
        return exhaustion(self._cap, spending, reason, f", set by `adjust` over {over}")


def exhaustion(
    cap: CreditCap | None,
    spending: Spending,
    reason: StopReason = StopReason.CAP_REACHED,
    origin: str = "",
) -> Stop:
    """Why no start may leave after so much was spent; `origin`: where the cap is from."""
    assert cap is not None, "without a cap there is always room"
    told = f"limits.max_credits is {amount_in_words(cap.max_credits)}{origin}"
    reserve = cap.reserve_credits(spending)
    open_ = counted(spending.open, "run")
    if reserve is None and spending.open:
        message = f"{told}, and what a run costs is not known: {open_} may cost yet"
        # A higher cap would change nothing.
        is_asked = reason is StopReason.CAP_REACHED
        return Stop(StopReason.CREDITS_UNKNOWN if is_asked else reason, message)
    reserved = ""
    if spending.open:
        why = OPEN_WITH_OTHERS if spending.open_of_others else OPEN
        held = amount_in_words(cap.reserved_credits(spending))
        reserved = f", {held} are reserved for {open_} {why}"
    a_run = "" if reserve is None else f", and one more may cost {amount_in_words(reserve)}"
    spent = amount_in_words(spending.credits)
    return Stop(reason, f"{told}: {spent} are spent{reserved}{a_run}")
