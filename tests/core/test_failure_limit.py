"""How many failures stop a call."""

import pytest

from pipeline.core.money.budget import FailureLimit


@pytest.mark.parametrize(
    ("limit", "rows", "allowed"),
    [
        (FailureLimit(count=20), 1000, 20),
        (FailureLimit(count=20), 5, 20),
        (FailureLimit(count=1), 0, 1),
        (FailureLimit(percent=10), 100, 10),
        (FailureLimit(percent=10), 101, 11),
        (FailureLimit(percent=10), 5, 1),
        (FailureLimit(percent=0.5), 1000, 5),
        (FailureLimit(percent=10), 0, 1),
        (FailureLimit(percent=100), 7, 7),
    ],
)
def test_a_limit_is_reached_at_a_count_or_a_share(
    limit: FailureLimit, rows: int, allowed: int
) -> None:
    """A share is of the rows that the call sends or watches, rounded up, and at least one row."""
    assert limit.allowed(rows) == allowed
    assert not limit.is_reached(allowed - 1, rows)
    assert limit.is_reached(allowed, rows)
    assert limit.is_reached(allowed + 1, rows)
