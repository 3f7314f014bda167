"""The pictures of the live page. Owns the batch that they show; must not know the report."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

from docs.making.picture import CHECKOUT

ROWS: Final = 400
BLANK_ROWS: Final = (12, 57, 203)
WIDTH: Final = 1000
IS_FULL: Final = "() => document.querySelectorAll('.trouble .rows button').length >= 9"
"""The picture is taken once so many rows are named that are not complete."""

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def take_live_page(chromium: str, folder: Path) -> None:
    """Run a batch that lasts for a minute, and look at its page in the middle."""
    config = _batch(folder)
    call = [sys.executable, "-m", "pipeline", "run", str(config), "--watch"]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT) as batch:
        try:
            address = _address(batch)
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox", "--disable-gpu"]
                browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
                for scheme in SCHEMES:
                    _take(browser, address, scheme)
                browser.close()
        finally:
            batch.terminate()


def _batch(folder: Path) -> Path:
    with (folder / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(["Company", "Nr"])
        sheet.writerows(["" if n in BLANK_ROWS else f"Company {n}", n] for n in range(ROWS))
    config = {
        "name": "lead-emails",
        "input": {"path": "leads.csv"},
        "workflow": {"id": "WCFG-simulator", "base_url": "simulator"},
        "variables": {"Company": "Company"},
        "outputs": {"Email": "Generated email"},
        "limits": {"rate": "8/s", "max_credits": 1000},
        "polling": {"first": "1s", "max": "2s"},
        "simulator": {"duration": "10s", "fail": 0.05, "faults": {"refused": 0.02}},
    }
    path = folder / "lead-emails.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _address(batch: "subprocess.Popen[str]") -> str:
    assert batch.stderr is not None
    for line in batch.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+/", line):
            return found[0]
    sys.exit("The batch told no address of its page")


def _take(browser: Browser, address: str, scheme: Literal["light", "dark"]) -> None:
    picture = CHECKOUT / "docs" / f"watch-{scheme}.png"
    page = browser.new_page(color_scheme=scheme, viewport={"width": WIDTH, "height": 800})
    page.goto(address)
    page.wait_for_function(IS_FULL, timeout=60_000)
    page.locator(".trouble summary").first.click()
    page.get_by_label("A row's number").fill("failed")
    page.keyboard.press("Enter")
    page.locator("#hits tbody tr").first.wait_for()
    page.screenshot(path=picture, full_page=True)
    page.close()
    sys.stderr.write(f"Written: {picture.relative_to(CHECKOUT)}\n")
