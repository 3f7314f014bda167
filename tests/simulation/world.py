"""One life of a batch on virtual time: the whole engine, a real ledger, a service without sockets.

The service's own time never jumps; the program's wall clock may. When the process dies, the files
of the ledger are kept as they stood at that moment, and put back before the next call.
"""

import asyncio
import io
import json
import random
import resource
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from pipeline.config.model import Config
from pipeline.config.values.units import read_rate
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.model import ENDED, Json, Observation, Row, RunId, Sheet
from pipeline.core.replies import (
    Delivery,
    Doubtful,
    ListReply,
    LookReply,
    RunPage,
    StartReply,
    Unreachable,
)
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import FromColumn, Recipe
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.stop import Stop, StopReason, Switch
from pipeline.engine.clock import Clock
from pipeline.engine.process import World, process
from pipeline.engine.progress.progress import Progress
from pipeline.errors import LedgerLost
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.store import Ledger
from pipeline.remote.deliveries import delivery_in
from pipeline.remote.secret import NO_SECRET
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply
from pipeline.simulator.faults import Faults
from pipeline.simulator.replies import Answer, Cut
from pipeline.simulator.service import Service
from tests.ledger.rules import broken_rules
from tests.simulation.schedule import Call, Mishap, Schedule
from tests.virtual import EPOCH, run_virtually

T = TypeVar("T")

KEY = "a-key-that-opens-nothing"
WORKFLOW = "WCFG-1"
LATENCY_SECONDS = 0.05
PUSHED_EACH_SECONDS = 0.25
"""Sooner than a start's reply where that is to come after its push: `faults.EARLY_SECONDS`."""
QUIET_CALLS = 2
HURTS_THE_LEDGER = {Mishap.DISK_FULL, Mishap.READ_ONLY}
"""By these alone a call may lose its ledger; else that is a fault of the program."""
LAST_CALLS = 20
"""So many calls are made at the end, with the service well again, until nothing is owed."""


class Death(BaseException):
    """The process died: nothing that it would have done is done any more."""


@dataclass
class TrueTime(Clock):
    """The program's clock; the true moment is the service's."""

    epoch: float = EPOCH
    asleep_seconds: float = 0.0
    """What passed while no program ran: the monotonic clock does not count it."""
    set_by_seconds: float = 0.0
    """How wrong the wall clock is."""

    def true(self) -> float:
        """The true moment, in Unix seconds."""
        return self.epoch + asyncio.get_running_loop().time() + self.asleep_seconds

    def now(self) -> float:
        """What the machine's clock says."""
        return self.true() + self.set_by_seconds

    def counting_sleep(self) -> float:
        """The true moment: it goes on while the program stands still."""
        return self.true()


