"""A process that dies at any commit: no row is paid twice, and nothing paid for is lost."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from pipeline.core.model import State
from pipeline.simulator.faults import Faults
from tests.world import Crash, CrashingBlocking, Universe, a_sheet, in_line

T = TypeVar("T")
SEED = int(os.environ.get("SEED", "1"))
SCHEDULES = int(os.environ.get("N", "60"))


@pytest.mark.parametrize("seed", range(SEED, SEED + SCHEDULES))
def test_a_death_at_any_commit_pays_no_row_twice(tmp_path: Path, seed: int) -> None:
    """Die before or after commits, under faults, and go on: each row was started once at most.

    Replay one schedule with ``SEED=<seed> N=1 make test``.
    """
    chance = random.Random(seed)  # noqa: S311  # chance, not secrecy
    faults = Faults(
        lost_reply=chance.choice([0, 0.1]),
        lost_request=chance.choice([0, 0.1]),
        too_many=chance.choice([0, 0.2]),
        server_error=chance.choice([0, 0.1]),
        not_found_at_first=chance.choice([0, 0.5]),
        garbled=chance.choice([0, 0.2]),
    )
    rate = chance.choice(["2/s", "20/s", "200/s"])
    universe = Universe(tmp_path, seed=seed, faults=faults, limits={"rate": rate})
    universe.sheet = a_sheet(20)
    for _ in range(chance.randrange(1, 6)):
        universe.blocking = CrashingBlocking(
            chance.randrange(1, 60), is_done_first=chance.random() < 0.5
        )
        try:
            universe.call()
        except* Crash:
            universe.clock.epoch += chance.randrange(1, 1000)
    universe.blocking = in_line
    for _ in range(5):
        # A service that was silent for too long is called again, as a person would.
        if universe.call() is None:
            break
    begun = universe.starts_by_company()
    replay = f"SEED={seed} N=1 make test"
    assert max(begun.values()) == 1, replay
    standings = universe.standings().values()
    states = [standing.state for standing in standings]
    assert set(states) <= {State.COMPLETE, State.UNCONFIRMED}, (replay, states)
    # Every run that the service was paid for is a row's own, or its row is held.
    complete = sum(state is State.COMPLETE for state in states)
    assert len(begun) - complete <= states.count(State.UNCONFIRMED), replay
    assert sum(standing.credits or 0 for standing in standings) == 2 * complete, replay


def test_a_death_between_the_send_and_its_record_is_found_out(tmp_path: Path) -> None:
    """The start left, the process died: its run is found, and not paid for again."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(1)

    async def dies_after_the_send(call: Callable[[], T], /) -> T:
        if universe.remote.starts_at:
            raise Crash
        return call()

    universe.blocking = dies_after_the_send
    with pytest.raises(BaseException):  # noqa: B017, PT011  # a crash, in whatever group
        universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    universe.blocking = in_line
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    assert universe.tally().count(State.COMPLETE) == 1
