"""Rates, durations and shares as a person writes them. Owns the units. Must not know YAML or keys.

The grammar: a rate is ``N/s``, ``N/min`` or ``N/h``; a duration is ``500ms``, ``5s``, ``2min``,
``1h`` or ``1d``; a share is ``10%``. N may be decimal. A bare number is no rate and no duration.
"""

import re
from typing import Final

from pipeline.core.money.budget import FailureLimit
from pipeline.core.timing.pacing import Rate

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"

RATE_PATTERN: Final = rf"^({_NUMBER})/(s|min|h)$"
DURATION_PATTERN: Final = rf"^(?:({_NUMBER})(ms|s|min|h|d)|0)$"
PERCENT_PATTERN: Final = rf"^({_NUMBER})%$"

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

_LONGEST_ECHO: Final = 40
"""A value is told back to the person who wrote it, but never a page of it."""


class ValueFault(ValueError):
    """A value that can't be taken: what is wrong with it, and what to write instead."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong, remedy)
        self.wrong = wrong
        self.remedy = remedy


def read_rate(value: object) -> Rate:
    """A rate such as ``60/min``. Raises `ValueFault`."""
    remedy = "write N/s, N/min or N/h"
    if not isinstance(value, str):
        raise ValueFault(f"{echo(value)} is not a rate: it has no unit", remedy)
    match = re.fullmatch(RATE_PATTERN, value)
    if not match:
        raise ValueFault(f"{echo(value)} is not a rate", remedy)
    if float(match[1]) == 0:
        raise ValueFault(f"{echo(value)} would never start anything", "write a rate above 0")
    return Rate(float(match[1]), _SECONDS[match[2]])


def read_duration_seconds(value: object) -> float:
    """A duration such as ``5s``, in seconds; 0 may stand alone. Raises `ValueFault`."""
    remedy = "write a number and ms, s, min, h or d"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == 0:
            return 0.0
        raise ValueFault(f"{echo(value)} has no unit", f"{remedy}, such as {value:g}s")
    match = re.fullmatch(DURATION_PATTERN, value) if isinstance(value, str) else None
    if not match:
        minutes = re.fullmatch(rf"({_NUMBER}) ?m", value) if isinstance(value, str) else None
        raise ValueFault(
            f"{echo(value)} is not a duration", f"write {minutes[1]}min" if minutes else remedy
        )
    return float(match[1]) * _SECONDS[match[2]] if match[1] else 0.0


def read_failure_limit(value: object) -> FailureLimit | None:
    """A limit on failures: a count from 1, or a share such as ``10%``. Raises `ValueFault`."""
    remedy = 'write a whole number from 1, or a share such as "10%"'
    match value:
        case None:
            return None
        case int() if not isinstance(value, bool) and value >= 1:
            return FailureLimit(count=value)
        case str() if share := re.fullmatch(PERCENT_PATTERN, value):
            percent = float(share[1])
            if 0 < percent <= 100:  # noqa: PLR2004 - a hundred per cent is all
                return FailureLimit(percent=percent)
    raise ValueFault(f"{echo(value)} is no limit on failures", remedy)


def echo(value: object) -> str:
    """A value as it is told back to the person who wrote it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a section"
        case list():
            return "a list"
        case _:
            text = repr(value)
            return text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…"
