"""May one more be paid? Owns the limit on failures. Must not know the Ledger.

Counts are passed in.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many rows may fail within one call before the batch stops: a count or a share."""

    count: int | None = None
    percent: float | None = None

    def is_reached(self, failures: int, rows: int) -> bool:
        """Whether so many failures among the rows that this call has to send stop the batch."""
        return failures >= self.allowed(rows)

    def allowed(self, rows: int) -> int:
        """The number of failures that stops a call of so many rows; never less than one."""
        if self.count is not None:
            return self.count
        return max(1, math.ceil(round(rows * (self.percent or 0) / 100, 9)))
