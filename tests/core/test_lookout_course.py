"""The plan of looks, look by look: bounds alone would let a lost rule pass."""

import pytest

from pipeline.core.timing.backoff import LookWaits
from pipeline.core.timing.lookout import Lookout
from tests.core.oracle import Draw
from tests.core.watching import watch

BACKOFF = LookWaits(first_seconds=5, max_seconds=60, jitter=0.3)
AGES = (0, 4, 11, 23, 31, 47, 59, 66, 95, 140, 200, 290)


def looks_planned(draws: tuple[Draw, ...], look_seconds: float) -> str:
    """The waits from each age after 120 runs of each distribution in turn; 0: there is no plan."""
    lookout = Lookout(BACKOFF)
    watch(lookout, lambda number: draws[number // 120], 120 * len(draws), look_seconds)
    return " ".join(f"{lookout.planned_seconds(age):.4g}" for age in AGES)


@pytest.mark.parametrize(
    ("draws", "look_seconds", "waits"),
    [
        pytest.param(
            (lambda _: 60,),
            0.0,
            "61.68 57.68 50.68 38.68 30.68 14.68 5 24.58 26.73 23.59 0 0",
            id="constant",
        ),
        pytest.param(
            (lambda _: 60,),
            30.0,
            "61.68 57.68 50.68 38.68 30.68 14.68 5 42.15 46.12 49.65 0 0",
            id="constant, and dear looks",
        ),
        pytest.param(
            (lambda chance: 30 + 60 * chance,),
            0.0,
            "50.15 46.15 39.15 27.15 19.15 16.53 5 9.857 26.73 28.5 5 0",
            id="uniform",
        ),
        pytest.param(
            (lambda chance: 8 + 6 * chance if chance < 0.6 else 60 + 150 * chance,),
            10.0,
            "12.14 8.136 5 155.8 147.8 131.8 119.8 112.8 83.76 38.76 7.234 52.53",
            id="two humps",
        ),
        pytest.param(
            (lambda chance: 200 + 100 * chance,),
            0.0,
            "233.2 229.2 222.2 210.2 202.2 186.2 174.2 167.2 138.2 93.24 33.24 5.466",
            id="long",
        ),
        pytest.param(
            (lambda _: 60, lambda chance: 20 + 10 * chance),
            0.0,
            "34.15 30.15 50.68 38.68 30.68 14.68 5 24.58 26.73 23.59 0 0",
            id="faster",
        ),
        pytest.param(
            (lambda chance: 20 + 10 * chance, lambda _: 100),
            20.0,
            "101.9 97.95 90.95 78.95 70.95 54.95 42.95 35.95 6.945 44.12 33.24 0",
            id="slower",
        ),
        pytest.param((lambda chance: 0.1 + chance,), 0.0, "5 5 0 0 0 0 0 0 0 0 0 0", id="soon"),
    ],
)
def test_looks_are_planned_as_they_were_measured(
    draws: tuple[Draw, ...], look_seconds: float, waits: str
) -> None:
    """Whoever changes what is learnt of runs measures it anew, and writes the new plan here."""
    assert looks_planned(draws, look_seconds) == waits
