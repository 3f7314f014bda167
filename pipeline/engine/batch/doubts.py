"""The attempts in doubt while a batch runs. Owns since when, and what this call knows to exist.

Must not know how a list of runs is read, nor what it shows.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.core.doubts import Doubt, Settle, digest_of
from pipeline.core.model import Entry, Json, RunId, Token
from pipeline.core.reconciling import Control
from pipeline.engine.clock import Clock
from pipeline.ledger.records import Enrolled

CONTROLS: Final = 100
"""So many runs that are known to exist must be in a list that is trusted, the newest of them."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    since: float
    is_inherited: bool


class Doubts:
    """Which entries are in doubt, and which starts were accepted since. Moments are monotonic."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[int, _Beginning] = {}
        self.changed = asyncio.Event()
        """Set when another entry is in doubt."""
        self._accepted: deque[tuple[RunId, float]] = deque(maxlen=CONTROLS)

    def __len__(self) -> int:
        return len(self._begun)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._begun

    def add(self, entry_id: int, *, is_inherited: bool) -> None:
        """From now on it is in doubt whether this entry's newest attempt began a run."""
        self._begun[entry_id] = _Beginning(self._clock.monotonic(), is_inherited)
        self.changed.set()

    def settled(self, entry_id: int) -> None:
        """It is in doubt no more, if it ever was."""
        self._begun.pop(entry_id, None)

    def accepted(self, entry: Entry) -> None:
        """The service accepted a start of this call."""
        assert entry.attempt is not None
        assert entry.attempt.run_id is not None
        self._accepted.append((entry.attempt.run_id, self._clock.monotonic()))

    @property
    def newest_accepted_at(self) -> float | None:
        """When the newest start of this call was accepted."""
        return self._accepted[-1][1] if self._accepted else None

    def next_due_at(self, settle: Settle, last_sweep_at: float | None) -> float | None:
        """When the list is next worth a sweep; ``None``: not within this call, as things stand.

        What an earlier call left is looked for at once: its run may be there to be found.
        """
        if last_sweep_at is None and any(one.is_inherited for one in self._begun.values()):
            return self._clock.monotonic()
        newest = self.newest_accepted_at
        dues = (settle.due_at(one.since, last_sweep_at, newest) for one in self._begun.values())
        # A doubt that a newer run makes due earlier may come before one that is older.
        return min((due for due in dues if due is not None), default=None)

    def among(self, rows: Sequence[Enrolled]) -> list[Doubt]:
        """Those of these rows' newest attempts that are in doubt."""
        return [
            Doubt(
                entry_id=row.entry.id,
                token=row.entry.attempt.token,
                input=digest_of(row.variables),
                since=self._begun[row.entry.id].since,
            )
            for row in rows
            if row.entry.id in self._begun and row.entry.attempt is not None
        ]

    def controls(self, confirmed: Sequence[tuple[RunId, Token, dict[str, Json]]]) -> list[Control]:
        """The confirmed runs of the ledger as controls."""
        moments = dict(self._accepted)
        return [
            Control(run_id, token, digest_of(variables), moments.get(run_id))
            for run_id, token, variables in confirmed
        ]
