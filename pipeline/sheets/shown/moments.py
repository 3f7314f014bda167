"""A spreadsheet's number as the date, the time or the duration that it stands for, and its text.

Days are counted from 1 January 1900 or 1904, by the workbook's date system (ECMA-376, part 1,
18.17.4). Names of months and days are English: no machine's language decides which row is the same
row. Must not know sections.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from math import floor
from typing import Final, TypeAlias

from pipeline.sheets.shown.formatcode import Kind, Token

Moment: TypeAlias = datetime | date | time | timedelta

SECONDS_A_DAY: Final = 86_400
MILLISECONDS: Final = 1000
LAST_DAY: Final = date(9999, 12, 31)
MOST_DAYS: Final = 2_958_465
"""The last day that has a number, in the system that counts from 1900."""

NOON: Final = 12
LEAP_DAY: Final = 60
"""The number of 29 February 1900, a day that only spreadsheets know."""

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DateSystem(Enum):
    """From which day a workbook counts; the value is the day before its number 1."""

    SINCE_1900 = date(1899, 12, 30)
    SINCE_1904 = date(1904, 1, 1)

    def day(self, number: int) -> date | None:
        """The day of a number; ``None`` where the calendar has none."""
        start: date = self.value
        # Up to the day that never was, all others are one day later than the count would have them.
        shift = 1 if self is DateSystem.SINCE_1900 and number < LEAP_DAY else 0
        if number < 0 or number > (LAST_DAY - start).days:
            return None
        return start + timedelta(days=number + shift)


def moment_of(number: float, system: DateSystem) -> Moment | None:
    """The time of day below 1, else the day, with its time where there is one, to the millisecond.

    ``None`` where the calendar has no such day.
    """
    if abs(number) > MOST_DAYS:
        return None
    days, milliseconds = divmod(_ticks(number, MILLISECONDS), SECONDS_A_DAY * MILLISECONDS)
    day = system.day(days)
    if day is None:
        return None
    clock = timedelta(milliseconds=milliseconds)
    moment = datetime.combine(day, time()) + clock
    if 0 <= number < 1 and days == 0:
        return moment.time()
    return moment if milliseconds else day


def duration_of(number: float) -> timedelta | None:
    """A number of days as a duration, to the millisecond; ``None`` where it is beyond all years."""
    if abs(number) > MOST_DAYS:
        return None
    return timedelta(milliseconds=_ticks(number, MILLISECONDS))


def moment_text(tokens: Sequence[Token], number: float, system: DateSystem) -> str | None:
    """What a section's tokens show of a number; ``None`` where the calendar has no such day."""
    is_elapsed = any(token.kind is Kind.ELAPSED for token in tokens)
    if abs(number) > MOST_DAYS or (number < 0 and not is_elapsed):
        return None
    looked = _look(tokens, abs(number), system)
    shown = "".join(_token_text(token, looked) for token in tokens)
    return f"-{shown}" if number < 0 else shown


@dataclass(frozen=True, slots=True)
class _Looked:
    """A moment, rounded as finely as its format shows it, in the parts that a format can name."""

    year: int
    month: int
    day: int
    weekday: int
    seconds_in_all: int
    fraction: str
    """The digits behind the seconds."""
    is_half_day: bool
    """Whether the hours run to twelve."""

    @property
    def hour(self) -> int:
        hour = self.seconds_in_all // 3600 % 24
        return (hour % NOON or NOON) if self.is_half_day else hour


def _look(tokens: Sequence[Token], number: float, system: DateSystem) -> _Looked:
    decimals = max((len(t.text) - 1 for t in tokens if t.kind is Kind.SUBSECOND), default=0)
    shows_seconds = any(t.text[:1] == "s" and t.kind in _CLOCK for t in tokens)
    # Without seconds, a time is cut rather than rounded; the last digits of 14:30 are mere noise.
    resolution = 10**decimals if shows_seconds else MILLISECONDS
    seconds, fraction = divmod(_ticks(number, resolution), resolution)
    days = seconds // SECONDS_A_DAY
    year, month, day = _calendar(days, system)
    return _Looked(
        year=year,
        month=month,
        day=day,
        # Counted through the day that never was, as Excel does.
        weekday=(days + (5 if system is DateSystem.SINCE_1900 else 4)) % 7,
        seconds_in_all=seconds,
        fraction=str(fraction).zfill(decimals) if shows_seconds else "",
        is_half_day=any(t.kind is Kind.MERIDIEM for t in tokens),
    )


