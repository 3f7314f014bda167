"""Several workers that die and stand still, over one ledger: nothing is paid twice."""

import os
from collections.abc import Callable
from unittest.mock import patch

import pytest

from pipeline.engine.calls.starter import Starter
from pipeline.ledger.shared.chunks import Chunk
from tests.simulation.__main__ import a_folder, the_config
from tests.simulation.crew import Crew
from tests.simulation.verdict import violations_of_a_crew

SEED = int(os.environ.get("SEED", "1"))
LIVES = int(os.environ.get("CREWS", "40"))
MOST_LIVES = 100
"""So many are tried before a guard counts as not shown to be needed."""


def lived(seed: int) -> list[str]:
    """What a crew broke, and how its life went."""
    with a_folder() as folder:
        crew = Crew(seed, the_config(), folder)
        crew.live()
        wrong = violations_of_a_crew(crew)
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
    ("taken_out", "breaks"),
    [
        (
            lambda: patch.multiple(Chunk, _hold=lambda *_, **__: None, _guard=lambda *_: None),
            "2 runs",
        ),
        (lambda: patch.object(Starter, "_may_leave", lambda *_: lambda: True), "2 runs"),
        (lambda: patch.object(Chunk, "_see_that_there_is_room", lambda *_: None), "under a cap"),
    ],
    ids=["the fence", "the intent's age limit", "the room that the ledger counts"],
)
def test_without_a_guard_a_promise_breaks(taken_out: Callable[[], patch], breaks: str) -> None:
    """The lives above can fail: each guard by itself is needed."""
    with taken_out():
        assert any(lived_badly(seed, breaks) for seed in range(1, MOST_LIVES))


def lived_badly(seed: int, breaks: str) -> bool:
    """Whether a row was paid twice, or too much was spent."""
    try:
        return any(breaks in line for line in lived(seed))
    except (AssertionError, ExceptionGroup, TimeoutError):
        return False  # It fell over what cannot be, or waits for it, before it paid.
