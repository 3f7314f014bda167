"""What several refusals show, from each to the next."""

from collections.abc import Iterable
from itertools import accumulate

import pytest

from pipeline.core.timing.refusals import (
    Refusal,
    Rests,
    Share,
    is_shut_each_time,
    short_window_a_second,
    show_a_limit,
)


def refusals(*gaps: tuple[int, int], seconds: float = 1.0, unasked: float = 0.0) -> list[Refusal]:
    """From each to the next so many calls, and of these so many refused."""
    calls = accumulate((calls for calls, _ in gaps), initial=100)
    refused = accumulate((refused for _, refused in gaps), initial=1)
    return [
        Refusal(number * seconds, so_far, so_far - refused_so_far, 0.0, unasked)
        for number, (so_far, refused_so_far) in enumerate(zip(calls, refused, strict=True))
    ]


@pytest.mark.parametrize("calls", [13, 44, 200])
def test_two_windows_that_were_full_show_a_limit(calls: int) -> None:
    """However many calls they take: so many in a row are not refused by chance, twice alike."""
    assert show_a_limit(refusals((calls, 3), (calls, 5)))


@pytest.mark.parametrize(
    "gaps",
    [
        pytest.param([(44, 4)], id="one window"),
        pytest.param([(44, 4), (44, 2)], id="few in a row"),
        pytest.param([(44, 4), (200, 4)], id="unlike each other"),
        pytest.param([(44, 1)] * 3, id="single ones, too few"),
    ],
)
def test_less_shows_no_limit(gaps: Iterable[tuple[int, int]]) -> None:
    """What chance may do as well is none."""
    assert not show_a_limit(refusals(*gaps))


def test_whether_a_window_was_full_is_seen_by_the_newest_refusals() -> None:
    """One that was met just before it opened hides no later ones."""
    assert is_shut_each_time(refusals((44, 1), (44, 4), (44, 4)))
    assert not is_shut_each_time(refusals((44, 4), (44, 4), (44, 1)))


@pytest.mark.parametrize(
    ("seconds", "unasked", "per_second"),
    [
        pytest.param(1.0, 0.0, 40, id="just a second"),
        pytest.param(1.4, 0.4, 40, id="it may have opened so long before it was asked"),
        pytest.param(1.4, 0.3, None, id="it was still full after more than a second"),
        pytest.param(0.8, 0.2, 40, id="the one before was asked late"),
        pytest.param(0.7, 0.2, None, id="it opened too early"),
    ],
)
def test_a_window_is_of_a_second_wherever_it_may_be(
    seconds: float, unasked: float, per_second: float | None
) -> None:
    """What it gave then is what it gives a second, however late it was asked."""
    full = refusals((44, 4), (44, 4), seconds=seconds, unasked=unasked)
    assert short_window_a_second(full) == per_second


def test_single_refusals_are_no_window() -> None:
    """Though they come a second apart."""
    assert short_window_a_second(refusals((44, 1), (44, 1))) is None
    assert short_window_a_second(refusals((44, 4))) is None


def test_rests_are_counted_once_and_what_was_not_asked_from_the_last_refusal_on() -> None:
    """Two calls that were out together ask for the same rest."""
    rests = Rests()
    rests.refused(10.0, 10.1, 2.0)
    rests.refused(10.05, 10.2, 2.0)
    rests.refused(12.5, 12.6, 0.0)
    rests.taken_again(13.0)
    assert rests.told_seconds == pytest.approx(2.1)
    assert rests.unasked_seconds == pytest.approx(0.5)


def test_a_share_counts_those_in_a_row_where_it_is_asked_to() -> None:
    """One refused call in a hundred is no more than a hundredth; with three after it, it is."""
    share = Share(calls=100, refused=1, refused_again=3)
    assert not share.is_above(0.01)
    assert not share.is_above_with_all(0.04)
    assert share.is_above_with_all(0.03)
