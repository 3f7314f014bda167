"""How many starts the service takes in a while. Owns the sliding window, and who is sent away.

Must not know clocks, calls or their answers: the moment of a start (Unix seconds) is passed in.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many starts in so many seconds, whenever these begin."""

    count: float
    seconds: float


class Window:
    """The starts of the last while: each is counted from its own moment on, for the whole length.

    The strictest way to count: where it takes a start, one that counts by the full minute, or that
    lets a bucket fill again, takes it too. What was sent away does not count.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._taken_at: deque[float] = deque()

    def take(self, moment: float) -> float:
        """Take a start, and give 0; or the seconds until the next could be taken."""
        while self._taken_at and self._taken_at[0] <= moment - self._limit.seconds:
            self._taken_at.popleft()
        if len(self._taken_at) < self._limit.count:
            self._taken_at.append(moment)
            return 0.0
        return self._taken_at[0] + self._limit.seconds - moment
