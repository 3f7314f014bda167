"""All that the live page shows of a batch at one moment. Owns the figures, named as on the page.

Must not know HTTP, nor how a figure is drawn.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from pipeline.config.adjusting import Adjusted, adjusted
from pipeline.config.model import Config
from pipeline.config.sections.behaviour import Limits
from pipeline.core.amounts import plain_amount
from pipeline.core.model import IN_FLIGHT, State, Status
from pipeline.core.timing.timeleft import Lately, Left, Owed, Pace, time_left
from pipeline.ledger.onlooker import Onlooker, Troubled
from pipeline.ledger.opening import is_running
from pipeline.ledger.records import Tally
from pipeline.report.lastread import read_for_another
from pipeline.report.live.charts import Durations, OverTime, durations_of, lately, whole
from pipeline.report.troubles import ADVICE, Trouble, trouble_of

NEWEST_RUNS: Final = 10_000
"""So many of the newest runs tell how long a run takes."""
ROWS_NAMED: Final = 50
ERRORS_NAMED: Final = 5


class Stage(StrEnum):
    """How a batch stands as a whole."""

    NOTHING = "nothing was started"
    ANOTHERS = "another's"
    """The rows are not those of what the config names, and no process is at work on them."""
    RUNNING = "running"
    STOPPED = "stopped"
    """Rows are still to be started or to be watched, and no process does it."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Credits:
    """What the whole batch cost, rows that left the sheet included."""

    spent: float
    cap: float | None
    open_runs: int
    """Runs that may cost yet: in flight, in doubt or expired."""
    unnamed_runs: int
    """Runs that ended and named no credits."""


@dataclass(frozen=True, slots=True)
class TroubledRows:
    """Rows that are not complete for one cause."""

    title: str
    meaning: str
    remedy: str
    count: int
    rows: Sequence[int]
    """The numbers of the first of them; none where the ledger does not know them."""
    errors: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The batch at one moment, in Unix seconds."""

    batch: str
    config: str
    at: float
    stage: Stage
    process: int | None
    another: str | None
    """Told where the rows are not those of what the config names: none is shown then."""
    rows: int
    counts: Mapping[Status, int]
    credits: Credits
    whole: OverTime | None
    lately: OverTime | None
    """The last hour; ``None`` where the whole is no longer."""
    durations: Durations | None
    left: Left | None
    """``None``: not known, or nobody is at work."""
    is_paused: bool
    adjusted: Mapping[str, str]
    """What was changed of the batch that runs, by key, as it was written."""
    troubles: Sequence[TroubledRows]


class Viewer:
    """Makes the figures, and remembers of earlier ones how fast rows left of late."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._leaving: Lately | None = None
        self._read_at: tuple[Onlooker, int] | None = None
        self._last: Figures | None = None

    @property
    def ledger(self) -> Path:
        """The ledger that is looked at."""
        return self._config.ledger

    def figures(self, onlooker: Onlooker) -> Figures:
        """The figures as the ledger now stands; summed up anew only where it changed."""
        read_at = (onlooker, onlooker.version())
        holder = onlooker.ledger.holder()
        is_held = is_running(self.ledger, holder)
        was_held = self._last is not None and self._last.stage is Stage.RUNNING
        if self._last is None or read_at != self._read_at or is_held != was_held:
            with onlooker.ledger.history.at_one_moment():
                self._last = self._summed_up(onlooker, int(holder or 0) if is_held else None)
            self._read_at = read_at
        return self._last

    def _summed_up(self, onlooker: Onlooker, process: int | None) -> Figures:
        another = read_for_another(self._config.workflow, onlooker.ledger)
        if another is not None:
            stage = Stage.ANOTHERS if process is None else Stage.RUNNING
            return replace(self.nothing(), stage=stage, process=process, another=another.told)
        now, tally = time.time(), onlooker.ledger.tally()
        stage = _stage(tally, is_held=process is not None)
        changes = onlooker.ledger.adjustments() if stage is Stage.RUNNING else {}
        now_is = adjusted(self._config.limits, changes)
        history = onlooker.ledger.history
        taken = history.durations(NEWEST_RUNS)
        planned = tally.count(State.PLANNED)
        self._leaving = self._leaving or Lately(now, -planned)
        self._leaving.see(now, -planned)
        return Figures(
            batch=self._config.name,
            config=self._config.path.name,
            at=now,
            stage=stage,
            process=process,
            another=None,
            rows=tally.rows,
            counts=tally.by_status(),
            credits=_credits(onlooker, now_is.limits),
            whole=whole(history, now, is_going_on=stage is Stage.RUNNING),
            lately=lately(history, now),
            durations=durations_of(taken),
            left=_left(tally, taken, now_is, self._leaving) if stage is Stage.RUNNING else None,
            is_paused=now_is.is_paused,
            adjusted=changes,
            troubles=_troubles(onlooker, tally, self._config.path.name),
        )

    def nothing(self) -> Figures:
        """The figures before there is a ledger."""
        return Figures(
            batch=self._config.name,
            config=self._config.path.name,
            at=time.time(),
            stage=Stage.NOTHING,
            process=None,
            another=None,
            rows=0,
            counts=dict.fromkeys(Status, 0),
            credits=Credits(0.0, self._config.limits.max_credits, 0, 0),
            whole=None,
            lately=None,
            durations=None,
            left=None,
            is_paused=False,
            adjusted={},
            troubles=(),
        )


def _left(tally: Tally, taken: Sequence[float], now_is: Adjusted, leaving: Lately) -> Left | None:
    pace = Pace(
        interval_seconds=now_is.limits.rate.interval_seconds,
        max_in_flight=now_is.limits.max_in_flight,
        seen_interval_seconds=leaving.interval_seconds,
        is_paused=now_is.is_paused,
    )
    return time_left(Owed(tally.count(State.PLANNED), tally.count(*IN_FLIGHT)), pace, taken)


def _stage(tally: Tally, *, is_held: bool) -> Stage:
    if is_held:
        return Stage.RUNNING
    if not tally.rows:
        return Stage.NOTHING
    is_owed = tally.count(State.PLANNED, *IN_FLIGHT) > 0
    return Stage.STOPPED if is_owed else Stage.ENDED


def _credits(onlooker: Onlooker, limits: Limits) -> Credits:
    spending = onlooker.ledger.spending()
    spent = plain_amount(spending.credits)
    return Credits(spent, limits.max_credits, spending.unended, spending.unnamed)


def _troubles(onlooker: Onlooker, tally: Tally, config: str) -> list[TroubledRows]:
    found = [
        _advised(trouble_of(known.state, known.failure), known.count, config, known)
        for known in onlooker.troubles(ROWS_NAMED, ERRORS_NAMED)
    ]
    if tally.faulty:
        found.append(_advised(Trouble.CELLS, tally.faulty, config))
    return sorted(found, key=lambda rows: -rows.count)


def _advised(
    trouble: Trouble, count: int, config: str, known: Troubled | None = None
) -> TroubledRows:
    advice = ADVICE[trouble]
    return TroubledRows(
        title=trouble.value,
        meaning=advice.meaning,
        remedy=advice.remedy.format(config=config),
        count=count,
        rows=known.rows if known else (),
        errors=known.errors if known else (),
    )
