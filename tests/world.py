"""A whole world for the engine: the simulator without sockets, virtual time, a real ledger."""

import asyncio
import io
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.config.load import parse
from pipeline.config.model import Config
from pipeline.core.events import RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Json, RoundKind, Row, RowKey, RunId, Sheet, Standing, State
from pipeline.core.replies import Doubtful, ListReply, LookReply, StartReply, Unreachable
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import FromColumn, Recipe
from pipeline.core.rules import Context
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.inbox import Inbox
from pipeline.engine.batch.recorder import Blocking
from pipeline.engine.batch.stop import Stop, Switch
from pipeline.engine.process import World, process
from pipeline.engine.progress.progress import Progress
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.records import Tally
from pipeline.ledger.store import Ledger
from pipeline.remote.deliveries import delivery_in
from pipeline.remote.secret import NO_SECRET
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply
from pipeline.simulator.faults import Faults
from pipeline.simulator.replies import Answer, Cut
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.ledger.builders import connection_of
from tests.virtual import EPOCH, VirtualClock, run_virtually

T = TypeVar("T")

KEY = "a-key-that-opens-nothing"
WORKFLOW = "WCFG-1"
LATENCY_SECONDS = 0.05


def a_config(folder: Path, **sections: object) -> Config:
    """A config over rows of one column, with sections over the defaults (YAML is JSON's heir)."""
    (folder / "rows.csv").touch()
    path = folder / "batch.yaml"
    content: dict[str, object] = {
        "input": {"path": "rows.csv"},
        "workflow": {"id": WORKFLOW, "base_url": "http://127.0.0.1:1/api"},
        "variables": {"Company": "Company"},
        "outputs": "*",
        "limits": {"rate": "10/s"},
        **sections,
    }
    path.write_text(json.dumps(content))
    draft = parse(path)
    assert draft.config is not None, [str(fault) for fault in draft.faults]
    return draft.config


def a_sheet(count: int) -> Sheet:
    """So many rows, each of another company."""
    rows = tuple(Row(number, (f"Company {number}",)) for number in range(2, count + 2))
    return Sheet("rows.csv", ("Company",), rows)


@dataclass
class Remote:
    """The simulator as the engine sees the service: real replies, no sockets, some latency."""

    service: Service
    clock: VirtualClock
    starts_at: list[float] = field(default_factory=list)
    looks_at: list[float] = field(default_factory=list)
    lists_at: list[float] = field(default_factory=list)
    runs_a_page: int = 100
    before_start: Callable[[], StartReply | None] = lambda: None
    """May answer in the service's place, before anything reached it."""
    before_look: Callable[[], LookReply | None] = lambda: None
    before_list: Callable[[], ListReply | None] = lambda: None

    async def start(
        self,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: Callable[[], bool] | None = None,
    ) -> StartReply:
        """Start a run."""
        assert may_leave is None, "one worker alone is never late"
        self.starts_at.append(self.clock.monotonic())
        if (instead := self.before_start()) is not None:
            return instead
        body = json.dumps({"startVariables": variables, "metadata": metadata}).encode()
        answer = self.service.start(KEY, WORKFLOW, body, self.clock.now())
        http = await self._travelled(answer)
        return Doubtful("the connection was cut") if http is None else start_reply(http)

    async def look(self, run_id: RunId) -> LookReply:
        """Look at a run."""
        self.looks_at.append(self.clock.monotonic())
        if (instead := self.before_look()) is not None:
            return instead
        answer = self.service.get(KEY, WORKFLOW, run_id, self.clock.now())
        http = await self._travelled(answer)
        return Unreachable("the connection was cut") if http is None else look_reply(http, run_id)

    async def list_runs(self, page: int) -> ListReply:
        """Look at a page of the list of runs."""
        self.lists_at.append(self.clock.monotonic())
        if (instead := self.before_list()) is not None:
            return instead
        query = {"size": str(self.runs_a_page), "page": str(page)}
        answer = self.service.list_runs(KEY, WORKFLOW, query, self.clock.now())
        http = await self._travelled(answer)
        return Unreachable("the connection was cut") if http is None else list_reply(http)

    async def _travelled(self, answer: Answer) -> HttpReply | None:
        delay_seconds = 0.0 if isinstance(answer, Cut) else answer.delay_seconds
        await asyncio.sleep(LATENCY_SECONDS + delay_seconds)
        if isinstance(answer, Cut):
            return None
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        retry_after = answer.headers.get("Retry-After")
        return HttpReply(answer.status, text.encode(), retry_after, now=self.clock.now())


