"""A browser for the tests of report and live page: the machine's own Chromium, if there is one."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # a container's root has no sandbox to give
    "--disable-gpu",
    # Without these it asks its maker's servers for this and that.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


# Of a module, not of the session: its loop would stand in the way of every later `asyncio.run`.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module; where there is none, its tests are left out, and it is said."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("report and live page were not looked at: install Chromium (Debian: chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield chromium
        chromium.close()
