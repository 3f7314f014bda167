"""Lives of a batch by the hundred: nothing is paid for twice, nothing that was paid for is lost.

``make simulate-crashes N=10000`` lives more of them.
"""

import re

import pytest

from tests.simulation.__main__ import lived
from tests.simulation.verdict import replay

LIVES_A_TEST = 25


@pytest.mark.parametrize(
    "first", [1, *(pytest.param(first, marks=pytest.mark.slow) for first in range(26, 301, 25))]
)
def test_every_promise_is_kept(first: int) -> None:
    """Whatever dies, is cut, sleeps or lies: the service's own count and the ledger agree."""
    for seed in range(first, first + LIVES_A_TEST):
        _, wrong, trace = lived(seed)
        assert not wrong, "\n".join([*wrong, replay(seed), *trace])


def test_a_seed_is_one_life() -> None:
    """A seed replays what it found, step by step but for what is random in tokens."""

    def told(seed: int) -> list[str]:
        return [re.sub(r"\b([0-9a-f]{8,16}-){1,2}", "", line) for line in lived(seed)[2]]

    assert told(5) == told(5)
    assert told(5) != told(6)
