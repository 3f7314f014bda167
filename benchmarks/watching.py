"""How fast the live page answers over a ledger of 100,000 rows: searches, and the figures.

`python benchmarks/watching.py` makes the ledger, serves the page as `pipeline watch` does, and asks
it over HTTP, each question many times. While it searches, somebody looks on as well, so that the
figures are summed up beside it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
from measuring import note

from pipeline.config.load import parse
from pipeline.config.model import Config
from pipeline.core.doubts import token_of
from pipeline.core.model import Attempt, Entry, FailureClass, RowKey, RunId, State
from pipeline.core.rows.variables import Sendable
from pipeline.ledger.opening import open_ledger
from pipeline.report.live.figures import Viewer
from pipeline.report.live.lookout import Lookout
from pipeline.report.live.server import WatchServer

TIMES: Final = 200
QUESTIONS: Final = {
    "a row's number": "77777",
    "a run's whole id": "WRUN-00077777",
    "the beginning of 1,000 ids": "WRUN-00077",
    "the commonest status": "complete",
    "a rare status": "failed",
    "a run that is nobody's": "WRUN-nobody",
}
BAR_MS: Final = 200.0

CONFIG: Final = """\
input: {path: leads.csv}
workflow: {id: WCFG-1, base_url: simulator}
variables: {Company: Company}
outputs: "*"
"""


def main() -> int:
    """Print the table; the exit code is 1 where a search is slower than the bar."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        config = a_config(Path(folder))
        fill(config.ledger, rows)
        print(f"{rows} rows, {config.ledger.stat().st_size / 2**20:.0f} MiB of ledger")
        slowest_ms = asyncio.run(measured(config))
    note("slowest search on the live page, ms", slowest_ms, most=BAR_MS)
    return int(slowest_ms > BAR_MS)


def a_config(folder: Path) -> Config:
    """The config of a batch in this folder."""
    path = folder / "batch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    config = parse(path).config
    assert config is not None
    return config


def fill(path: Path, rows: int) -> None:
    """A ledger as a batch leaves it that was stopped near its end: five of a hundred failed."""
    sheet = [
        Sendable(n, RowKey(f"key-{n}"), {"Company": f"Firm {n}"}, {"Company": f"Firm {n}"})
        for n in range(2, rows + 2)
    ]
    with open_ledger(path) as ledger:
        ledger.enrol(sheet, Path("leads.csv"), "simulator", "WCFG-simulator", time.time())
        began_at = time.time() - rows
        ledger.save(
            [entry(n, ledger.token, began_at + n) for n in range(1, rows + 1) if n % 10 != 0]
        )


def entry(number: int, token: str, at: float) -> Entry:
    """A row whose run ended, with an e-mail for its output."""
    has_failed = number % 20 == 1
    attempt = Attempt(
        number=1,
        state=State.FAILED if has_failed else State.COMPLETE,
        round_id=0,
        token=token_of(token, number, 1),
        intended_at=at,
        started_at=at + 0.2,
        ended_at=at + 5 + number % 17,
        run_id=RunId(f"WRUN-{number:08}"),
        credits=2.0,
        outputs=None if has_failed else {"Generated email": "Dear Ada, … " * 100},
        error=f"The run failed: cause {number % 7}" if has_failed else None,
        failure=FailureClass.PROVIDER if has_failed else None,
    )
    return Entry(number, attempt.state, attempts=1, attempt=attempt)


async def measured(config: Config) -> float:
    """Print the table; gives the slowest search in milliseconds."""
    async with (
        WatchServer(Viewer(config), lambda _: []) as server,
        aiohttp.ClientSession() as client,
    ):
        began_at = time.perf_counter()
        await server.feed.look()
        print(f"figures, summed up once: {(time.perf_counter() - began_at) * 1000:.0f} ms")
        print("| search | hits | median ms | slowest ms |\n|---|---|---|---|")
        slowest_ms = 0.0
        for name, question in QUESTIONS.items():
            async with asyncio.TaskGroup() as group:
                beside = group.create_task(sum_up_again(config), name="figures")
                took_ms, hits = await timed(client, f"{server.address}search?q={question}")
                beside.cancel()
            slowest_ms = max(slowest_ms, took_ms[-1])
            print(f"| {name} | {hits} | {took_ms[len(took_ms) // 2]:.1f} | {took_ms[-1]:.1f} |")
    return slowest_ms


async def sum_up_again(config: Config) -> None:
    """Sum the figures up time and again without a rest, as no page does."""
    async with Lookout(config.ledger) as lookout:
        while True:
            await lookout.ask(Viewer(config).figures)


async def timed(client: aiohttp.ClientSession, url: str) -> tuple[Sequence[float], int]:
    """How long each answer took, in order of size, and how many rows it had."""
    took_ms, hits = [], 0
    for _ in range(TIMES):
        began_at = time.perf_counter()
        async with client.get(url) as response:
            hits = len(json.loads(await response.read())["hits"])
        took_ms.append((time.perf_counter() - began_at) * 1000)
    return sorted(took_ms), hits


if __name__ == "__main__":
    sys.exit(main())
