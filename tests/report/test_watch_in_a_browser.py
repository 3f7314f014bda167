"""The live page in a real browser, over real batches: what a person sees and can do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.running import a_batch, a_simulator, started

SLOW = {"limits": {"rate": "10/s", "max_credits": 1000}}
"""So that a batch of forty rows takes four seconds: long enough to be watched."""


@dataclass
class Looker:
    """A person before the page, who notices what a page should not do."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Open the page; from now on each request, error and line on the console is noticed."""
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self._notice(request.url, address))
        self.page.goto(address)

    def _notice(self, url: str, address: str) -> None:
        if not url.startswith(address):
            self.troubles.append(f"a request to {url}")

    def count(self, status: str) -> int:
        """The rows of a status, as the page now shows them."""
        text = self.page.locator(f"#counts .{status} b").inner_text(timeout=10_000)
        return int(text.replace(",", ""))

    def until(self, condition: str) -> None:
        """Wait until something is so on the page, by JavaScript over `count`."""
        counted = (
            "const count = (status) => Number("
            "document.querySelector(`#counts .${status} b`)?.textContent ?? 0);"
        )
        self.page.wait_for_function(f"() => {{ {counted} return {condition}; }}", timeout=20_000)

    def find(self, text: str) -> list[list[str]]:
        """Ask for rows by keyboard alone, and read the cells of those that are found."""
        self.page.get_by_label("A row's number").focus()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)
        # What is said of the search before is no sign that this one has been shown.
        self.page.evaluate("() => { document.getElementById('remark').textContent = ''; }")
        with self.page.expect_response("**/search?**"):
            self.page.keyboard.press("Enter")
        expect(self.page.locator("#remark")).not_to_be_empty()
        rows = self.page.locator("#hits tbody tr")
        return [row.locator("td").all_inner_texts() for row in rows.all()]


@contextmanager
def looking(browser: Browser, scheme: Literal["light", "dark"] = "light") -> Iterator[Looker]:
    """A fresh window; at the end, nothing must have been noticed."""
    with browser.new_context(color_scheme=scheme) as context:
        looker = Looker(context.new_page())
        yield looker
        assert looker.troubles == []


def address_of(batch: "Popen[str]") -> str:
    """What `run --watch` says of its page, or `watch` alone."""
    stream = batch.stderr if "--watch" in batch.args else batch.stdout  # type: ignore[operator]
    assert stream is not None
    for line in stream:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+/", line):
            return found[0]
    raise AssertionError("no address was told")


@pytest.fixture(scope="module")
def ended_batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a batch of which some rows failed."""
    folder = tmp_path_factory.mktemp("ended")
    config = a_batch(folder, 40, simulator={"duration": "0s", "fail": 0.3, "seed": 3})
    with started("run", config) as batch:
        assert batch.wait(timeout=30) == 1
    return config


@pytest.mark.slow
def test_a_batch_is_watched_from_its_first_row_to_its_last(
    browser: Browser, tmp_path: Path
) -> None:
    """The counts move by themselves, a row is found while it runs, and the end is told."""
    config = a_batch(tmp_path, 40, **SLOW, simulator={"duration": "200ms", "fail": 0.3, "seed": 3})
    with started("run", config, "--watch") as batch, looking(browser) as looker:
        looker.open(address_of(batch))
        looker.until("count('complete') > 0")
        expect(looker.page.locator("#stage")).to_have_text(f"Running, in process {batch.pid}")
        first = looker.count("complete")
        assert first < 40
        looker.until(f"count('complete') > {first}")
        looker.until("count('failed') > 0")
        found = looker.find("failed")
        assert found
        assert all(cells[1] == "failed" for cells in found)
        assert all("The run failed" in cells[-1] for cells in found)
        expect(looker.page.locator("#left")).to_contain_text(" to ")
        looker.until("count('pending') === 0 && count('running') === 0")
        assert looker.count("complete") + looker.count("failed") == 40
        expect(looker.page.locator("#fault")).to_contain_text("has ended", timeout=20_000)
        assert batch.wait(timeout=20) == 1


@pytest.mark.slow
def test_a_batch_that_is_killed_is_shown_as_stopped(browser: Browser, tmp_path: Path) -> None:
    """A second process looks on, and nobody tells it: it sees that nobody is at work."""
    config = a_batch(tmp_path, 500, **SLOW)
    with started("watch", config) as page, looking(browser) as looker:
        looker.open(address_of(page))
        expect(looker.page.locator("#stage")).to_contain_text("Nothing was started yet")
        with started("run", config) as batch:
            looker.until("count('complete') > 0")
            expect(looker.page.locator("#stage")).to_contain_text("Running")
            batch.kill()
            expect(looker.page.locator("#stage")).to_have_text(
                "Stopped: pipeline run batch.yaml goes on with it.", timeout=20_000
            )


@pytest.mark.slow
def test_pause_pauses_and_resume_goes_on(browser: Browser, tmp_path: Path) -> None:
    """By the page's own buttons: no start leaves while it is paused, and all do afterwards."""
    with a_simulator("--duration", "0s") as simulator:
        workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
        config = a_batch(tmp_path, 200, workflow=workflow, limits={"rate": "10/s"})
        with started("run", config, "--watch") as batch, looking(browser) as looker:
            looker.open(address_of(batch))
            looker.until("count('complete') > 0")
            looker.page.get_by_role("button", name="Pause").press("Enter")
            expect(looker.page.locator("#stage")).to_contain_text("Paused", timeout=10_000)
            expect(looker.page.locator("#said")).to_contain_text("paused=true")
            _heeded(batch, "paused=true")
            looker.until("count('running') === 0")
            begun = simulator.count()["accepted"]
            assert begun < 200
            looker.page.get_by_label("to", exact=True).fill("nonsense")
            looker.page.get_by_role("button", name="Change").press("Enter")
            expect(looker.page.locator("#said")).to_contain_text("is not a rate")
            # The browser itself tells of an answer 400 on its console.
            (trouble,) = looker.troubles
            assert "400" in trouble
            looker.troubles.clear()
            looker.page.get_by_label("to", exact=True).fill("500/s")
            looker.page.get_by_role("button", name="Change").press("Enter")
            expect(looker.page.locator("#adjusted")).to_contain_text("limits.rate=500/s")
            _heeded(batch, "limits.rate=500/s")
            assert simulator.count()["accepted"] == begun
            assert Axe().run(looker.page).response["violations"] == []
            looker.page.get_by_role("button", name="Resume").press("Enter")
            looker.until("count('complete') === 200")
            assert batch.wait(timeout=20) == 0
        assert simulator.count()["accepted"] == 200


