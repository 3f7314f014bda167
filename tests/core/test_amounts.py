"""One way to spell an amount of credits, to its last digit, wherever a person meets it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.amounts import (
    about_in_words,
    amount_in_digits,
    amount_in_words,
    plain_amount,
)


@pytest.mark.parametrize(
    ("credits_", "words", "digits"),
    [
        (0, "0", "0"),
        (0.0, "0", "0"),
        (2.0, "2", "2"),
        (12345.67, "12,345.67", "12345.67"),
        (1358025.58, "1,358,025.58", "1358025.58"),
        (1000000, "1,000,000", "1000000"),
        (1e16, "10,000,000,000,000,000", "10000000000000000"),
        (0.0004, "0.0004", "0.0004"),
        (0.00001, "0.00001", "0.00001"),
        (1.005, "1.005", "1.005"),
        (0.1 + 0.2, "0.3", "0.3"),
        (0.3 - 0.1 - 0.2, "0", "0"),
        (123456.78 * 11, "1,358,024.58", "1358024.58"),
        (1e9 + 0.1 + 0.2, "1,000,000,000.3", "1000000000.3"),
        (-2.5, "-2.5", "-2.5"),
    ],
)
def test_an_amount_is_spelled_to_its_last_digit(credits_: float, words: str, digits: str) -> None:
    """No exponent, nothing that sums of binary fractions leave behind, no zero for a little."""
    assert (amount_in_words(credits_), amount_in_digits(credits_)) == (words, digits)
    assert plain_amount(credits_) == float(digits)
    assert isinstance(plain_amount(credits_), float) == ("." in digits)


def test_what_a_million_sums_leave_behind_is_not_told() -> None:
    """A ledger sums up as it reads, one by one."""
    total = 0.0
    for _ in range(1_000_000):
        total += 0.1
    assert total != 100_000
    assert amount_in_words(total) == "100,000"


@pytest.mark.parametrize(
    ("credits_", "words"),
    [
        (0, "0"),
        (480, "480"),
        (2.75, "2.75"),
        (1.005, "1.005"),
        (0.012, "0.012"),
        (0.0004, "0.0004"),
        (1 / 3, "0.3333"),
        (1000 / 3, "333.33"),
        (123456.789, "123,456.79"),
        (0.99999, "1"),
    ],
)
def test_an_estimate_has_no_more_digits_than_it_is_worth(credits_: float, words: str) -> None:
    """A mean has any number of them; a small one is not told as none."""
    assert about_in_words(credits_) == words


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_what_the_service_names_is_told_as_it_names_it(number: int, places: int) -> None:
    """Up to four decimals, of whatever is paid."""
    credits_ = number / 10**places
    assert math.isclose(float(amount_in_words(credits_).replace(",", "")), credits_, rel_tol=1e-15)