_CLOCK: Final = frozenset({Kind.MOMENT, Kind.ELAPSED})


def _calendar(days: int, system: DateSystem) -> tuple[int, int, int]:
    """Year, month and day, with the two days that are in no calendar but a spreadsheet's."""
    if system is DateSystem.SINCE_1900 and days in {0, LEAP_DAY}:
        return (1900, 2, 29) if days else (1900, 1, 0)
    day = system.day(days)
    return (day.year, day.month, day.day) if day else (LAST_DAY.year, LAST_DAY.month, LAST_DAY.day)


def _token_text(token: Token, looked: _Looked) -> str:
    match token.kind:
        case Kind.MOMENT:
            parts = _PARTS[token.text[0]]
            return parts[min(len(token.text), len(parts)) - 1](looked)
        case Kind.ELAPSED:
            number = looked.seconds_in_all // _SECONDS_IN[token.text[0]]
            return str(number).zfill(len(token.text))
        case Kind.MERIDIEM:
            half = "AM" if looked.seconds_in_all % SECONDS_A_DAY < SECONDS_A_DAY // 2 else "PM"
            return half if len(token.text) > len("a/p") else half[0]
        case Kind.SUBSECOND:
            digits = len(token.text) - 1
            return f".{looked.fraction[:digits]}"
        case _:
            return token.text


_SECONDS_IN: Final = {"h": 3600, "n": 60, "s": 1}

_Part: TypeAlias = Callable[[_Looked], str]

_PARTS: Final[Mapping[str, Sequence[_Part]]] = {
    "y": (
        lambda it: f"{it.year % 100:02}",
        lambda it: f"{it.year % 100:02}",
        lambda it: f"{it.year:04}",
    ),
    "e": (lambda it: f"{it.year:04}",),
    "b": (
        lambda it: f"{(it.year + 543) % 100:02}",
        lambda it: f"{(it.year + 543) % 100:02}",
        lambda it: f"{it.year + 543:04}",
    ),
    "g": (lambda _: "",),
    "m": (
        lambda it: f"{it.month}",
        lambda it: f"{it.month:02}",
        lambda it: MONTHS[it.month - 1][:3],
        lambda it: MONTHS[it.month - 1],
        lambda it: MONTHS[it.month - 1][0],
        lambda it: MONTHS[it.month - 1],
    ),
    "d": (
        lambda it: f"{it.day}",
        lambda it: f"{it.day:02}",
        lambda it: DAYS[it.weekday][:3],
        lambda it: DAYS[it.weekday],
    ),
    "a": (
        lambda it: DAYS[it.weekday][:3],
        lambda it: DAYS[it.weekday][:3],
        lambda it: DAYS[it.weekday][:3],
        lambda it: DAYS[it.weekday],
    ),
    "h": (lambda it: f"{it.hour}", lambda it: f"{it.hour:02}"),
    "n": (
        lambda it: f"{it.seconds_in_all // 60 % 60}",
        lambda it: f"{it.seconds_in_all // 60 % 60:02}",
    ),
    "s": (lambda it: f"{it.seconds_in_all % 60}", lambda it: f"{it.seconds_in_all % 60:02}"),
}
"""What each letter shows, by how often it stands; more often shows as the longest."""


def _ticks(days: float, resolution: int) -> int:
    """Days as a whole number of parts of a second, of which there are so many in one."""
    # One product, which is rounded once, as by the reader of the values: they agree on each tie.
    return floor(days * (SECONDS_A_DAY * resolution) + 0.5)
