"""The bar: the least code that gives a sheet's rows to the service and their results to a file.

The same calls as the program's, with no ledger, no pace, no retries: some tasks take rows in turn,
POST, then GET until the run has ended. `throughput.py` starts it; it prints its figures as JSON.
"""

import asyncio
import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import uvloop

Row: TypeAlias = dict[str, str]
Run: TypeAlias = dict[str, Any]


async def main(base_url: str, source: Path, target: Path, tasks: int) -> None:
    """Read, call, write; then print the seconds it took and the looks it made."""
    began_at = time.perf_counter()
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    runs: list[Run] = [{} for _ in rows]
    queue = iter(enumerate(rows))
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"x-copy-ai-api-key": "any"}
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
        asyncio.TaskGroup() as group,
    ):
        url = f"{base_url}/workflow/WCFG-1/run"
        workers = [group.create_task(_work(session, url, queue, runs)) for _ in range(tasks)]
    write_results(target, rows, runs)
    seconds = time.perf_counter() - began_at
    polls = sum(worker.result() for worker in workers)
    sys.stdout.write(
        json.dumps({"seconds": seconds, "requests": {"start": len(rows), "poll": polls}})
    )


async def _work(
    session: aiohttp.ClientSession,
    url: str,
    queue: Iterator[tuple[int, Row]],
    runs: list[Run],
) -> int:
    """Take rows from the queue until it is empty; tells how often it looked."""
    polls = 0
    for place, row in queue:
        body = {"startVariables": row, "metadata": {"api": True}}
        async with session.post(url, json=body) as response:
            run_id = (await response.json())["data"]["id"]
        run: Run = {}
        while run.get("status") != "COMPLETE":
            async with session.get(f"{url}/{run_id}") as response:
                run = (await response.json())["data"]
            polls += 1
        runs[place] = run
    return polls


def write_results(target: Path, rows: list[Row], runs: list[Run]) -> None:
    """The sheet's copy with what its runs gave."""
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*rows[0], "Email", "Score", "Status", "Run ID", "Credits"])
        for row, run in zip(rows, runs, strict=True):
            output = run["output"]
            writer.writerow(
                [
                    *row.values(),
                    output["Generated email"],
                    output["analysis"]["score"],
                    run["status"].lower(),
                    run["id"],
                    run["credits"],
                ]
            )


if __name__ == "__main__":
    _base_url, _source, _target, _tasks = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(_base_url, Path(_source), Path(_target), int(_tasks)))