def _heeded(batch: "Popen[str]", change: str) -> None:
    """Read on until the batch says that it goes on with the change."""
    assert batch.stderr is not None
    while f"Adjusted until this call ends: {change}" not in batch.stderr.readline():
        assert batch.poll() is None, "it ended without having heeded the change"


@pytest.fixture
def ended_page(ended_batch: Path) -> Iterator[str]:
    """The address of a page over the batch that has ended."""
    with started("watch", ended_batch) as page:
        yield address_of(page)


def test_a_failed_row_leads_to_its_cause_and_its_remedy(browser: Browser, ended_page: str) -> None:
    """The failures are grouped, say what to do, and name rows that can be looked up."""
    with looking(browser) as looker:
        looker.open(ended_page)
        expect(looker.page.locator("#stage")).to_have_text("Ended")
        trouble = looker.page.locator(".trouble")
        expect(trouble).to_have_count(1)
        trouble.locator("summary").press("Enter")
        failed = looker.count("failed")
        expect(trouble).to_contain_text(f"The run failed: {failed} rows")
        expect(trouble.locator(".remedy")).to_contain_text("pipeline retry batch.yaml")
        button = trouble.locator("button").first
        row = button.inner_text()
        button.press("Enter")
        expect(looker.page.locator("#hits tbody td").first).to_have_text(row)
        run_id = looker.page.locator("#hits tbody td.id").inner_text()
        assert looker.find(run_id[:12])[0][0] == row
        assert looker.find("9999") == []
        expect(looker.page.locator("#remark")).to_contain_text("No such row")


def test_all_of_the_page_can_be_reached_by_the_keyboard(browser: Browser, ended_page: str) -> None:
    """By Tab alone: the way past the header, the tables, the failures and the search."""
    with looking(browser) as looker:
        looker.open(ended_page)
        expect(looker.page.locator(".trouble")).to_have_count(1)
        reached = set()
        for _ in range(12):
            looker.page.keyboard.press("Tab")
            reached.add(
                looker.page.evaluate("() => document.activeElement.textContent.trim().slice(0, 15)")
            )
        assert {"Skip to the fig", "As a table", "Find"} <= reached
        assert any(text.startswith("The run failed") for text in reached)


# Each scheme and each width once: no colour depends on the width.
@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_nobody_is_shut_out(
    browser: Browser, ended_page: str, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds no violation, light or dark, wide or narrow, with everything opened."""
    with looking(browser, scheme) as looker:
        looker.page.set_viewport_size({"width": width, "height": 800})
        looker.open(ended_page)
        expect(looker.page.locator(".trouble")).to_have_count(1)
        for summary in looker.page.locator("summary").all():
            summary.click()
        looker.find("failed")
        found = Axe().run(looker.page)
        assert found.response["violations"] == []
        overflow = looker.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0
        cut = looker.page.evaluate("() => hits.scrollWidth - hits.clientWidth")
        assert cut <= 0, "a found row's error must be seen without moving the table"
