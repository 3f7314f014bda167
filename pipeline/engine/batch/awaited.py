"""Credits that the service may name yet, since a look saw a run's end before it was told of.

Owns for how long they are awaited. Must not know how a delivery comes, nor what credits are for.
"""

from pipeline.core.model import RunId
from pipeline.engine.clock import Clock


class Awaited:
    """Runs that ended without credits, of which a delivery is still to come."""

    def __init__(self, clock: Clock, settle_seconds: float) -> None:
        self._clock = clock
        self._settle_seconds = settle_seconds
        """How long the service may lag."""
        self._until: dict[RunId, float] = {}
        """Those that are awaited for longest come first."""

    def __len__(self) -> int:
        return len(self._until)

    @property
    def first_until(self) -> float:
        """Until which moment the first of them is awaited."""
        return next(iter(self._until.values()))

    def add(self, run_id: RunId) -> None:
        """A look saw this run's end."""
        self._until[run_id] = self._clock.monotonic() + self._settle_seconds

    def drop(self, run_id: RunId) -> None:
        """All is told of this run."""
        self._until.pop(run_id, None)

    def overdue(self, moment: float) -> list[RunId]:
        """Those that are not to be awaited for longer than to this moment."""
        return [run_id for run_id, until in self._until.items() if until <= moment]
