"""What happens in one simulated life of a batch: all of it follows from a seed."""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.simulator.faults import Faults
from pipeline.simulator.settings import Settings


class Mishap(StrEnum):
    """What ends a call before its time, or disturbs it."""

    DEATH_BEFORE_COMMIT = "the process dies before a commit"
    POWER_CUT_IN_COMMIT = "the power is cut in a commit: the file is as at the last completed one"
    DEATH_AFTER_COMMIT = "the process dies after a commit, before anyone hears of it"
    DEATH_BEFORE_SEND = "the process dies as a start is about to leave"
    DEATH_NOT_ARRIVED = "the process dies, and its start never arrives"
    DEATH_ARRIVED = "the process dies, its start has arrived, and the reply is never read"
    DEATH_ARRIVES_LATE = "the process dies, and its start arrives later"
    DEATH_REPLY_READ = "the process dies after it read a reply, before it is committed"
    DEATH_AT_LOOK = "the process dies as a look is about to leave"
    DEATH_AT_LIST = "the process dies as a page of the list is about to be asked for"
    INTERRUPT = "a person presses Ctrl-C"
    DISK_FULL = "the disk is full from a commit on"
    READ_ONLY = "the ledger can only be read from a commit on"
    SLEEP = "the laptop sleeps, and all connections are dead when it wakes"
    CLOCK_JUMP = "the wall clock is set"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program, and what befalls it; ``None``: nothing."""

    mishap: Mishap | None
    at: int
    """At which commit, start, look or page, from 1; or after so many tenths of a second."""
    seconds: float
    """How long it sleeps, by how much the clock is set, or how much later a start arrives."""
    gap_seconds: float
    """How much later the next call is made."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One life: a service, a sheet, a config, and the calls."""

    seed: int
    settings: Settings
    companies: tuple[str, ...]
    """The sheet's rows; equal ones have equal start variables."""
    foreign: float
    """The share of starts after which someone else starts a run of equal input."""
    is_foreign_tokened: bool
    """Whether that someone uses this program too, with a ledger of their own."""
    is_list_blind: bool
    """Whether the list shows nobody's runs but those that someone else started by hand."""
    is_input_altered: bool
    """Whether the list shows other start variables than were sent."""
    metadata_lost: float
    """The share of runs that the list shows without their metadata."""
    starts_per_second: int
    max_credits: float | None
    give_up_seconds: float
    settle_seconds: float
    retry_failed: int
    calls: tuple[Call, ...]
    is_listening: bool
    """Whether completions are pushed; the faults say how well."""


LONGEST_LATE_SECONDS = 20.0
"""A start begins its run so much after its connection died at the most: less than `settle`."""


LISTENING = 0.5
"""The share of lives in which completions are pushed."""


def schedule_of(seed: int) -> Schedule:
    """The life that belongs to a seed."""
    chance = random.Random(seed)  # noqa: S311  # chance, not secrecy
    faults = Faults(
        lost_reply=chance.choice([0, 0, 0.1, 0.4]),
        lost_request=chance.choice([0, 0, 0.1]),
        late_start=chance.choice([0, 0, 0.1]),
        server_error=chance.choice([0, 0, 0.1]),
        server_error_after=chance.choice([0, 0, 0.1]),
        too_many=chance.choice([0, 0, 0.2]),
        too_many_bare=chance.choice([0, 0.1]),
        slow=chance.choice([0, 0.1]),
        not_found_at_first=chance.choice([0, 0.5]),
        garbled=chance.choice([0, 0.2]),
        refused=chance.choice([0, 0, 0.1]),
    )
    pushes = random.Random(f"{seed}/pushes")  # noqa: S311  # chance, not secrecy
    faults = replace(
        faults,
        push_early=pushes.choice([0, 0.1]),
        push_lost=pushes.choice([0, 0.2, 0.8]),
        push_late=pushes.choice([0, 0.1]),
        push_doubled=pushes.choice([0, 0.1]),
        push_bare=pushes.choice([0, 0.1]),
        push_forged=pushes.choice([0, 0.1]),
    )
    settings = Settings(
        seed=seed,
        duration_seconds=chance.choice([0.0, 2.0, 10.0, 60.0]),
        fail=chance.choice([0, 0, 0.3]),
        faults=faults,
        echo_metadata=chance.random() < 0.75,
        list_runs=chance.random() < 0.85,
        is_list_ordered=chance.random() < 0.5,
        credits_in_run=chance.random() < 0.9,
    )
    rows = chance.randrange(2, 11)
    names = chance.choice([rows, rows, 2])
    return Schedule(
        seed=seed,
        settings=settings,
        companies=tuple(f"Company {n % names}" for n in range(rows)),
        foreign=chance.choice([0, 0, 0, 0.3]),
        is_foreign_tokened=chance.random() < 0.5,
        is_list_blind=chance.random() < 0.05,
        is_input_altered=chance.random() < 0.1,
        metadata_lost=chance.choice([0, 0, 0, 0, 0.3]),
        starts_per_second=chance.choice([2, 20, 200]),
        max_credits=chance.choice([None, None, None, 2.0 * (rows // 2 or 1)]),
        give_up_seconds=chance.choice([20.0, 3600.0]),
        settle_seconds=30.0,
        retry_failed=chance.choice([0, 0, 1]),
        calls=tuple(_a_call(chance) for _ in range(chance.randrange(1, 7))),
        is_listening=pushes.random() < LISTENING,
    )


FURTHEST = {
    Mishap.DEATH_BEFORE_COMMIT: 25,
    Mishap.POWER_CUT_IN_COMMIT: 25,
    Mishap.DEATH_AFTER_COMMIT: 25,
    Mishap.DISK_FULL: 25,
    Mishap.READ_ONLY: 25,
    Mishap.DEATH_AT_LOOK: 8,
    Mishap.DEATH_AT_LIST: 2,
    Mishap.INTERRUPT: 40,
    Mishap.SLEEP: 40,
    Mishap.CLOCK_JUMP: 40,
}
"""How late in a call a mishap comes at the latest; of starts, at the fifth."""


def _a_call(chance: random.Random) -> Call:
    mishap = chance.choice([None, *Mishap])
    at = chance.randrange(1, 1 + FURTHEST.get(mishap, 5)) if mishap else 0
    seconds = 0.0
    match mishap:
        case Mishap.SLEEP:
            seconds = chance.choice([60.0, 8 * 3600.0])
        case Mishap.CLOCK_JUMP:
            seconds = chance.choice([-7200.0, -30.0, 45.0, 86_400.0])
        case Mishap.DEATH_ARRIVES_LATE:
            seconds = chance.uniform(0.01, LONGEST_LATE_SECONDS)
    return Call(mishap, at, seconds, gap_seconds=chance.choice([0.1, 2.0, 40.0, 9000.0]))
