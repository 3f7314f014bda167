"""The live page offers what a running batch takes."""

import re
from importlib import resources

from pipeline.config.adjusting import EXAMPLES

STATIC = resources.files("pipeline.report.live") / "static"


def test_the_page_offers_the_keys_that_adjust_takes() -> None:
    """Each with the same example; the pause has a button of its own."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    script = (STATIC / "controls.js").read_text(encoding="utf-8")
    keys = [key for key in EXAMPLES if key != "paused"]
    assert re.findall(r'<option value="(limits\.\w+)">\1</option>', page) == keys
    assert re.findall(r'"(limits\.\w+)": "([^"]*)"', script) == [(k, EXAMPLES[k]) for k in keys]
