"""The line that tells how far a batch is. Owns its parts and their widths.

Each part has one width throughout a call, so that the eye finds it where it was. Pure: must not
know the batch, clocks or streams.
"""

from dataclasses import dataclass
from typing import Final

from pipeline.core.amounts import amount_in_digits

UNKNOWN: Final = "-"
RATE_WIDTH: Final = 6
LEFT_WIDTH: Final = 7
CREDITS_A_ROW_DIGITS: Final = 2
"""Without a cap, a row is thought to cost less than a hundred credits."""

LITTLE_CREDITS: Final = 10
"""Below it what follows the point is told, too: it may be all that there is."""

GAPS: Final = ("  ", " ")
"""Between the parts; the narrow one where the wide one does not fit."""

FIRST_TO_GO: Final = ("rate", "running", "left", "credits", "failed")
"""What is left out of a terminal that is too narrow, in this order."""

MINUTE: Final = 60
HOUR: Final = 3600
MANY_A_MINUTE: Final = 100
LONG_SECONDS: Final = 10 * HOUR


@dataclass(frozen=True, slots=True)
class Scale:
    """What the figures of a call can grow to."""

    total: int
    max_in_flight: int
    max_credits: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a batch is."""

    done: int
    running: int
    failed: int
    credits: float
    ends_a_second: float | None
    left_seconds: float | None
    in_doubt: int = 0
    """Rows that are looked for at the service, where nothing else is waited for."""


def progress_line(figures: Figures, scale: Scale, columns: int) -> str:
    """The figures in at most so many columns, or those that fit; done and total always stand."""
    parts = _parts(figures, scale)
    for unwanted in ("", *FIRST_TO_GO):
        parts.pop(unwanted, None)
        for gap in GAPS:
            line = gap.join(parts.values())
            if len(line) <= columns:
                return line
    return line


def _parts(figures: Figures, scale: Scale) -> dict[str, str]:
    rows = len(str(scale.total))
    running = len(str(min(scale.max_in_flight, scale.total)))
    credits_ = _spent(figures.credits, scale.max_credits)
    if scale.max_credits is None:
        credits_ = credits_.rjust(rows + CREDITS_A_ROW_DIGITS)
    else:
        cap = amount_in_digits(scale.max_credits)
        credits_ = f"{credits_.rjust(len(cap))}/{cap}"
    return {
        "done": f"{figures.done:>{rows}}/{scale.total}",
        "running": f"{figures.running:>{running}} running",
        "failed": f"{figures.failed:>{rows}} failed",
        "credits": f"{credits_} credits",
        "rate": f"{_rate(figures.ends_a_second):>{RATE_WIDTH}}",
        "left": _left(figures),
    }


def _spent(credits_: float, cap: float | None) -> str:
    is_little = (credits_ if cap is None else cap) < LITTLE_CREDITS
    return amount_in_digits(credits_) if is_little else f"{credits_:.0f}"


def _rate(per_second: float | None) -> str:
    if per_second is None:
        return f"{UNKNOWN}/min"
    per_minute = per_second * MINUTE
    if per_minute < 1:
        return f"{per_second * HOUR:.0f}/h"
    if per_minute < MANY_A_MINUTE:
        return f"{per_minute:.0f}/min"
    return f"{per_second:.1f}/s" if per_second < MANY_A_MINUTE else f"{per_second:.0f}/s"


def _left(figures: Figures) -> str:
    # How long a doubt lasts is the service's: what is waited for takes the clock's place.
    if figures.in_doubt:
        return f"{figures.in_doubt} in doubt".rjust(LEFT_WIDTH + len(" left"))
    return f"{_wait(figures.left_seconds):>{LEFT_WIDTH}} left"


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return f"{UNKNOWN}:{UNKNOWN * 2}"
    whole = round(seconds)
    if whole >= LONG_SECONDS:
        return f"{whole // HOUR} h"
    minutes, rest = divmod(whole, MINUTE)
    if whole >= HOUR:
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{minutes}:{rest:02}"
