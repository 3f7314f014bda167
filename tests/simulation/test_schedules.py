"""Lives of a batch by the hundred: nothing is paid for twice, nothing that was paid for is lost.

``make simulate-crashes N=10000`` lives more of them.
"""

import re
from dataclasses import replace
from typing import Final

import pytest

from pipeline.simulator.faults import Faults
from pipeline.simulator.settings import Settings
from tests.simulation.__main__ import a_folder, lived, the_config
from tests.simulation.schedule import Call, Mishap, schedule_of
from tests.simulation.verdict import replay
from tests.simulation.world import WHERE, Life

LIVES_A_TEST = 25
ENDS: Final = {
    **{mishap: "Death" for mishap in Mishap if mishap.name.startswith(("DEATH", "POWER"))},
    Mishap.INTERRUPT: "interrupted; the same command goes on",
    Mishap.DISK_FULL: "LedgerLost",
    Mishap.READ_ONLY: "LedgerLost",
}
"""How a call ends that meets with it; the others only disturb one."""


@pytest.mark.parametrize(
    "first", [1, *(pytest.param(first, marks=pytest.mark.slow) for first in range(26, 301, 25))]
)
def test_every_promise_is_kept(first: int) -> None:
    """Whatever dies, is cut, sleeps or lies: the service's own count and the ledger agree."""
    for seed in range(first, first + LIVES_A_TEST):
        _, wrong, trace = lived(seed)
        assert not wrong, "\n".join([*wrong, replay(seed), *trace])


@pytest.mark.parametrize("mishap", ENDS)
def test_a_mishap_befalls_its_call(mishap: Mishap) -> None:
    """A life in which nothing happens any more would keep every promise."""
    settings = Settings(seed=1, duration_seconds=2.0, faults=Faults(lost_reply=1))
    schedule = replace(schedule_of(1), settings=settings, companies=("Company 0", "Company 1"))
    # The first things that are asked of the ledger write nothing.
    at = 5 if mishap in WHERE["commit"] else 1
    with a_folder() as folder:
        life = Life(replace(schedule, is_listening=False), the_config(), folder)
        life.make(Call(mishap, at, seconds=1.0, gap_seconds=1.0))
    assert life.trace[-1] == f"the call ends: {ENDS[mishap]}"


def test_a_seed_is_one_life() -> None:
    """A seed replays what it found, step by step but for what is random in tokens."""

    def told(seed: int) -> list[str]:
        return [re.sub(r"\b([0-9a-f]{8,16}-){1,2}", "", line) for line in lived(seed)[2]]

    assert told(5) == told(5)
    assert told(5) != told(6)
