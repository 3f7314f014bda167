"""The same calls by Scrapy: a spider that POSTs each row and GETs until its run has ended.

No ledger, no pace; its own retries, filters and pauses are switched off. `peers.py` starts it; it
prints its figures as JSON.
"""

import csv
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import scrapy
from bare_loop import write_results
from scrapy.crawler import CrawlerProcess
from scrapy.http import Request, Response

REQUESTS_AT_ONCE: Final = 50
SETTINGS: Final = {
    "CONCURRENT_REQUESTS": REQUESTS_AT_ONCE,
    "CONCURRENT_REQUESTS_PER_DOMAIN": REQUESTS_AT_ONCE,
    "DOWNLOAD_DELAY": 0,
    "LOG_LEVEL": "ERROR",
    "RETRY_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
}
HEADERS: Final = {"x-copy-ai-api-key": "any", "Content-Type": "application/json"}


class Runs(scrapy.Spider):
    """Starts a run for each row, and looks until it has ended."""

    name = "runs"
    url: str
    rows: list[dict[str, str]]
    runs: list[dict[str, Any]]
    polls: int

    async def start(self) -> AsyncIterator[Request]:
        """A POST for each row."""
        for place, row in enumerate(self.rows):
            body = json.dumps({"startVariables": row, "metadata": {"api": True}})
            yield Request(
                self.url,
                self.started,
                "POST",
                HEADERS,
                body,
                cb_kwargs={"place": place},
                dont_filter=True,
            )

    def started(self, response: Response, place: int) -> Iterator[Request]:
        """A look at what began."""
        yield self._look(response.json()["data"]["id"], place)

    def looked(self, response: Response, place: int) -> Iterator[Request]:
        """Another look, unless the run has ended."""
        Runs.polls += 1
        run = response.json()["data"]
        if run["status"] == "COMPLETE":
            self.runs[place] = run
        else:
            yield self._look(run["id"], place)

    def _look(self, run_id: str, place: int) -> Request:
        url = f"{self.url}/{run_id}"
        return Request(
            url, self.looked, headers=HEADERS, cb_kwargs={"place": place}, dont_filter=True
        )


def main(base_url: str, source: Path, target: Path) -> None:
    """Read, call, write; then print the seconds it took and the looks it made."""
    began_at = time.perf_counter()
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    Runs.url, Runs.rows = f"{base_url}/workflow/WCFG-1/run", rows
    Runs.runs, Runs.polls = [{} for _ in rows], 0
    process = CrawlerProcess(SETTINGS)
    process.crawl(Runs)
    process.start()
    write_results(target, rows, Runs.runs)
    seconds = time.perf_counter() - began_at
    requests = {"start": len(rows), "poll": Runs.polls, "list": 0}
    print(json.dumps({"seconds": seconds, "requests": requests}))


if __name__ == "__main__":
    _base_url, _source, _target = sys.argv[1:]
    main(_base_url, Path(_source), Path(_target))
