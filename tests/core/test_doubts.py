"""What tells an attempt's run from others, and how long absence does not count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.doubts import Settle, digest_of, token_of

SETTLE_SECONDS = 30.0
MOMENTS = st.floats(0, 300)
MAYBE = st.none() | MOMENTS


def a_settle(contact_at: float | None = 0.0) -> Settle:
    return Settle(SETTLE_SECONDS, contact_at)


@given(st.lists(st.tuples(st.sampled_from(["aa", "bb"]), st.integers(1, 99), st.integers(1, 99))))
@settings(deadline=None, max_examples=50)
def test_no_two_attempts_share_a_token(attempts: list[tuple[str, int, int]]) -> None:
    """Neither two of one ledger, nor two of different ledgers."""
    assert len({token_of(*attempt) for attempt in attempts}) == len(set(attempts))


def test_a_token_begins_with_its_ledgers() -> None:
    """By that a run is known as started from this ledger, even where its attempt is not known."""
    assert token_of("0123", 7, 2).startswith("0123-")


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}, True),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, True),
        ({"a": "ü"}, {"a": "ü"}, True),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": ""}, {}, False),
        ({"a": ["1", "2"]}, {"a": ["2", "1"]}, False),
        ({"a": "x"}, {"a": "x "}, False),
    ],
)
def test_inputs_are_equal_whatever_the_order_of_their_names(
    *, one: dict[str, object], other: dict[str, object], are_equal: bool
) -> None:
    """The service may spell a run's input in another order than it was sent."""
    assert (digest_of(one) == digest_of(other)) is are_equal


@pytest.mark.parametrize(
    ("contact_at", "newest_control_at", "began_at", "is_over"),
    [
        # A doubt since 100. A run of ours from after it shows that the list is up to date.
        (0.0, 101.0, 129.9, False),
        (0.0, 101.0, 130.0, True),
        # Without one the time counts double: no run, or none from after it.
        (0.0, None, 159.9, False),
        (0.0, None, 160.0, True),
        (0.0, 99.0, 159.9, False),
        (0.0, 100.0, 159.9, False),
        (0.0, 99.0, 160.0, True),
        # The time begins with the first that is heard of the service.
        (150.0, 151.0, 179.9, False),
        (150.0, 151.0, 180.0, True),
        (150.0, None, 209.9, False),
        (150.0, None, 210.0, True),
        # Nothing was heard of it yet.
        (None, 101.0, 1000.0, False),
    ],
)
def test_absence_counts_once_the_service_had_its_time(
    *, contact_at: float | None, newest_control_at: float | None, began_at: float, is_over: bool
) -> None:
    """One settle, or two; from the death of the connection, and from the first contact."""
    assert a_settle(contact_at).is_over(100.0, began_at, newest_control_at) is is_over


@pytest.mark.parametrize(
    ("last_sweep_at", "newest_control_at", "due_at"),
    [
        (None, None, 160.0),
        (None, 99.0, 160.0),
        (None, 101.0, 130.0),
        (120.0, 101.0, 135.0),
        (110.0, 101.0, 130.0),
        (130.0, 101.0, 160.0),
        (159.9, None, 160.0),
        (160.0, 101.0, None),
        (160.0, None, None),
    ],
)
def test_a_doubt_has_two_sweeps_and_then_no_more(
    last_sweep_at: float | None, newest_control_at: float | None, due_at: float | None
) -> None:
    """One as soon as absence may count, one when it surely does; the next call looks again."""
    assert a_settle().due_at(100.0, last_sweep_at, newest_control_at) == due_at


@given(since=MOMENTS, contact_at=MAYBE, newest_control_at=MAYBE, last_sweep_at=MAYBE)
@settings(deadline=None, max_examples=300)
def test_a_call_waits_for_a_doubt_no_longer_than_twice_the_settle(
    since: float,
    contact_at: float | None,
    newest_control_at: float | None,
    last_sweep_at: float | None,
) -> None:
    """Whatever was seen, the next sweep is after the last, and in the time that was promised."""
    due_at = a_settle(contact_at).due_at(since, last_sweep_at, newest_control_at)
    if due_at is None:
        return
    assert due_at <= max(since, contact_at or 0.0) + 2 * SETTLE_SECONDS
    assert last_sweep_at is None or due_at > last_sweep_at


@given(since=MOMENTS, contact_at=MOMENTS, newest_control_at=MAYBE)
@settings(deadline=None, max_examples=300)
def test_the_sweep_that_is_due_last_can_settle_the_doubt(
    since: float, contact_at: float, newest_control_at: float | None
) -> None:
    """A call does not end its waiting just before the wait would have been worth it."""
    settle = a_settle(contact_at)
    last_sweep_at = None
    while (due_at := settle.due_at(since, last_sweep_at, newest_control_at)) is not None:
        last_sweep_at = due_at
    assert last_sweep_at is not None
    assert settle.is_over(since, last_sweep_at, newest_control_at)
