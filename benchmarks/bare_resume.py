"""What a script does that resumes from its own results: rows with a line in the CSV are done.

Tasks take the other rows in turn, POST, GET until the run has ended, and append a line, flushed at
once. A call that fails is made again. `killed.py` starts it and kills it, again and again.
"""

import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import aiohttp

TASKS: Final = 20
OK: Final = 200


async def main(base_url: str, source: Path, target: Path) -> None:
    """Send what has no result yet."""
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with target.open("a+", newline="", encoding="utf-8") as file:
        file.seek(0)
        done = {line[0] for line in csv.reader(file) if line}
    queue = iter([row for row in rows if row["Company"] not in done])
    headers = {"x-copy-ai-api-key": "any"}
    with target.open("a", newline="", encoding="utf-8") as results:
        async with aiohttp.ClientSession(headers=headers) as session, asyncio.TaskGroup() as group:
            for _ in range(TASKS):
                group.create_task(_work(session, f"{base_url}/workflow/WCFG-1/run", queue, results))


async def _work(
    session: aiohttp.ClientSession, url: str, queue: Iterator[dict[str, str]], results: TextIO
) -> None:
    writer = csv.writer(results)
    for row in queue:
        body = {"startVariables": row, "metadata": {"api": True}}
        run_id = (await _call(session, "POST", url, body))["id"]
        run: dict[str, Any] = {}
        while run.get("status") not in {"COMPLETE", "FAILED"}:
            run = await _call(session, "GET", f"{url}/{run_id}", None)
        writer.writerow([row["Company"], run["status"], json.dumps(run.get("output"))])
        results.flush()


async def _call(
    session: aiohttp.ClientSession, method: str, url: str, body: dict[str, Any] | None
) -> dict[str, Any]:
    """Until it is answered, as such scripts do."""
    while True:
        try:
            async with session.request(method, url, json=body) as response:
                if response.status == OK:
                    data: dict[str, Any] = (await response.json())["data"]
                    return data
        except (aiohttp.ClientError, ValueError):
            pass
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    _base_url, _source, _target = sys.argv[1:]
    asyncio.run(main(_base_url, Path(_source), Path(_target)))
