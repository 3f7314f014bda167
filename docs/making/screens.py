"""`make screens`: takes the pictures of report and live page that the pages show, by a Chromium.

They are no part of `make docs`: another browser, or other fonts, would draw them otherwise.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from docs.making.picture import CHECKOUT
from docs.making.watching import take_live_page

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
SIZE: Final = "1100,1330"
"""Pixels: down to the first rows that are not complete."""

SCHEMES: Final = {"report.png": 1, "report-dark.png": 0}
"""The picture, and Chromium's number for the system's light or dark."""


def main() -> None:
    """Run the batch that fails as its comments promise, report on it, and take the pictures."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("Chromium is missing: install it (on Debian: apt-get install chromium)")
    with TemporaryDirectory() as folder:
        page = _report(Path(folder))
        for name, scheme in SCHEMES.items():
            _take(browser, page, CHECKOUT / "docs" / name, scheme)
        take_live_page(browser, Path(folder))


def _report(folder: Path) -> Path:
    for name in ("configs", "sample_data"):
        shutil.copytree(CHECKOUT / name, folder / name)
    config = folder / "configs" / "failures.yaml"
    call = [sys.executable, "-m", "pipeline", "run", str(config), "--report"]
    # It ends with 1, since some of its rows fail.
    subprocess.run(call, check=False, capture_output=True, cwd=CHECKOUT)
    return folder / "out" / "failures.report.html"


def _take(browser: str, page: Path, picture: Path, scheme: int) -> None:
    call = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        f"--window-size={SIZE}",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    subprocess.run(call, check=True, capture_output=True)
    sys.stderr.write(f"Written: {picture.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    main()
