"""The budget of a batch while it runs. Owns what was spent, and why that stops the starts.

Must not know which row is whose turn, nor how a cap is kept: that is `core.money.budget`'s.
"""

from pipeline.core.counting import counted
from pipeline.core.model import Attempt
from pipeline.core.money.budget import MANY, CreditCap, Spending
from pipeline.engine.batch.stop import Stop, StopReason


class Budget:
    """What the ledger's attempts cost so far, against the cap; without a cap, all is allowed."""

    def __init__(self, cap: CreditCap | None, spending: Spending) -> None:
        self._cap = self._config_cap = cap
        self._spending = spending

    @property
    def room(self) -> int:
        """How many more runs may be started now."""
        return MANY if self._cap is None else self._cap.room(self._spending)

    def cap_at(self, cap: CreditCap | None) -> None:
        """Keep to another cap from now on."""
        self._cap = cap

    @property
    def is_overdrawn(self) -> bool:
        """Whether what is out may pass the cap already: runs turned out dearer than they were."""
        return self._cap is not None and self._cap.is_overdrawn(self._spending)

    def spend(self, before: Attempt | None, now: Attempt | None) -> None:
        """An attempt changed; ``None`` stands for one that is none."""
        self._spending = self._spending.after(before, now)

    def blindness(self, awaited: int) -> Stop | None:
        """Why no start may leave: the cost of a run that ended is not known, nor what to assume.

        The cost of so many runs is `awaited` yet.
        """
        is_told = self._spending.unnamed <= awaited
        if is_told or self._cap is None or not self._cap.is_blind(self._spending):
            return None
        message = "the service names no credits, so limits.max_credits can't be kept"
        return Stop(StopReason.CREDITS_UNKNOWN, message)

    def exhaustion(self) -> Stop:
        """Why no start may leave: one more could pass the cap, and nothing will make room."""
        own = self._config_cap
        if self._cap == own:
            return exhaustion(self._cap, self._spending)
        over = "no limit in the config" if own is None else f"the config's {own.max_credits:g}"
        reason = StopReason.ADJUSTED_CAP_REACHED
        if own is not None and not own.room(self._spending):
            reason = StopReason.CAP_REACHED
        return exhaustion(self._cap, self._spending, reason, f", set by `adjust` over {over}")


def exhaustion(
    cap: CreditCap | None,
    spending: Spending,
    reason: StopReason = StopReason.CAP_REACHED,
    origin: str = "",
) -> Stop:
    """Why no start may leave after so much was spent; `origin`: where the cap is from."""
    assert cap is not None, "without a cap there is always room"
    told = f"limits.max_credits is {cap.max_credits:g}{origin}"
    reserve = cap.reserve_credits(spending)
    open_ = spending.unended + spending.unnamed
    if reserve is None and cap.max_credits > 0:
        message = (
            f"{told}, and what a run costs is not known: "
            f"{counted(open_, 'run')} may cost yet; say in limits.credits_per_run what to reserve"
        )
        return Stop(reason, message)
    in_doubt = f"{counted(open_, 'run')} in doubt, expired or of unknown cost"
    reserved = f", {in_doubt} {'is' if open_ == 1 else 'are'} reserved" if open_ else ""
    a_run = "" if reserve is None else f", and one more may cost {reserve:g}"
    return Stop(reason, f"{told}: {spending.credits:g} are spent{reserved}{a_run}")
