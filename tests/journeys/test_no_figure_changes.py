"""Whatever happens on the way, the bill is the same: each row once, and every credit told.

The cap is kept. On virtual time, with the simulator's own runs as the witness.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.core.replies import Halted, HaltReason
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.simulator.faults import Faults
from tests.world import Universe, a_sheet

ROWS = 30
CAP = 2 * ROWS
INTERRUPTED = Stop(StopReason.INTERRUPTED, "it was interrupted")


def a_universe(folder: Path) -> Universe:
    """Thirty rows under a cap that just pays for them; some replies are slow, some are lost."""
    universe = Universe(
        folder,
        duration_seconds=20,
        faults=Faults(lost_reply=0.1, slow=0.3),
        limits={"rate": "5/s", "max_credits": CAP, "credits_per_run": 2},
        retry={"settle": "5s"},
    )
    universe.sheet = a_sheet(ROWS)
    return universe


def check_the_bill(universe: Universe) -> None:
    """Every row is complete, was begun once, and cost what the service says."""
    runs = universe.service._runs.values()  # noqa: SLF001 - the witness
    tally = universe.tally()
    assert tally.count(State.COMPLETE) == ROWS
    assert set(universe.starts_by_company().values()) == {1}
    assert tally.credits == sum(run.credits for run in runs) == CAP


def interrupted(universe: Universe, *moments: float) -> Stop | None:
    """A call that is interrupted so many seconds after it began."""

    async def interrupt() -> None:
        for moment in moments:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            universe.switch.ask(INTERRUPTED)

    return universe.call(meanwhile=interrupt)


def a_second_interrupt(universe: Universe) -> None:
    """Replies that were under way are not waited for."""
    assert interrupted(universe, 3, 3.01) == INTERRUPTED
    assert universe.tally().count(State.UNCONFIRMED)


def a_closed_lid(universe: Universe) -> None:
    """The machine sleeps for a night: its clock goes on, and the program's waits do not."""

    async def sleep() -> None:
        await asyncio.sleep(3)
        universe.clock.epoch += 8 * 3600

    universe.call(meanwhile=sleep)


def a_clock_put_back(universe: Universe) -> None:
    """Somebody sets the machine's clock, by an hour."""

    async def put_back() -> None:
        await asyncio.sleep(3)
        universe.clock.epoch -= 3600

    universe.call(meanwhile=put_back)
    universe.clock.epoch += 3600


def a_week_between_two_calls(universe: Universe) -> None:
    """What was left in flight has long ended, and was longer away than `polling.give_up`."""
    assert interrupted(universe, 3) == INTERRUPTED
    universe.clock.epoch += 7 * 86_400


def halted(universe: Universe, reason: HaltReason) -> None:
    """From the tenth start on the service refuses, until a person has acted."""
    refusal = Halted(reason, "no")
    starts = universe.remote.starts_at
    universe.remote.before_start = lambda: refusal if len(starts) >= 10 else None
    stop = universe.call()
    assert stop is not None
    tally = universe.tally()
    assert not tally.count(State.FAILED, State.EXPIRED)
    assert tally.count(State.PLANNED) > 0
    universe.remote.before_start = lambda: None


def an_account_that_ran_dry(universe: Universe) -> None:
    """It is filled up again."""
    halted(universe, HaltReason.CREDITS_AT_LIMIT)
    assert not universe.tally().count(State.RUNNING)


def a_key_that_was_renewed(universe: Universe) -> None:
    """What was in flight is looked at by the next call."""
    halted(universe, HaltReason.KEY_REFUSED)


@pytest.mark.parametrize(
    "happening",
    [
        a_second_interrupt,
        a_closed_lid,
        a_clock_put_back,
        a_week_between_two_calls,
        an_account_that_ran_dry,
        a_key_that_was_renewed,
    ],
)
def test_the_same_command_comes_to_the_same_bill(
    tmp_path: Path, happening: Callable[[Universe], None]
) -> None:
    """Each row once, none failed for it, the credits those of the service, the cap kept."""
    universe = a_universe(tmp_path)
    happening(universe)
    for _ in range(2):
        universe.call()
    check_the_bill(universe)