class Universe:
    """One service, one ledger, and as many calls of the program over them as a test makes."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 1,
        duration_seconds: float = 2.0,
        fail: float = 0.0,
        faults: Faults | None = None,
        **sections: object,
    ) -> None:
        self.folder = folder
        self.config = a_config(folder, **sections)
        settings = Settings(
            seed=seed, duration_seconds=duration_seconds, fail=fail, faults=faults or Faults()
        )
        self.service = Service(settings)
        self.sheet = a_sheet(10)
        self.workflow = WORKFLOW
        self.clock = VirtualClock()
        self.remote = Remote(self.service, self.clock)
        self.switch = Switch()
        self.seed = seed
        self.said = io.StringIO()
        self.listens = False
        self.inbox: Inbox | None = None
        """Where the service's posts go in this call; by default nobody listens."""
        self.blocking: Blocking = in_line

    def listen(self) -> None:
        """Register for the ends of runs, as a call with ``webhook:`` does."""
        for event in ("workflowRun.completed", "workflowRun.failed"):
            body = {"url": "http://127.0.0.1:1/token", "eventType": event, "workflowId": WORKFLOW}
            self.service.create_webhook(KEY, json.dumps(body).encode(), self.clock.epoch)
        self.listens = True

    def call(
        self,
        limit: int | None = None,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
        before: Callable[[Ledger], None] | None = None,
        course: Course | None = None,
    ) -> Stop | None:
        """One call of the program: enrol the sheet, then start and watch until it ends.

        `before` is done with the ledger once the sheet is enrolled, `meanwhile` beside the batch.
        With a `course` it is a part of a call.
        """
        self.switch = Switch()
        with self.ledger() as ledger:
            ledger.enrol(
                Rendering(self.sheet, self.recipe),
                self.config.input.path,
                self.recipe.service,
                self.recipe.workflow_id,
                self.clock.epoch,
            )
            if before is not None:
                before(ledger)
            stop, passed_seconds = run_virtually(
                self._processed(ledger, course or Course(limit), meanwhile)
            )
            ledger.end_round(self.clock.epoch + passed_seconds)
        # The next call begins when this one ended.
        self.clock.epoch += passed_seconds
        return stop

    def ask_again(self) -> None:
        """A person asks for a new attempt of all that failed or expired."""
        with self.ledger() as ledger:
            rows = ledger.enrolled_in_sheet(State.FAILED, State.EXPIRED)
            context = Context(self.clock.epoch)
            ledger.begin_round(
                RoundKind.RETRY,
                self.clock.epoch,
                lambda number: [step(r.entry, RetryAsked(number), context)[0] for r in rows],
            )

    async def _processed(
        self,
        ledger: Ledger,
        course: Course,
        meanwhile: Callable[[], Awaitable[None]] | None,
    ) -> tuple[Stop | None, float]:
        self.inbox = Inbox() if self.listens else None
        world = World(
            remote=self.remote,
            clock=self.clock,
            chance=random.Random(self.seed).random,  # noqa: S311  # chance, not secrecy
            blocking=self.blocking,
            progress=Progress(self.clock, self.said, course.limit_now),
            switch=self.switch,
            inbox=self.inbox,
        )
        posts = asyncio.ensure_future(deliver(self.service, self.inbox, self.clock.now))
        beside = None if meanwhile is None else asyncio.ensure_future(meanwhile())
        try:
            stop = await process(self.config, ledger, world, course)
        finally:
            posts.cancel()
            # What went wrong with a post would else be seen by nobody.
            with suppress(asyncio.CancelledError):
                await posts
        if beside is not None:
            await beside
        return stop, asyncio.get_running_loop().time()

    @property
    def recipe(self) -> Recipe:
        """How the sheet's rows become start variables."""
        return Recipe("service", self.workflow, {"Company": FromColumn("Company")})

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, as a call holds it. No power is cut here, and syncs would take most time."""
        with open_ledger(self.folder / "batch.ledger") as ledger:
            connection_of(ledger).execute("PRAGMA synchronous = off")
            yield ledger

    def tally(self) -> Tally:
        """How the sheet's rows stand."""
        with self.ledger() as ledger:
            return ledger.tally()

    def standings(self) -> dict[RowKey, Standing]:
        """How each row stands."""
        with self.ledger() as ledger:
            return dict(ledger.standings(ledger.states()))

    def starts_by_company(self) -> dict[str, int]:
        """What the service itself says: runs begun, by the row that they were begun for."""
        counted: dict[str, int] = {}
        reply = self.service.count_with_runs(self.clock.epoch + 1e6)
        assert isinstance(reply.body, dict)
        runs = reply.body["runs"]
        assert isinstance(runs, list)
        for run in runs:
            assert isinstance(run, dict)
            variables = run["startVariables"]
            assert isinstance(variables, dict)
            company = str(variables["Company"])
            counted[company] = counted.get(company, 0) + 1
        return counted


async def deliver(service: Service, inbox: Inbox | None, now: Callable[[], float]) -> None:
    """Bring the service's posts to whoever listens, without sockets, until it is cancelled."""
    while inbox is not None:
        for post in service.posts(now()):
            delivery = delivery_in(json.dumps(post.event).encode(), NO_SECRET)
            assert delivery is not None
            inbox.offer(delivery)
        await asyncio.sleep(LATENCY_SECONDS)


class Crash(BaseException):
    """The process died: nothing that it would have done is done any more."""


async def in_line(call: Callable[[], T], /) -> T:
    """Run what blocks in line: the simulation has one thread."""
    await asyncio.sleep(0)
    return call()


__all__ = ["EPOCH", "Remote", "Universe", "a_config", "a_sheet", "in_line"]
