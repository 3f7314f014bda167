"""The limits of a batch that several workers share: kept, and nobody is kept waiting by them."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from pipeline.config.model import Config, Limits
from pipeline.core.events import Intended
from pipeline.core.lifecycle import step
from pipeline.core.model import RunId, State
from pipeline.core.replies import Accepted
from pipeline.core.rules import Context
from pipeline.engine.batch.stop import StopReason
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.shared.chunks import Chunks
from pipeline.ledger.store import Ledger
from pipeline.simulator.settings import Settings
from tests.simulation.__main__ import the_config
from tests.simulation.crew import Crew, Hand
from tests.simulation.verdict import violations_of_a_crew
from tests.simulation.world import KEY, WORKFLOW
from tests.virtual import EPOCH

ROWS = 24


class Calm(Crew):
    """A crew without mishaps, under limits of a test's own, before a service without faults."""

    def __init__(
        self,
        folder: Path,
        limits: dict[str, float],
        *,
        workers: int,
        names_credits: bool,
        rows: int = ROWS,
    ) -> None:
        self._given = limits
        self._workers = workers
        self._names_credits = names_credits
        super().__init__(1, the_config(), folder, rows)

    def _limits(self, config: Config) -> Limits:
        return replace(config.limits, **self._given)

    def _settings(self, seed: int) -> Settings:
        return Settings(seed=seed, credits_in_run=self._names_credits)

    def _hands(self) -> list[Hand]:
        return [self.a_calm_hand(f"worker {n}") for n in range(self._workers)]


REACHED, UNKNOWN = StopReason.CAP_REACHED, StopReason.CREDITS_UNKNOWN


@pytest.mark.parametrize("workers", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("limits", "names_credits", "paid", "told"),
    [
        ({"max_credits": 1000}, True, ROWS, set()),
        ({"max_credits": 1000, "credits_per_run": 2}, True, ROWS, set()),
        ({"max_credits": 1000, "credits_per_run": 2}, False, ROWS, set()),
        ({"max_credits": 48}, True, ROWS, set()),
        ({"max_credits": 48, "max_in_flight": 1}, True, ROWS, set()),
        ({"max_credits": 47}, True, 23, {REACHED}),
        ({"max_credits": 6}, True, 3, {REACHED}),
        ({"max_credits": 6, "credits_per_run": 2}, True, 3, {REACHED}),
        ({"max_credits": 6, "credits_per_run": 2}, False, 3, {REACHED}),
        ({"max_credits": 6, "credits_per_run": 5}, True, 1, {REACHED}),
        ({"max_credits": 0}, True, 0, {REACHED}),
        ({"max_credits": 1000}, False, 1, {UNKNOWN}),
    ],
)
def test_a_cap_holds_for_all_workers_and_keeps_none_waiting(  # noqa: PLR0913, PLR0917 - a table's columns
    tmp_path: Path,
    limits: dict[str, float],
    names_credits: bool,  # noqa: FBT001 - a table's column
    paid: int,
    told: set[StopReason],
    workers: int,
) -> None:
    """So many runs as it pays for: what nobody here can see the end of is watched in between."""
    crew = Calm(tmp_path, limits, workers=workers, names_credits=names_credits)
    crew.live()
    with open_ledger(tmp_path / "batch.ledger") as ledger:
        states = Counter(ledger.states().values())
    assert (states[State.COMPLETE], states[State.PLANNED]) == (paid, ROWS - paid)
    assert {stop.reason for stop in crew.stops} == told
    assert len(crew.stops) == (workers if told else 0)
    assert violations_of_a_crew(crew) == []


class Overtaken(Calm):
    """Whoever had the first chunk was given up, woke, and started a row before it was fenced."""

    def _arrange(self, ledger: Ledger) -> None:
        super()._arrange(ledger)
        row = ledger.next_planned(0, 1)[0]
        context = Context(EPOCH, ledger_token=ledger.call_token())
        entry = step(row.entry, Intended(), context)[0]
        ledger.save([entry])
        body = json.dumps({"startVariables": dict(row.variables)}).encode()
        self.service.start(KEY, WORKFLOW, body, EPOCH)
        (run_id,) = self.service._runs  # noqa: SLF001 - the witness
        ledger.save([step(entry, Accepted(RunId(run_id)), context)[0]])


def test_a_run_that_was_started_behind_a_starters_back_is_watched(tmp_path: Path) -> None:
    """It takes the room for the chunk's other rows, and nobody else would see its end."""
    crew = Overtaken(tmp_path, {"max_credits": 1000}, workers=1, names_credits=True, rows=6)
    # It began after it had been looked whether any is under way.
    with patch.object(Chunks, "leave_to_watchers", lambda *_: []):
        crew.live()
    assert crew.stops == []
    assert violations_of_a_crew(crew) == []
