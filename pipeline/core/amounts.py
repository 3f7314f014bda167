"""How an amount of credits is spelled. Owns its digits; must not know who reads it."""

import math
from decimal import Decimal
from typing import Final

DIGITS: Final = 11
"""So many digits of a sum are sure, also where a million amounts were added one by one."""
PLACES: Final = 4
"""So many decimals are told of however large an amount."""
DIGITS_OF_AN_ESTIMATE: Final = 4
PLACES_OF_AN_ESTIMATE: Final = 2


def plain_amount(credits_: float) -> int | float:
    """The amount for a cell or a script: 0.3, where 0.1 and 0.2 are 0.30000000000000004."""
    before_the_point = len(f"{abs(credits_):.0f}")
    rounded = round(credits_, max(PLACES, DIGITS - before_the_point))
    return int(rounded) if rounded == int(rounded) else rounded


def amount_in_digits(credits_: float) -> str:
    """All its digits, as a config spells it."""
    return format(Decimal(repr(plain_amount(credits_))), "f")


def amount_in_words(credits_: float) -> str:
    """The same with commas, as a person is told it."""
    return format(Decimal(repr(plain_amount(credits_))), ",f")


def about_in_words(credits_: float) -> str:
    """An amount that nobody knows exactly, in the digits that it is worth."""
    if not credits_:
        return amount_in_words(0)
    wanted = DIGITS_OF_AN_ESTIMATE - 1 - math.floor(math.log10(abs(credits_)))
    return amount_in_words(round(credits_, max(PLACES_OF_AN_ESTIMATE, wanted)))
