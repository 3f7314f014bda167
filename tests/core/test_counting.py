"""A number with its noun, as a person reads it."""

import pytest

from pipeline.core.counting import counted


@pytest.mark.parametrize(("count", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_one_is_told_as_one(count: int, told: str) -> None:
    """The first try of a sheet is one row, and is not told as `1 rows`."""
    assert counted(count, "row") == told
