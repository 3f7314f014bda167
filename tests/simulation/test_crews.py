"""Several workers that die and stand still, over one ledger: nothing is paid twice."""

import os
from collections.abc import Callable
from unittest.mock import patch

import pytest

from pipeline.engine.calls.starter import Starter
from pipeline.ledger.shared.chunks import Chunk
from tests.simulation.__main__ import a_folder, the_config
from tests.simulation.crew import Crew

SEED = int(os.environ.get("SEED", "1"))
LIVES = int(os.environ.get("CREWS", "40"))
MOST_LIVES = 100
"""So many are tried before a guard counts as not shown to be needed."""


def lived(seed: int) -> list[str]:
    """What a crew broke, and how its life went."""
    with a_folder() as folder:
        crew = Crew(seed, the_config(), folder)
        crew.live()
        wrong = crew.violations()
        return wrong and [*wrong, replay(seed), *crew.trace]


def replay(seed: int) -> str:
    """The one line that makes this life happen again."""
    return f"SEED={seed} CREWS=1 make test ARGS=tests/simulation/test_crews.py"


@pytest.mark.parametrize(
    "seed",
    [
        *range(SEED, SEED + LIVES // 2),
        *(pytest.param(s, marks=pytest.mark.slow) for s in range(SEED + LIVES // 2, SEED + LIVES)),
    ],
)
def test_no_crew_pays_twice_or_leaves_a_row(seed: int) -> None:
    """Whoever dies or sleeps, between intent and send or after it: each row is paid once."""
    wrong = lived(seed)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    "taken_out",
    [
        lambda: patch.multiple(Chunk, _hold=lambda *_, **__: None, _guard=lambda *_: None),
        lambda: patch.object(Starter, "_may_leave", lambda *_: lambda: True),
    ],
    ids=["the fence", "the intent's age limit"],
)
def test_without_a_guard_a_row_is_paid_twice(taken_out: Callable[[], patch]) -> None:
    """The lives above can fail: each guard by itself is needed."""
    with taken_out():
        assert any(lived_badly(seed) for seed in range(1, MOST_LIVES))


def lived_badly(seed: int) -> bool:
    """Whether a row was paid twice."""
    try:
        return any("2 runs" in line for line in lived(seed))
    except (AssertionError, ExceptionGroup):
        return False  # It fell over what cannot be, before it paid.
