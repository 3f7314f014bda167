"""The simulation can fail: without a guard, it finds a broken promise."""

import pytest

from tests.simulation.__main__ import lived
from tests.simulation.guards import GUARDS, Guard, broken_without, seeds_told

SEEDS = seeds_told()


def test_the_page_tells_of_every_guard() -> None:
    """`make guards` has been run since a guard came or went."""
    assert list(SEEDS) == [guard.name for guard in GUARDS]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_promise_breaks_without_the_guard(guard: Guard) -> None:
    """In the life that the page names: with the guard all is well, without it a promise breaks."""
    assert lived(SEEDS[guard.name])[1] == []
    assert broken_without(guard, SEEDS[guard.name])
