"""A sheet over months: what a person does to it, and calls of the program between.

All of the program but its command line, sockets and time: config and sheet are files, questions are
asked and the output is written. Nobody is there to answer, so what is asked about is refused.
"""

import asyncio
import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from pipeline.commands.asking import Again, find_again, open_round
from pipeline.commands.enrolling import enrol
from pipeline.commands.preparing import Overrides, Prepared, prepare
from pipeline.commands.unasked import ask_before_paying_again
from pipeline.commands.writing import write_output
from pipeline.config.model import Config
from pipeline.core.model import Json, RoundKind, State
from pipeline.core.replies import StartReply
from pipeline.core.retrying import Choice
from pipeline.core.rows.variables import Sendable
from pipeline.engine.batch.stop import Switch
from pipeline.engine.process import World, process
from pipeline.engine.progress.progress import Progress
from pipeline.errors import UsageFault
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.store import Ledger
from pipeline.simulator.faults import Faults
from pipeline.simulator.records import Run
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.virtual import VirtualClock, run_virtually
from tests.world import KEY, WORKFLOW, Crash, Remote

T = TypeVar("T")


class History:
    """One sheet, its config, its ledger and the service, from the first call to the last."""

    def __init__(self, folder: Path, duplicates: str, max_credits: int | None) -> None:
        self.folder = folder
        self.duplicates = duplicates
        self.max_credits = max_credits
        self.companies: list[str] = []
        self.header = "Company"
        self.tone = "mild"
        faults = Faults(lost_reply=0.2, late_start=0.1)
        self.service = Service(Settings(duration_seconds=2.0, fail=0.2, faults=faults))
        self.clock = VirtualClock()
        self.remote = Remote(self.service, self.clock)
        self.remote.before_start, self.remote.before_look = self._act, self._check_alive
        self._send = self.remote.start
        self.remote.start = self._start  # type: ignore[method-assign]
        self._acts_left: int | None = None
        self.may_pay: Counter[str] = Counter()
        """The model: a run for each equal row that a call has ever seen at a time, and one more for
        each round that was asked for: of all rows, or of those that did not complete."""
        (folder / ".env").write_text(f"COPY_AI_API_KEY={KEY}\n", "utf-8")
        self._seen: Counter[str] = Counter()
        self._configs: set[tuple[str, str]] = set()

    def call(self, *, dies_at: int | None = None, asks: RoundKind | None = None) -> None:
        """One call of `run`, `run --fresh` or `retry`.

        `dies_at`: its process dies after this commit, look at the ledger or start; of a start that
        is the last the reply is not read.
        """
        self._configs.add((self.header, self.tone))
        prepared = prepare(self._written(), Overrides())
        with open_ledger(prepared.config.ledger) as ledger:
            try:
                ask_before_paying_again(prepared, ledger, is_agreed=False)
            except UsageFault:
                assert len(self._configs) > 1, "asked, though the config was never edited"
                return
            enrol(prepared, ledger)
            self._allow(ledger, asks)
            if asks is not None:
                again = Again(asks, Choice())
                open_round(again, find_again(again, prepared.rows, ledger), ledger)
            if self._ends(prepared.config, ledger, dies_at):
                ledger.end_round(self.clock.epoch)
                write_output(prepared, ledger, prepared.config.output.path)
                self._check_credits(prepared, ledger)

    def paid(self) -> Counter[str]:
        """The service's own count: runs begun, by the row that they were begun for."""
        return Counter(str(run.start_variables["Company"]) for run in self._runs)

    def spent(self) -> float:
        """What all runs cost, by the service."""
        return sum(run.credits for run in self._runs)

    @property
    def _runs(self) -> Collection[Run]:
        return self.service._runs.values()  # noqa: SLF001 - the witness

    def _allow(self, ledger: Ledger, asks: RoundKind | None) -> None:
        rows = Counter(self.companies)
        if self.duplicates == "once":
            rows = Counter(rows.keys())
        self.may_pay += rows - self._seen
        self._seen |= rows
        if asks is not None and ledger.open_round() is None:
            failed = ledger.enrolled_in_sheet(State.FAILED, State.EXPIRED)
            to_retry = Counter(str(row.variables["Company"]) for row in failed)
            self.may_pay += rows if asks is RoundKind.FRESH else to_retry

    def _written(self) -> Path:
        with (self.folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([[self.header, "Note"], *([c, "-"] for c in self.companies)])
        path = self.folder / "batch.yaml"
        content = {
            "input": {"path": "rows.csv", "duplicates": self.duplicates},
            "workflow": {"id": WORKFLOW, "base_url": "http://127.0.0.1:1/api"},
            "variables": {"Company": self.header, "Tone": {"value": self.tone}},
            "outputs": {"Email": "Generated email"},
            "limits": {"rate": "10/s", "max_credits": self.max_credits},
        }
        path.write_text(json.dumps(content), "utf-8")
        return path

    def _ends(self, config: Config, ledger: Ledger, dies_at: int | None) -> bool:
        """Start and watch; tells whether the process lived to the end of it."""
        self._acts_left = dies_at
        passed = [0.0]
        has_ended = False
        try:
            run_virtually(self._processed(config, ledger, passed))
            has_ended = True
        except* Crash:
            pass
        self._acts_left = None
        # A start that comes late arrives before the next call is made.
        self.clock.epoch += passed[0] + 60
        return has_ended

    async def _processed(self, config: Config, ledger: Ledger, passed: list[float]) -> None:
        world = World(
            remote=self.remote,
            clock=self.clock,
            chance=random.Random(1).random,  # noqa: S311 - chance, not secrecy
            blocking=self._block,
            progress=Progress(self.clock, io.StringIO()),
            switch=Switch(),
        )
        try:
            await process(config, ledger, world)
        finally:
            passed[0] = asyncio.get_running_loop().time()

    async def _block(self, call: Callable[[], T], /) -> T:
        await asyncio.sleep(0)
        self._act()
        return call()

    async def _start(self, *arguments: Mapping[str, Json]) -> StartReply:
        reply = await self._send(*arguments)
        self._check_alive()
        return reply

    def _act(self) -> None:
        self._check_alive()
        if self._acts_left is not None:
            self._acts_left -= 1

    def _check_alive(self) -> None:
        if self._acts_left == 0:
            raise Crash

    def _check_credits(self, prepared: Prepared, ledger: Ledger) -> None:
        """What the sheet shows, and what left it, is what the service took."""
        if ledger.entries(State.STARTING, State.RUNNING, State.UNCONFIRMED, State.EXPIRED):
            return
        with prepared.config.output.path.open(newline="", encoding="utf-8") as file:
            shown = sum(float(row["Credits"] or 0) for row in csv.DictReader(file))
        here = {row.key for row in prepared.rows if isinstance(row, Sendable)}
        left = sum(
            s.credits or 0
            for key, s in ledger.standings(ledger.states()).items()
            if key not in here
        )
        assert shown == ledger.tally().credits
        assert shown + left == self.spent()
