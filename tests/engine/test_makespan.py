"""How long a batch takes beside what its rate and its longest run take at the least."""

from pathlib import Path
from typing import Final

import pytest

from pipeline.core.model import State
from pipeline.simulator.faults import Faults
from tests.drawn import WITH_DOUBTS, WITHOUT_DOUBTS
from tests.world import EPOCH, Universe, a_sheet

ROWS: Final = 1000
RATE: Final = 4
LONGEST_SECONDS: Final = 30
SETTLE_SECONDS: Final = 10


def seconds_taken(folder: Path, rows: int, faults: Faults) -> float:
    """What a batch of so many rows takes, all of them ended."""
    universe = Universe(
        folder,
        duration_seconds=LONGEST_SECONDS / 1.5,
        faults=faults,
        limits={"rate": f"{RATE}/s", "max_in_flight": 1000},
        polling={"rate": "60/s"},
        retry={"settle": f"{SETTLE_SECONDS}s"},
    )
    universe.sheet = a_sheet(rows)
    assert universe.call() is None
    assert universe.tally().count(State.COMPLETE, State.FAILED) == rows
    return universe.clock.epoch - EPOCH


@pytest.mark.parametrize("faults", [pytest.param(Faults(), marks=pytest.mark.slow), WITHOUT_DOUBTS])
def test_a_batch_takes_little_longer_than_its_starts_and_its_longest_run(
    tmp_path: Path, faults: Faults
) -> None:
    """At most 1.05 times as long, with one call in twenty going wrong."""
    least_seconds = ROWS / RATE + LONGEST_SECONDS
    assert seconds_taken(tmp_path, ROWS, faults) <= 1.05 * least_seconds


@pytest.mark.slow
def test_lost_replies_cost_two_settles_and_one_run_more(tmp_path: Path) -> None:
    """However many replies were lost: they are looked for together, beside the starts."""
    least_seconds = ROWS / RATE + LONGEST_SECONDS
    most_seconds = 1.05 * least_seconds + 2 * SETTLE_SECONDS + LONGEST_SECONDS
    assert seconds_taken(tmp_path, ROWS, WITH_DOUBTS) <= most_seconds
