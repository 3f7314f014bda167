"""The report in a real browser, with what does not fit well: how much of it a person sees."""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.journeys.running import a_batch, pipeline

SMALLEST_LETTERS = 9
"""Pixels: what is smaller than this nobody reads on a telephone."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a batch of which some rows failed and some were refused."""
    faults = {"refused": 0.1}
    simulator = {"duration": "0s", "fail": 0.3, "seed": 3, "faults": faults}
    name = "The company's name as it stands in the register"
    config = a_batch(
        tmp_path_factory.mktemp("report"), 40, simulator=simulator, variables={name: "Company"}
    )
    assert pipeline("run", config, "--report").exit == 1
    (page,) = config.parent.rglob("*.report.html")
    return page


# Each scheme and each width once: no colour depends on the width.
@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 320)])
def test_nothing_of_a_report_is_cut_off(
    browser: Browser, report: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    """On a desk and on a telephone: no page, table or plot runs out at the side, and axe agrees."""
    with browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as context:
        page = context.new_page()
        page.goto(report.as_uri())
        assert Axe().run(page).response["violations"] == []
        wider = "(e) => e.scrollWidth - e.clientWidth"
        assert page.locator("html").evaluate(wider) <= 0
        tables = page.locator(".wide").all()
        assert len(tables) == 3
        assert [table.evaluate(wider) for table in tables] == [0, 0, 0]
        # The words of a failure get room: a column of single words is read by nobody.
        rooms = page.locator("td.words").evaluate_all("(all) => all.map((e) => e.clientWidth)")
        assert min(rooms) >= min(width, 600) * 0.6
        cut = """(figures) => figures.flatMap((figure) => {
            const edge = figure.getBoundingClientRect();
            return [...figure.querySelectorAll("svg text")].filter((text) => {
                const at = text.getBoundingClientRect();
                return at.left < edge.left || at.right > edge.right;
            }).map((text) => text.textContent);
        })"""
        assert page.locator("figure").evaluate_all(cut) == []


def test_a_plots_letters_can_be_read_on_a_telephone(browser: Browser, report: Path) -> None:
    """A plot shrinks to the page's width, and its letters less than its lines."""
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(report.as_uri())
        size = """(all) => all.map((text) => parseFloat(getComputedStyle(text).fontSize)
            * text.getScreenCTM().a)"""
        sizes = page.locator("figure svg text").evaluate_all(size)
        assert sizes
        assert min(sizes) >= SMALLEST_LETTERS
