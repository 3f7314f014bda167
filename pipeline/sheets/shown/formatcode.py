"""A number format's code, taken apart into sections and tokens. Must not know values.

The language is that of ECMA-376, part 1, 18.8.31 (numFmts), with what Excel itself writes beyond
it: ``[$€-407]``, ``[h]``, conditions. Colours and languages are passed over: they change no text.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a token stands for."""

    LITERAL = auto()
    GENERAL = auto()
    TEXT = auto()
    DIGIT = auto()
    POINT = auto()
    COMMA = auto()
    PERCENT = auto()
    EXPONENT = auto()
    SLASH = auto()
    MOMENT = auto()
    """A part of a date or a time, in small letters; minutes are ``n`` and ``nn``."""
    ELAPSED = auto()
    """Hours, minutes (``n``) or seconds in all: ``[h]``."""
    MERIDIEM = auto()
    SUBSECOND = auto()
    """The point and the zeros behind the seconds."""
    END = auto()
    """The sign between two sections."""


@dataclass(frozen=True, slots=True)
class Token:
    """One sign of the code, or a run of them that means one thing."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Which numbers a section is for, where it says so: ``[<100]``."""

    sign: str
    limit: float

    def holds(self, value: float) -> bool:
        """Whether the section is for this number."""
        return SIGNS[self.sign](value, self.limit)

    @property
    def is_for_negatives_alone(self) -> bool:
        """Whether no number of this section could be anything but negative."""
        below = self.limit < 0 and self.sign in {"<=", "="}
        return below or (self.limit <= 0 and self.sign == "<")


@dataclass(frozen=True, slots=True)
class Section:
    """How some of the numbers are shown."""

    tokens: tuple[Token, ...]
    condition: Condition | None

    @property
    def is_moment(self) -> bool:
        """Whether it shows a date, a time or a duration."""
        return any(token.kind in MOMENTS for token in self.tokens)

    @property
    def is_elapsed(self) -> bool:
        """Whether it shows a duration."""
        return any(token.kind is Kind.ELAPSED for token in self.tokens)


SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}

MOMENTS: Final = frozenset({Kind.MOMENT, Kind.ELAPSED, Kind.MERIDIEM})

_PATTERN: Final = re.compile(
    r"""
      "(?P<quoted>[^"]*)"?
    | \\(?P<escaped>.)
    | _(?P<padding>.)
    | \*(?P<filling>.)
    | \[(?P<bracket>[^\]]*)\]
    | (?P<general>general)
    | (?P<meridiem>am/pm|a/p)
    | (?P<exponent>e[+-])
    | (?P<subsecond>(?:(?<=s)|(?<=s\]))\.0+)
    | (?P<moment>y+|m+|d+|h+|s+|e+|b+|g+|aaa+)
    | (?P<digit>[0#?])
    | (?P<point>\.)
    | (?P<comma>,)
    | (?P<percent>%)
    | (?P<slash>/)
    | (?P<text>@)
    | (?P<end>;)
    | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+(?:E[+-]?[0-9]+)?)", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"\$([^-]*)(?:-[0-9A-Fa-f,]*)?")


def sections_of(code: str) -> tuple[Section, ...]:
    """The code's sections, of which there is one at the least."""
    sections: list[Section] = []
    tokens: list[Token] = []
    condition: Condition | None = None
    for match in _PATTERN.finditer(code):
        found = _condition(match)
        token = _token(match)
        if found is not None:
            condition = found
        elif token is None:
            continue
        elif token.kind is Kind.END:
            sections.append(Section(tuple(_with_minutes(tokens)), condition))
            tokens, condition = [], None
        else:
            tokens.append(token)
    return (*sections, Section(tuple(_with_minutes(tokens)), condition))


def _condition(match: re.Match[str]) -> Condition | None:
    found = _CONDITION.fullmatch(match["bracket"] or "")
    try:
        return Condition(found[1], float(found[2])) if found else None
    except ValueError:
        return None  # Such as [<1.2.3]: no number, so no condition.


def _token(match: re.Match[str]) -> Token | None:
    """The token that a match stands for; nothing where it changes no text."""
    group = match.lastgroup
    assert group is not None, "each branch of the pattern is a group"
    text = match[group]
    match group:
        case "quoted" | "escaped" | "literal":
            return Token(Kind.LITERAL, text)
        case "padding":
            return Token(Kind.LITERAL, " ")
        case "filling":
            # How often the sign is repeated hangs on the column's width alone.
            return None
        case "bracket":
            return _bracket(text)
        case "moment":
            return Token(Kind.MOMENT, text.lower())
        case _:
            return Token(Kind[group.upper()], text)


def _bracket(text: str) -> Token | None:
    small = text.lower()
    if small and small.strip(small[0]) == "" and small[0] in "hms":
        return Token(Kind.ELAPSED, small.replace("m", "n"))
    currency = _CURRENCY.fullmatch(text)
    return Token(Kind.LITERAL, currency[1]) if currency else None


def _with_minutes(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, with each ``m`` that stands for minutes as ``n``.

    It does so right behind hours and right before seconds, whatever literals stand between.
    """
    marks = [token.text[0] if token.kind in MOMENTS else "" for token in tokens]
    parts = [place for place, mark in enumerate(marks) if mark and mark.lower() != "a"]
    minutes = {
        place
        for before, place, after in zip([None, *parts], parts, [*parts[1:], None], strict=False)
        if marks[place] == "m"
        and len(tokens[place].text) <= len("mm")
        and (
            (before is not None and marks[before] == "h")
            or (after is not None and marks[after] == "s")
        )
    }
    for place, token in enumerate(tokens):
        if place in minutes:
            yield Token(Kind.MOMENT, token.text.replace("m", "n"))
        else:
            yield token
