"""When the runs that waiting rows gave up were last looked at. Owns when a look is too old.

Must not know who looks, nor what a look tells.
"""

from typing import Final

from pipeline.core.model import Entry
from pipeline.engine.clock import Clock

A_LOOK_LASTS_SECONDS: Final = 5.0
"""On the word of an older look no row is paid for anew."""


class LastSeen:
    """For how long it counts that a row's earlier run was seen to go on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts_until: dict[int, float] = {}
        """By entry, by the clock that counts sleep."""
        self._lasted_seconds: dict[int, float] = {}

    def saw(self, entry_id: int) -> None:
        """It was looked at: that counts for a while, and each time for longer.

        Else a row whose looks take long and whose turns are rare would never be started.
        """
        lasts_seconds = 2 * self._lasted_seconds.get(entry_id, A_LOOK_LASTS_SECONDS / 2)
        self._lasted_seconds[entry_id] = lasts_seconds
        self._counts_until[entry_id] = self._clock.counting_sleep() + lasts_seconds

    def is_too_old(self, entry: Entry) -> bool:
        """Whether a run of the entry is to be looked at before the entry is paid for again."""
        if entry.attempt is None:
            return False
        return self._counts_until.get(entry.id, float("-inf")) < self._clock.counting_sleep()
