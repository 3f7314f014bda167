"""A length of time as a person is told it. Owns its units. Must not know what takes so long."""

from itertools import pairwise
from typing import Final

UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
"""Seconds in a unit, the longest first."""


def span(seconds: float) -> str:
    """A time in its two largest units: 0.2 s, 45 s, 2 min 5 s, 3 h 20 min, 2 d 4 h."""
    left = max(0, round(seconds))
    for (size, unit), (smaller_size, smaller_unit) in pairwise(UNITS):
        if left >= size:
            smaller = left % size // smaller_size
            return f"{left // size} {unit}" + (f" {smaller} {smaller_unit}" if smaller else "")
    return f"{left} s" if left else f"{max(0.0, seconds):.1g} s"
