"""A number as a section of a number format shows it: plain, grouped, percent, scientific, fraction.

The rules are those of ECMA-376, part 1, 18.8.31. The point is ``.`` and the group sign ``,`` on
every machine. Numbers are rounded half away from zero at their decimal digits, of which Excel
counts fifteen, though a whole number keeps all that it has. Must not know sections or dates.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

from pipeline.core.rows.cells import shown
from pipeline.sheets.shown.formatcode import Kind, Token

EXACT: Final = Context(prec=1200, rounding=ROUND_HALF_UP)
"""Enough for any double, written out to as many places as a format may have."""

AS_EXCEL_COUNTS: Final = Context(prec=15, rounding=ROUND_HALF_UP)

PAD: Final = {"0": "0", "?": " ", "#": ""}
"""What stands in the place of a digit that is not there."""

GROUP: Final = 3
"""So many digits stand between two group signs."""


def number_text(tokens: Sequence[Token], number: float) -> str:
    """What the tokens show of a number that is not negative."""
    value = Decimal(repr(number))
    if value != value.to_integral_value():
        value = AS_EXCEL_COUNTS.plus(value)
    value = value.scaleb(2 * _count(tokens, Kind.PERCENT), EXACT)
    general = shown(number)
    slash = _fraction_bar(tokens)
    if slash is not None:
        return _fraction_text(tokens, slash, value, general)
    exponent = _index(tokens, Kind.EXPONENT)
    if exponent < len(tokens):
        return _scientific_text(tokens, exponent, value, general)
    return _plain_text(tokens, value, general)


def _plain_text(tokens: Sequence[Token], value: Decimal, general: str) -> str:
    point = _index(tokens, Kind.POINT)
    whole, fraction = _split(
        value.scaleb(-GROUP * _scaling_commas(tokens, point), EXACT),
        places=_count(tokens[point:], Kind.DIGIT),
    )
    before = _whole_text(tokens[:point], whole, general)
    if point < len(tokens) and not _count(tokens[:point], Kind.DIGIT):
        before += whole
    return before + _behind_point(tokens[point:], fraction, general)


def _scaling_commas(tokens: Sequence[Token], point: int) -> int:
    """The commas right behind the last digit, before the point or at the end."""
    count = 0
    for part in (tokens[:point], tokens[point:]):
        last = max((n for n, t in enumerate(part) if t.kind is Kind.DIGIT), default=len(part))
        for token in part[last + 1 :]:
            if token.kind is not Kind.COMMA:
                break
            count += 1
    return count


def _split(value: Decimal, places: int) -> tuple[str, str]:
    """The digits before the point, none for zero, and those behind it, rounded to so many."""
    rounded = value.quantize(Decimal(1).scaleb(-places), context=EXACT)
    whole, _, fraction = f"{rounded:f}".partition(".")
    return whole.lstrip("0"), fraction


def _whole_text(tokens: Sequence[Token], digits: str, general: str) -> str:
    """The digits in the places of the tokens, from the right; the first place takes all others."""
    places = [n for n, token in enumerate(tokens) if token.kind is Kind.DIGIT]
    first = places[0] if places else None
    is_grouped = bool(places) and _count(tokens[places[0] : places[-1]], Kind.COMMA) > 0
    out: list[str] = []
    taken = 0
    for n in range(len(tokens) - 1, -1, -1):
        token = tokens[n]
        if token.kind is not Kind.DIGIT:
            out.append(_literal(token, general)[::-1])
            continue
        here = digits if n == first else digits[-1:]
        digits = digits[: len(digits) - len(here)]
        for digit in reversed(here or PAD[token.text]):
            if is_grouped and taken and taken % GROUP == 0:
                out.append(" " if digit == " " else ",")
            out.append(digit)
            taken += 1
    return "".join(out)[::-1]


def _behind_point(tokens: Sequence[Token], digits: str, general: str) -> str:
    """The point and what stands behind it; zeros at the end only where a place asks for them."""
    significant = len(digits.rstrip("0"))
    out = []
    taken = 0
    for token in tokens:
        if token.kind is Kind.DIGIT:
            out.append(digits[taken] if taken < significant else PAD[token.text])
            taken += 1
        else:
            out.append(_literal(token, general))
    return "".join(out)


def _scientific_text(tokens: Sequence[Token], exponent: int, value: Decimal, general: str) -> str:
    mantissa, sign = tokens[:exponent], tokens[exponent].text
    end = _run_end(tokens, exponent + 1)
    point = _index(mantissa, Kind.POINT)
    places = _count(mantissa[point:], Kind.DIGIT)
    power = _power(mantissa[:point], value, places)
    whole, fraction = _split(value.scaleb(-power, EXACT), places)
    shown_sign = "-" if power < 0 else sign[1].replace("-", "")
    return "".join(
        [
            _whole_text(mantissa[:point], whole, general),
            _behind_point(mantissa[point:], fraction, general),
            sign[0],
            shown_sign,
            _whole_text(tokens[exponent + 1 : end], str(abs(power)), general),
            *(_literal(token, general) for token in tokens[end:]),
        ]
    )


def _power(whole: Sequence[Token], value: Decimal, places: int) -> int:
    """The power of ten, in steps of as many as there are places before the point."""
    if not value:
        return 0
    step = max(1, _count(whole, Kind.DIGIT))
    power = value.adjusted() // step * step
    rounded = value.scaleb(-power, EXACT).quantize(Decimal(1).scaleb(-places), context=EXACT)
    # 9.99 may be rounded to 10.0, which has a digit more.
    return power + rounded.adjusted() // step * step


def _fraction_bar(tokens: Sequence[Token]) -> int | None:
    """Where a numerator and a denominator meet; ``None`` where the section shows no fraction."""
    for n, token in enumerate(tokens[1:-1], 1):
        if (
            token.kind is Kind.SLASH
            and tokens[n - 1].kind is Kind.DIGIT
            and _run_end(tokens, n + 1) > n + 1
        ):
            return n
    return None


def _fraction_text(tokens: Sequence[Token], slash: int, value: Decimal, general: str) -> str:
    start = slash
    while start and tokens[start - 1].kind is Kind.DIGIT:
        start -= 1
    end = _run_end(tokens, slash + 1)
    is_mixed = _count(tokens[:start], Kind.DIGIT) > 0
    below = "".join(token.text for token in tokens[slash + 1 : end])
    whole = int(value) if is_mixed else 0
    above, under = _nearest(Fraction(value) - whole, below)
    if is_mixed and above == under:
        whole, above = whole + 1, 0
    before = _whole_text(tokens[:start], str(whole or ""), general)
    after = "".join(_literal(token, general) for token in tokens[end:])
    if is_mixed and not above:
        # The fraction's place stays blank, but of a zero something must be seen.
        return (before if whole else before.rstrip() + "0" * (not before.strip())) + after
    numerator = _whole_text(tokens[start:slash], str(above), general)
    return f"{before}{numerator}/{str(under).ljust(below.count('?'))}{after}"


def _nearest(value: Fraction, below: str) -> tuple[int, int]:
    """The fraction nearest to a value, over a denominator that is given or has so many places."""
    if below.strip("0#?"):
        under = int("".join(filter(str.isdecimal, below)))
        return int(value * under + Fraction(1, 2)), under
    found = value.limit_denominator(10 ** len(below) - 1)
    return found.numerator, found.denominator


def _literal(token: Token, general: str) -> str:
    """What a token shows that is no digit's place."""
    match token.kind:
        case Kind.GENERAL | Kind.TEXT:
            return general
        case Kind.COMMA:
            return ""
        case _:
            return token.text


def _run_end(tokens: Sequence[Token], start: int) -> int:
    """The end of the digits from here on, whether they are places or stand for themselves."""
    end = start
    while end < len(tokens) and (
        tokens[end].kind is Kind.DIGIT
        or (tokens[end].kind is Kind.LITERAL and tokens[end].text in set("123456789"))
    ):
        end += 1
    return end


def _count(tokens: Sequence[Token], kind: Kind) -> int:
    return sum(token.kind is kind for token in tokens)


def _index(tokens: Sequence[Token], kind: Kind) -> int:
    """The place of the first token of this kind, or the end."""
    return next((n for n, token in enumerate(tokens) if token.kind is kind), len(tokens))
