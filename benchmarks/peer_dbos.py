"""The same calls as durable workflows of DBOS over SQLite: one workflow a row, a step a request.

Some tasks take rows in turn and run their workflows in this process, which is faster than by a
queue. `peers.py` starts it; it prints its figures as JSON.
"""

import asyncio
import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
from bare_loop import write_results
from dbos import DBOS

TASKS: Final = 50


class Calls:
    """The session that all steps share: they take only what can be written down."""

    session: aiohttp.ClientSession
    url: str


@DBOS.step()
async def start(row: dict[str, str]) -> str:
    """Start a run: its id."""
    body = {"startVariables": row, "metadata": {"api": True}}
    async with Calls.session.post(Calls.url, json=body) as response:
        run_id: str = (await response.json())["data"]["id"]
        return run_id


@DBOS.step()
async def look(run_id: str) -> dict[str, Any]:
    """Look at a run."""
    async with Calls.session.get(f"{Calls.url}/{run_id}") as response:
        run: dict[str, Any] = (await response.json())["data"]
        return run


@DBOS.workflow()
async def run_row(row: dict[str, str]) -> tuple[dict[str, Any], int]:
    """Start a run and look until it has ended: what it gave, and the looks."""
    run_id = await start(row)
    run: dict[str, Any] = {}
    polls = 0
    while run.get("status") != "COMPLETE":
        run = await look(run_id)
        polls += 1
    return run, polls


async def main(base_url: str, source: Path, target: Path) -> None:
    """Read, call, write; then print the seconds it took and the looks it made."""
    began_at = time.perf_counter()
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    runs: list[dict[str, Any]] = [{} for _ in rows]
    queue = iter(enumerate(rows))
    Calls.url = f"{base_url}/workflow/WCFG-1/run"
    headers = {"x-copy-ai-api-key": "any"}
    async with aiohttp.ClientSession(headers=headers) as session:
        Calls.session = session
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(_work(queue, runs)) for _ in range(TASKS)]
    write_results(target, rows, runs)
    polls = sum(worker.result() for worker in workers)
    requests = {"start": len(rows), "poll": polls, "list": 0}
    print(json.dumps({"seconds": time.perf_counter() - began_at, "requests": requests}))


async def _work(queue: Iterator[tuple[int, dict[str, str]]], runs: list[dict[str, Any]]) -> int:
    total = 0
    for place, row in queue:
        runs[place], polls = await run_row(row)
        total += polls
    return total


if __name__ == "__main__":
    _base_url, _source, _target = sys.argv[1:]
    DBOS(
        config={
            "name": "benchmark",
            "system_database_url": f"sqlite:///{Path(_target).with_suffix('.sqlite')}",
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    asyncio.run(main(_base_url, Path(_source), Path(_target)))
    DBOS.destroy()