class Life:
    """One batch from its first call to its last."""

    def __init__(self, schedule: Schedule, config: Config, folder: Path) -> None:
        self.schedule = schedule
        self.folder = folder
        self.config = replace(
            config,
            limits=replace(
                config.limits,
                rate=read_rate(f"{schedule.starts_per_second}/s"),
                max_credits=schedule.max_credits,
            ),
            polling=replace(config.polling, give_up_seconds=schedule.give_up_seconds),
            retry=replace(
                config.retry,
                failed=schedule.retry_failed,
                settle_seconds=schedule.settle_seconds,
            ),
        )
        self.service = Service(schedule.settings)
        self.clock = TrueTime()
        self.trace: list[str] = []
        self.broken_rules: dict[str, None] = {}
        """What was ever broken of that which always holds in a ledger, each once."""
        self.foreign_runs: set[str] = set()
        self.runs_a_page = 3
        self._chance = random.Random(schedule.seed)  # noqa: S311  # chance, not secrecy
        self.unheard: dict[str, None] = {}
        """What a call heard of a run's cost and did not write down, each once."""
        self._late: list[tuple[float, bytes]] = []
        self._told_at: dict[RunId, float] = {}
        """When this call took a delivery in that names credits, by run."""
        self._call = Call(None, 0, 0, 0)
        self._is_dead = False
        self._calls = 0
        self._counts: dict[str, int] = {}
        self._files: dict[str, bytes] = {}
        self._woke_at = float("-inf")
        self._connection: sqlite3.Connection | None = None

    def live(self) -> None:
        """Make all calls of the schedule, then calls in good weather until nothing is owed."""
        for call in self.schedule.calls:
            self.make(call)
        self.service._settings = replace(self.schedule.settings, faults=Faults())  # noqa: SLF001 - the weather turns
        # What is held is looked for again, free, at each next call: so two quiet ones end a life.
        quiet = 0
        for _ in range(LAST_CALLS):
            quiet = quiet + 1 if self.make(Call(None, 0, 0, 100.0)) and not self.owes() else 0
            if quiet == QUIET_CALLS:
                return

    def make(self, call: Call) -> bool:
        """One call of the program; tells whether it came to its own end."""
        self._call, self._is_dead, self._counts = call, False, {}
        self.note(f"call: {call.mishap or 'nothing happens'} (at {call.at}, {call.seconds:g} s)")
        passed = [0.0]
        has_ended = False
        try:
            with open_ledger(self.folder / "batch.ledger") as ledger:
                self._connection = ledger._connection  # noqa: SLF001 - to hurt it
                self._enrol(ledger)
                run_virtually(self._processed(ledger, passed))
                has_ended = True
        except* Death:
            self.note("the call ends: Death")
        except* LedgerLost:
            if call.mishap not in HURTS_THE_LEDGER:
                raise
            self.note("the call ends: LedgerLost")
        finally:
            self._connection = None
            _let_files_grow_up_to(None)
        if self._is_dead:
            self._put_back()
        self.clock.epoch += passed[0] + call.gap_seconds
        return has_ended

    def owes(self) -> bool:
        """Whether any row is still to be sent or watched."""
        with open_ledger(self.folder / "batch.ledger") as ledger:
            tally = ledger.tally()
        return any(
            state in {"planned", "starting", "running", "expired"} for state in tally.states or ()
        )

    def note(self, happening: str) -> None:
        """Keep for the trace what happened."""
        self.trace.append(happening)

    def _enrol(self, ledger: Ledger) -> None:
        rows = tuple(Row(n, (name,)) for n, name in enumerate(self.schedule.companies, 2))
        sheet = Sheet("rows.csv", ("Company",), rows)
        recipe = Recipe("service", WORKFLOW, {"Company": FromColumn("Company")})
        ledger.enrol(
            Rendering(sheet, recipe),
            Path("rows.csv"),
            "service",
            WORKFLOW,
            self.clock.epoch,
        )

    async def _processed(self, ledger: Ledger, passed: list[float]) -> None:
        switch = Switch()
        inbox = self._registered() if self.schedule.is_listening else None
        world = World(
            remote=self,
            clock=self.clock,
            chance=self._chance.random,
            blocking=self.block,
            progress=Progress(self.clock, io.StringIO()),
            switch=switch,
            inbox=inbox,
        )
        posts = asyncio.ensure_future(self._deliver(inbox))
        beside = asyncio.ensure_future(self._meanwhile(switch))
        try:
            stop = await process(self.config, ledger, world)
            self._look_for_unheard_credits(ledger)
            self.note(f"the call ends: {stop.message if stop else 'nothing is owed'}")
        finally:
            passed[0] = asyncio.get_running_loop().time()
            for task in (beside, posts):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _meanwhile(self, switch: Switch) -> None:
        await asyncio.sleep(self._call.at / 10)
        match self._call.mishap:
            case Mishap.INTERRUPT:
                switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))
            case Mishap.SLEEP:
                self.clock.asleep_seconds += self._call.seconds
                self._woke_at = self.clock.monotonic()
            case Mishap.CLOCK_JUMP:
                self.clock.set_by_seconds += self._call.seconds

    # The pushes.

    def _registered(self) -> Inbox:
        """An inbox for this call; those of calls that died stay registered."""
        self._calls += 1
        self._told_at.clear()
        for event in ("workflowRun.completed", "workflowRun.failed"):
            body = {"url": self._address, "eventType": event, "workflowId": WORKFLOW}
            self.service.create_webhook(KEY, json.dumps(body).encode(), self.clock.true())
        return Inbox()

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:1/{self._calls}"

    async def _deliver(self, inbox: Inbox | None) -> None:
        while inbox is not None:
            for post in self.service.posts(self.clock.true()):
                delivery = delivery_in(json.dumps(post.event).encode(), NO_SECRET)
                if post.url == self._address and delivery is not None:
                    inbox.offer(delivery)
                    self._note_credits(delivery)
            await asyncio.sleep(PUSHED_EACH_SECONDS)

    def _note_credits(self, delivery: Delivery) -> None:
        if isinstance(delivery.told, Observation) and delivery.told.credits is not None:
            self._told_at.setdefault(delivery.told.run_id, self.clock.monotonic())

    def _look_for_unheard_credits(self, ledger: Ledger) -> None:
        """A run that a call saw to end costs what was told of it, but for what has just come in."""
        now = self.clock.monotonic()
        told = {run_id for run_id, at in self._told_at.items() if at < now - PUSHED_EACH_SECONDS}
        for standing in ledger.every_attempt():
            attempt = standing.attempt
            has_ended = attempt and attempt.run_id in told and attempt.state in ENDED
            if attempt and has_ended and attempt.credits is None:
                self.unheard[f"run {attempt.run_id}: its credits were told, and are lost"] = None

    # The disk.

    async def block(self, call: Callable[[], T], /) -> T:
        """Run what blocks in line; it may be the last thing that the process does."""
        await asyncio.sleep(0)
        self._check_alive()
        match self._mishap("commit"):
            case Mishap.DEATH_BEFORE_COMMIT:
                self._die()
            case Mishap.DEATH_AFTER_COMMIT:
                call()
                self._die()
            case Mishap.POWER_CUT_IN_COMMIT:
                before = self._as_it_stands()
                call()
                self._die(_torn(before, self._as_it_stands(), self._chance.random()))
            case Mishap.DISK_FULL:
                _let_files_grow_up_to((self.folder / "batch.ledger-wal").stat().st_size)
            case Mishap.READ_ONLY:
                assert self._connection is not None
                self._connection.execute("PRAGMA query_only = ON")
        answer = call()
        self._look_for_broken_rules()
        return answer

    def _look_for_broken_rules(self) -> None:
        """Not only what a life ends with must be whole: it may die after any commit."""
        assert self._connection is not None
        for rule, entry in broken_rules(self._connection):
            self.broken_rules[f"entry {entry}: {rule}"] = None

    def _as_it_stands(self) -> dict[str, bytes]:
        paths = (self.folder / "batch.ledger", self.folder / "batch.ledger-wal")
        return {path.name: path.read_bytes() for path in paths if path.exists()}

    def _put_back(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()
        for name, content in self._files.items():
            (self.folder / name).write_bytes(content)

    # The process.

    def _mishap(self, where: str) -> Mishap | None:
        """What befalls the next commit, start, look or page."""
        self._counts[where] = self._counts.get(where, 0) + 1
        is_here = self._call.mishap in WHERE[where] and self._counts[where] == self._call.at
        return self._call.mishap if is_here else None

    def _die(self, files: dict[str, bytes] | None = None) -> None:
        self._is_dead = True
        self._files = self._as_it_stands() if files is None else files
        raise Death

    def _check_alive(self) -> None:
        if self._is_dead:
            raise Death

    # The service, as the engine needs it.

    async def start(
        self,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: Callable[[], bool] | None = None,
    ) -> StartReply:
        """Start a run; the process may die before, during and after."""
        self._check_alive()
        assert may_leave is None, "one worker alone is never late"
        mishap = self._mishap("start")
        if mishap is Mishap.DEATH_BEFORE_SEND:
            self._die()
        body = json.dumps(
            {"startVariables": variables, "metadata": {**metadata, "api": True}}
        ).encode()
        self.note(f"start leaves: {metadata.get(TOKEN_FIELD)} for {variables['Company']}")
        if mishap is Mishap.DEATH_NOT_ARRIVED:
            self._die()
        if mishap is Mishap.DEATH_ARRIVES_LATE:
            self._late.append((self.clock.true() + self._call.seconds, body))
            self._die()
        answer = self._serve(lambda now: self.service.start(KEY, WORKFLOW, body, now))
        self._start_a_foreign_run(variables)
        if mishap is Mishap.DEATH_ARRIVED:
            self._die()
        http = await self._travelled(answer)
        if mishap is Mishap.DEATH_REPLY_READ:
            self._die()
        return Doubtful("the connection was cut") if http is None else start_reply(http)

    async def look(self, run_id: RunId) -> LookReply:
        """Look at a run."""
        self._check_alive()
        if self._mishap("look"):
            self._die()
        http = await self._travelled(
            self._serve(lambda now: self.service.get(KEY, WORKFLOW, run_id, now))
        )
        return Unreachable("the connection was cut") if http is None else look_reply(http, run_id)

    async def list_runs(self, page: int) -> ListReply:
        """Look at a page of the list."""
        self._check_alive()
        if self._mishap("list"):
            self._die()
        query = {"size": str(self.runs_a_page), "page": str(page)}
        http = await self._travelled(
            self._serve(lambda now: self.service.list_runs(KEY, WORKFLOW, query, now))
        )
        if http is None:
            return Unreachable("the connection was cut")
        reply = list_reply(http)
        return self._as_the_list_shows(reply) if isinstance(reply, RunPage) else reply

    def _as_the_list_shows(self, page: RunPage) -> RunPage:
        """A list may be blind for our runs, or show other than was sent."""
        if self.schedule.is_list_blind:
            return RunPage(0, ())
        return RunPage(page.total, tuple(map(self._as_shown, page.runs)))

    def _as_shown(self, seen: Observation) -> Observation:
        if self.schedule.is_input_altered:
            seen = structs.replace(
                seen, input={name: f"{value}." for name, value in (seen.input or {}).items()}
            )
        loses_metadata = random.Random(seen.run_id).random() < self.schedule.metadata_lost  # noqa: S311
        return structs.replace(seen, metadata=None) if loses_metadata else seen

    def _serve(self, call: Callable[[float], Answer]) -> Answer:
        """The service does what arrived late before it does what arrives now."""
        now = self.clock.true()
        self.arrive(now)
        return call(now)

    def arrive(self, now: float) -> None:
        """Let the starts that come late arrive, as far as their moment has come."""
        for moment, body in self._late:
            if moment <= now:
                self.service.start(KEY, WORKFLOW, body, moment)
        self._late = [late for late in self._late if late[0] > now]

    def _start_a_foreign_run(self, variables: Mapping[str, Json]) -> None:
        if self._chance.random() >= self.schedule.foreign:
            return
        # They have the same sheet, so that their tokens are like ours but for the ledger's part.
        row = self.schedule.companies.index(str(variables["Company"])) + 1
        metadata = {TOKEN_FIELD: f"feedfacefeedface-{row}-1"}
        content: dict[str, object] = {"startVariables": variables}
        if self.schedule.is_foreign_tokened:
            content["metadata"] = metadata
        self.arrive(self.clock.true())
        before = set(self.service._runs)  # noqa: SLF001 - the witness's own count
        self._serve(
            lambda now: self.service.start(KEY, WORKFLOW, json.dumps(content).encode(), now)
        )
        self.foreign_runs |= set(self.service._runs) - before  # noqa: SLF001 - as above

    async def _travelled(self, answer: Answer) -> HttpReply | None:
        sent_at = self.clock.monotonic()
        delay_seconds = 0.0 if isinstance(answer, Cut) else answer.delay_seconds
        await asyncio.sleep(LATENCY_SECONDS + delay_seconds)
        self._check_alive()
        if isinstance(answer, Cut) or sent_at <= self._woke_at:
            return None
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        retry_after = answer.headers.get("Retry-After")
        return HttpReply(answer.status, text.encode(), retry_after, now=self.clock.now())


WHERE: dict[str, frozenset[Mishap]] = {
    "commit": frozenset(
        {
            Mishap.DEATH_BEFORE_COMMIT,
            Mishap.DEATH_AFTER_COMMIT,
            Mishap.POWER_CUT_IN_COMMIT,
            Mishap.DISK_FULL,
            Mishap.READ_ONLY,
        }
    ),
    "start": frozenset(
        {
            Mishap.DEATH_BEFORE_SEND,
            Mishap.DEATH_NOT_ARRIVED,
            Mishap.DEATH_ARRIVED,
            Mishap.DEATH_ARRIVES_LATE,
            Mishap.DEATH_REPLY_READ,
        }
    ),
    "look": frozenset({Mishap.DEATH_AT_LOOK}),
    "list": frozenset({Mishap.DEATH_AT_LIST}),
}


def _let_files_grow_up_to(size_bytes: int | None) -> None:
    """As on a disk that is full, no commit makes the ledger's log any longer; ``None``: all may."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size_bytes is None else size_bytes, most))


def _torn(before: dict[str, bytes], after: dict[str, bytes], share: float) -> dict[str, bytes]:
    """The files where only a part of what a commit appended to the log reached the disk."""
    name = "batch.ledger-wal"
    old, new = before.get(name, b""), after.get(name, b"")
    if len(new) <= len(old):
        return before
    return {**before, name: new[: len(old) + int(share * (len(new) - len(old)))]}
