"""Several workers over one ledger and one service, on virtual time; each may die or stand still.

Chunks are handed out as a queue with heartbeats does: one whose worker was not heard of for too
long is given to another, though the first may only have been asleep.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pipeline.config.model import Config, Limits
from pipeline.config.values.units import read_rate
from pipeline.core.model import Json, Row, RunId, Sheet
from pipeline.core.replies import (
    Doubtful,
    ListReply,
    LookReply,
    NotConnected,
    StartReply,
    Unreachable,
)
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import FromColumn, Recipe
from pipeline.engine.batch.stop import Stop, Switch
from pipeline.engine.process import World
from pipeline.engine.worker import Sharing, Unseen, Worker, chunk_size
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.shared.chunks import Chunk, Chunks, Claim, Debt
from pipeline.ledger.store import Ledger
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply
from pipeline.simulator.faults import Faults
from pipeline.simulator.replies import Answer, Cut
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.simulation.world import KEY, WORKFLOW, Death, TrueTime
from tests.virtual import run_virtually

T = TypeVar("T")

WORKERS = 2
SEATS: tuple[Debt, ...] = ("start", "watch", "watch")
"""What a worker does at once: those that start must not keep the others from watching."""
HEARD_OF_SECONDS = 5.0
NAMES_CREDITS = 0.8
"""The share of the lives in which the service says what a run cost."""
LATENCY_SECONDS = 0.05
LONGEST_LIFE_SECONDS = 4000.0
FAULTS = (
    Faults(),
    Faults(lost_reply=0.1, lost_request=0.1),
    Faults(too_many=0.1, server_error_after=0.1),
)
CAPS: tuple[dict[str, float], ...] = (
    {},
    {"max_credits": 1000},
    {"max_credits": 1000, "credits_per_run": 2},
    {"max_credits": 21},
    {"max_credits": 21, "credits_per_run": 2},
)
"""The rows of a crew cost 48 credits: some caps pay for all of them, and some do not."""


class Hand:
    """One worker, as the crew sees it: its process, which may die or stand still."""

    def __init__(self, crew: "Crew", name: str) -> None:
        self.crew = crew
        self.name = name
        self.clock = TrueTime()
        self.is_dead = False
        self.stands_until = float("-inf")
        self.heard_of_at = 0.0
        self._acts = 0
        self._mishap_at = crew.chance.randrange(5, 120)
        self._mishap = crew.chance.choice(["death", "stop", "stop", "none"])
        self._stop_seconds = crew.chance.choice([3.0, 8.0, 20.0, 60.0, 300.0])

    async def act(self) -> None:
        """Whatever the process does in the world, it may be the last, or be done much later."""
        self._acts += 1
        if self._acts == self._mishap_at:
            self.crew.note(f"{self.name}: {self._mishap} for {self._stop_seconds:g} s")
            if self._mishap == "death":
                self.is_dead = True
            if self._mishap == "stop":
                self.stands_until = self.clock.monotonic() + self._stop_seconds
        await self.stand()

    async def stand(self) -> None:
        """Wait as long as the process stands still."""
        await asyncio.sleep(max(0.0, self.stands_until - self.clock.monotonic()))
        if self.is_dead:
            raise Death

    @property
    def is_heard_of(self) -> bool:
        """Whether it beats: a process that stands still does not."""
        now = self.clock.monotonic()
        if not self.is_dead and self.stands_until <= now:
            self.heard_of_at = now
        return now - self.heard_of_at < HEARD_OF_SECONDS

    async def block(self, call: Callable[[], T], /) -> T:
        """Run what blocks in line."""
        await self.act()
        return call()

    async def start(
        self,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: Callable[[], bool] | None,
    ) -> StartReply:
        """Start a run; between intent and send, or send and reply, anything may happen."""
        await self.act()
        assert may_leave is not None
        if not may_leave():
            self.crew.note(f"{self.name}: too late for {variables['Company']}")
            return NotConnected("its moment had passed")
        body = json.dumps({"startVariables": variables, "metadata": {**metadata, "api": True}})
        self.crew.note(f"{self.name}: starts {variables['Company']}")
        http = await self._travelled(
            self.crew.service.start(KEY, WORKFLOW, body.encode(), self.clock.true())
        )
        return Doubtful("the connection was cut") if http is None else start_reply(http)

    async def look(self, run_id: RunId) -> LookReply:
        """Look at a run."""
        await self.act()
        http = await self._travelled(
            self.crew.service.get(KEY, WORKFLOW, run_id, self.clock.true())
        )
        return Unreachable("the connection was cut") if http is None else look_reply(http, run_id)

    async def list_runs(self, page: int) -> ListReply:
        """Look at a page of the list."""
        await self.act()
        query = {"size": "100", "page": str(page)}
        http = await self._travelled(
            self.crew.service.list_runs(KEY, WORKFLOW, query, self.clock.true())
        )
        return Unreachable("the connection was cut") if http is None else list_reply(http)

    async def _travelled(self, answer: Answer) -> HttpReply | None:
        delay_seconds = 0.0 if isinstance(answer, Cut) else answer.delay_seconds
        await asyncio.sleep(LATENCY_SECONDS + delay_seconds)
        await self.stand()
        if isinstance(answer, Cut):
            return None
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        retry_after = answer.headers.get("Retry-After")
        return HttpReply(answer.status, text.encode(), retry_after, now=self.clock.now())


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """One seat's hold on a chunk: another seat of the same worker has not the same."""

    hand: Hand


