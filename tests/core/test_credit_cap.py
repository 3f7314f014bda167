"""What attempts weigh, and how many runs a cap on credits leaves room for."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.core.model import Attempt, FailureClass, State
from pipeline.core.money.budget import MANY, CreditCap, Spending
from tests.core.builders import ATTEMPTS, BEGUN

NOTHING: Final = Spending()


@pytest.mark.parametrize(
    ("attempt", "spending"),
    [
        (None, NOTHING),
        (ATTEMPTS[State.STARTING], Spending(unended=1)),
        (ATTEMPTS[State.RUNNING], Spending(unended=1)),
        (ATTEMPTS[State.UNCONFIRMED], Spending(unended=1)),
        (ATTEMPTS[State.EXPIRED], Spending(unended=1)),
        (ATTEMPTS[State.COMPLETE], Spending(credits=2.0, highest_credits=2.0)),
        (ATTEMPTS[State.FAILED], Spending(credits=1.0, highest_credits=1.0)),
        (replace(BEGUN, state=State.COMPLETE), Spending(unnamed=1)),
        (replace(BEGUN, state=State.COMPLETE, credits=0), Spending(highest_credits=0.0)),
        (replace(BEGUN, credits=3), Spending(credits=3.0, highest_credits=3.0)),
        (replace(BEGUN, state=State.FAILED, run_id=None), NOTHING),
        (
            replace(BEGUN, state=State.FAILED, run_id=None, failure=FailureClass.UNCONFIRMED),
            Spending(unended=1),
        ),
    ],
)
def test_what_an_attempt_weighs(attempt: Attempt | None, spending: Spending) -> None:
    """Its credits where they are named; else what it may cost yet, if it may be paid for at all."""
    assert NOTHING.after(None, attempt) == spending


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([None, *ATTEMPTS.values()]), min_size=1))
def test_what_an_attempt_was_weighs_no_more(course: list[Attempt | None]) -> None:
    """However it came to be what it is, only what it is counts; but no price is forgotten."""
    spending = NOTHING
    before = None
    for now in course:
        spending, before = spending.after(before, now), now
    only_now = NOTHING.after(None, course[-1])
    assert (spending.credits, spending.unended, spending.unnamed) == (
        only_now.credits,
        only_now.unended,
        only_now.unnamed,
    )
    seen = [attempt.credits for attempt in course if attempt and attempt.credits is not None]
    assert spending.highest_credits == (max(seen) if seen else None)


@pytest.mark.parametrize(
    ("cap", "spending", "room", "is_overdrawn"),
    [
        # Until a cost is seen: one run at a time, if any may be paid at all.
        (CreditCap(10, None), NOTHING, 1, False),
        (CreditCap(0, None), NOTHING, 0, False),
        (CreditCap(10, None), Spending(unended=1), 0, False),
        (CreditCap(10, None), Spending(unnamed=1), 0, False),
        (CreditCap(10, None), Spending(highest_credits=0.0), 1, False),
        # What the config says of a cost is believed until a run was dearer.
        (CreditCap(10, 4), NOTHING, 2, False),
        (CreditCap(10, 4), Spending(credits=5, highest_credits=5), 1, False),
        (CreditCap(10, 4), Spending(credits=2, highest_credits=2), 2, False),
        (CreditCap(10, 4), Spending(highest_credits=0.0), 2, False),
        # What may cost yet is reserved.
        (CreditCap(10, None), Spending(credits=2, highest_credits=2), 4, False),
        (CreditCap(10, None), Spending(credits=2, unended=3, highest_credits=2), 1, False),
        (CreditCap(10, None), Spending(credits=2, unnamed=4, highest_credits=2), 0, False),
        (
            CreditCap(10, None),
            Spending(credits=4, unended=2, unnamed=2, highest_credits=2),
            0,
            True,
        ),
        (CreditCap(10, None), Spending(credits=11, highest_credits=2), 0, True),
        # Another workflow's runs may cost what those of another have cost, if that is more.
        (CreditCap(100, 1), Spending(30, 7, 0, None, 7, 10), 0, False),
        (CreditCap(105, 1), Spending(30, 7, 0, None, 7, 10), 5, False),
        (CreditCap(90, 1), Spending(30, 7, 0, None, 7, 10), 0, True),
        (CreditCap(100, None), Spending(30, 7, 2, 1, 6, 10), 7, False),
        (CreditCap(100, None), Spending(30, 7, 0, 10, 7, 1), 0, False),
        (CreditCap(100, None), Spending(30, 7, 0, None, 7, 10), 0, False),
        # Less than a whole run is none.
        (CreditCap(10, 4), Spending(credits=3, highest_credits=3), 1, False),
        (CreditCap(10, None), Spending(credits=0.3, highest_credits=10), 0, False),
        # Sums of fractions that are no exact binary ones.
        (CreditCap(0.3, None), Spending(credits=0.1, highest_credits=0.1), 2, False),
        (CreditCap(0.3, 0.1), Spending(unended=3), 0, False),
        # Where the config says that runs are free.
        (CreditCap(10, 0), NOTHING, MANY, False),
        (CreditCap(10, 0), Spending(credits=10, highest_credits=0.0), MANY, False),
        (CreditCap(10, 0), Spending(credits=11, highest_credits=0.0), 0, True),
    ],
)
def test_no_run_is_started_that_could_pass_the_cap(
    cap: CreditCap, spending: Spending, room: int, *, is_overdrawn: bool
) -> None:
    """Each run that may cost yet, and each that is started, is taken to cost the most known."""
    assert cap.room(spending) == room
    assert cap.is_overdrawn(spending) is is_overdrawn


@pytest.mark.parametrize(
    ("cap", "spending", "is_blind"),
    [
        (CreditCap(10, None), NOTHING, False),
        (CreditCap(10, None), Spending(unended=1), False),
        (CreditCap(10, None), Spending(unnamed=1), True),
        (CreditCap(10, 2), Spending(unnamed=1), False),
    ],
)
def test_a_cap_is_blind_where_nobody_names_a_cost(
    cap: CreditCap, spending: Spending, *, is_blind: bool
) -> None:
    """Neither the service, after a run ended, nor the config."""
    assert cap.is_blind(spending) is is_blind
