"""Batches whose process died with starts on their way, and the program called in this process."""

import io
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.commands.preparing import Overrides, load_config, prepare
from pipeline.commands.service import simulator_settings, simulator_state
from pipeline.core.events import Intended
from pipeline.core.lifecycle import step
from pipeline.core.model import Attempt, RunId, Standing, State
from pipeline.core.planning import plan
from pipeline.core.rules import Context
from pipeline.ledger.opening import join_ledger, open_ledger
from pipeline.simulator.journal import open_service
from pipeline.simulator.replies import Reply
from pipeline.simulator.service import Service
from tests.journeys.running import a_batch


@dataclass(frozen=True)
class Ended:
    """A call that has ended."""

    exit: int
    out: str
    err: str


@dataclass
class Program:
    """The program, called without a process of its own."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: object) -> Ended:
        """Call it with no terminal."""
        self.capsys.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        try:
            exit_ = main([*map(str, arguments)])
        finally:
            signal.signal(signal.SIGTERM, before)
        said = self.capsys.readouterr()
        return Ended(exit_, said.out, said.err)

    def answering(self, *answers: str) -> "Program":
        """The same on a terminal, where a person types these lines and then closes the input."""
        typed = io.StringIO("".join(f"{answer}\n" for answer in answers))
        self.monkeypatch.setattr(typed, "isatty", lambda: True, raising=False)
        self.monkeypatch.setattr(sys, "stdin", typed)
        self.monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        return self


@dataclass(frozen=True)
class CutOff:
    """A batch that died while the starts of all its rows were on their way."""

    path: Path
    """The config's."""
    attempts: Sequence[Attempt]
    """One a row, in the sheet's order, as the ledger had them when the process died."""

    @contextmanager
    def service(self) -> Iterator[Service]:
        """The simulator that the batch uses, with its runs so far."""
        config = load_config(self.path, Overrides())
        with open_service(simulator_settings(config), simulator_state(config)) as service:
            yield service

    def begun(self, place: int, *, with_token: bool = True) -> RunId:
        """Let the service have begun a run for the row at this place; else for nobody's row."""
        metadata = {"pipeline_attempt": self.attempts[place].token} if with_token else None
        return self.begin({"Company": f"Company {place}"}, metadata)

    def begin(self, variables: dict[str, str], metadata: dict[str, str] | None = None) -> RunId:
        """Let the service begin a run."""
        body = json.dumps({"startVariables": variables, "metadata": metadata}).encode()
        with self.service() as service:
            reply = service.start("any", "WCFG-1", body, time.time())
        assert isinstance(reply, Reply)
        return RunId(reply.body["data"]["id"])

    def standings(self) -> list[Standing]:
        """How the rows stand, in the order of the sheet as it was when the process died."""
        with join_ledger(self.path.with_name("batch.ledger")) as ledger:
            assert ledger is not None
            return [standing for _, standing in ledger.standings()]

    def states(self) -> list[State]:
        """The states of the rows."""
        return [standing.state for standing in self.standings()]


def cut_off(folder: Path, rows: int = 1, **sections: object) -> CutOff:
    """A batch of so many rows, killed when the intents of all were durable and no reply was."""
    path = a_batch(folder, rows, **sections)
    prepared = prepare(path, Overrides())
    with open_ledger(prepared.config.ledger) as ledger:
        planned = plan(prepared.rows, ledger.states())
        workflow = prepared.config.workflow
        ledger.enrol(planned, prepared.source.path, workflow.service, workflow.id, time.time())
        context = Context(time.time(), ledger_token=ledger.token)
        entries = ledger.entries(State.PLANNED)
        ledger.save([step(entry, Intended(), context)[0] for entry in entries])
        attempts = [standing.attempt for _, standing in ledger.standings()]
    return CutOff(path, [attempt for attempt in attempts if attempt is not None])