class Crew:
    """A batch that several workers share, from a seed."""

    def __init__(self, seed: int, config: Config, folder: Path, rows: int = 24) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # chance, not secrecy
        self.config = replace(
            config, retry=replace(config.retry, settle_seconds=6.0), limits=self._limits(config)
        )
        self.rows = rows
        self.folder = folder
        self.service = Service(self._settings(seed))
        self.trace: list[str] = []
        self.stops: list[Stop] = []
        """Why workers started nothing more."""
        self._held: dict[int, Hold] = {}

    def _limits(self, config: Config) -> Limits:
        rate = read_rate(self.chance.choice(["60/min", "5/s"]))
        in_flight = self.chance.choice([6, 20, 500])
        cap = self.chance.choice(CAPS)
        return replace(config.limits, rate=rate, max_in_flight=in_flight, **cap)

    def _settings(self, seed: int) -> Settings:
        return Settings(
            seed=seed,
            duration_seconds=4.0,
            faults=self.chance.choice(FAULTS),
            credits_in_run=self.chance.random() < NAMES_CREDITS,
        )

    def note(self, happening: str) -> None:
        """Keep for the trace what happened."""
        self.trace.append(f"{asyncio.get_running_loop().time():8.2f} {happening}")

    def live(self) -> None:
        """Work until nothing is owed; the last worker has no mishap."""
        with open_ledger(self.folder / "batch.ledger") as ledger:
            self._arrange(ledger)
            run_virtually(self._worked(ledger))

    def _arrange(self, ledger: Ledger) -> None:
        script = resources.files("pipeline.ledger.shared").joinpath("chunks.sql").read_text()
        ledger._file_connection.executescript(script)  # noqa: SLF001 - a file has no chunks else
        rows = tuple(Row(n, (f"Company {n}",)) for n in range(2, self.rows + 2))
        recipe = Recipe("service", WORKFLOW, {"Company": FromColumn("Company")})
        sheet = Sheet("rows.csv", ("Company",), rows)
        ledger.enrol(Rendering(sheet, recipe), Path("rows.csv"), "service", WORKFLOW, 0.0)
        Chunks(ledger).make(min(6, chunk_size(self.config.limits)))

    async def _worked(self, ledger: Ledger) -> None:
        async with asyncio.timeout(LONGEST_LIFE_SECONDS):
            await asyncio.gather(*(self._hired(hand, ledger) for hand in self._hands()))

    def _hands(self) -> list[Hand]:
        hands = [Hand(self, f"worker {n}") for n in range(WORKERS)]
        return [*hands, self.a_calm_hand("last")]  # somebody has to be left

    def a_calm_hand(self, name: str) -> Hand:
        """A worker that has no mishap."""
        hand = Hand(self, name)
        hand._mishap = "none"  # noqa: SLF001 - it is drawn as it is made
        return hand

    async def _hired(self, hand: Hand, ledger: Ledger) -> None:
        connection = ledger._file_connection  # noqa: SLF001 - all have the one connection
        chunks = Chunks(ledger)

        def see(claim: Claim, limits: Limits) -> Chunk:
            return Chunk(ledger.path, connection).claimed(claim, limits)

        world = World(
            remote=hand,
            clock=hand.clock,
            chance=self.chance.random,
            blocking=hand.block,
            progress=Unseen(self.note),
            switch=Switch(),
        )
        sharing = Sharing(chunks, see, hand.clock.true)
        worker = Worker(hand.name, self.config, sharing, world)
        await asyncio.gather(*(self._seated(hand, worker, chunks, debt) for debt in SEATS))
        if worker.stop is not None:
            self.note(f"{hand.name} stopped: {worker.stop.message}")
            self.stops.append(worker.stop)

    async def _seated(self, hand: Hand, worker: Worker, chunks: Chunks, seat: Debt) -> None:
        """One seat of a worker: it takes chunk after chunk, until none owes anything.

        Once the worker has stopped, what was started is watched to its end, and nothing else done.
        """
        while not hand.is_dead and (debts := chunks.debts()):
            if worker.stop is not None and seat == "start":
                return
            free = [c for c, debt in debts if debt == seat and not self._is_held(c)]
            if not free:
                left = [c for c, debt in debts if debt == "start" and self._is_left(c)]
                is_over = not any(debt == "watch" or self._is_held(c) for c, debt in debts)
                if not chunks.leave_to_watchers(left) and is_over and worker.stop is not None:
                    return
                await asyncio.sleep(0.5)
                continue
            chunk_id = self.chance.choice(free)
            hold = self._held[chunk_id] = Hold(hand)
            if seat == "start":
                chunks.leave_to_watchers([chunk_id])
            try:
                await worker.work_on(chunk_id, seat)
            except BaseException as error:
                if not hand.is_dead:
                    raise
                self.note(f"{hand.name} is dead ({type(error).__name__})")
                return
            finally:
                if self._held.get(chunk_id) is hold and not hand.is_dead:
                    del self._held[chunk_id]

    def _is_held(self, chunk_id: int) -> bool:
        hold = self._held.get(chunk_id)
        return hold is not None and hold.hand.is_heard_of

    def _is_left(self, chunk_id: int) -> bool:
        return chunk_id in self._held and not self._is_held(chunk_id)
