"""Services with a limit that nobody was told: buckets and windows."""

from collections import deque
from typing import Protocol


class Hidden(Protocol):
    """A limit on calls."""

    def wait_seconds(self, moment: float) -> float:
        """Take a call: 0, or refuse it: for how long there is no room yet."""
        ...


class Bucket:
    """So many tokens a second, kept up to a number."""

    def __init__(self, per_second: float, size: float) -> None:
        self._per_second = per_second
        self._size = self._tokens = size
        self._filled_at = 0.0

    def wait_seconds(self, moment: float) -> float:
        """Take a call for a token."""
        gained = (moment - self._filled_at) * self._per_second
        self._tokens, self._filled_at = min(self._size, self._tokens + gained), moment
        if self._tokens < 1 - 1e-9:
            return (1 - self._tokens) / self._per_second
        self._tokens -= 1
        return 0.0


class FixedWindow:
    """So many calls in each window, counted anew at its begin."""

    def __init__(self, per_second: float, seconds: float, ahead_seconds: float = 0.0) -> None:
        self._most = int(per_second * seconds)
        self._seconds = seconds
        self._ahead_seconds = ahead_seconds
        self._window = -1
        self._taken = 0

    def wait_seconds(self, moment: float) -> float:
        """Take a call where the window has room."""
        moment += self._ahead_seconds
        window = int(moment / self._seconds)
        if window != self._window:
            self._window, self._taken = window, 0
        if self._taken >= self._most:
            return (window + 1) * self._seconds - moment + 1e-6
        self._taken += 1
        return 0.0


class SlidingWindow:
    """So many calls in any window."""

    def __init__(self, per_second: float, seconds: float) -> None:
        self._most = int(per_second * seconds)
        self._seconds = seconds
        self._taken_at: deque[float] = deque()

    def wait_seconds(self, moment: float) -> float:
        """Take a call where the window that ends with it has room."""
        while self._taken_at and self._taken_at[0] <= moment - self._seconds:
            self._taken_at.popleft()
        if len(self._taken_at) >= self._most:
            return self._taken_at[0] + self._seconds - moment + 1e-6
        self._taken_at.append(moment)
        return 0.0
