"""Builders of config files, whose defaults make a good one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.load import Draft, parse

GOOD = {
    "input": "{path: leads.xlsx}",
    "workflow": "{id: WCFG-1}",
    "variables": "{Company: Company}",
    "outputs": '"*"',
}

Written = Callable[..., Draft]


@pytest.fixture
def parsed(tmp_path: Path) -> Written:
    """Parse ``leads.yaml`` with a line for each key, good ones by default; None leaves one out."""

    def write(**sections: str | None) -> Draft:
        lines = [f"{key}: {text}" for key, text in (GOOD | sections).items() if text is not None]
        return parse_text("\n".join(lines), tmp_path)

    return write


@pytest.fixture
def parsed_text(tmp_path: Path) -> Callable[[str], Draft]:
    """Parse ``leads.yaml`` with this content."""
    return lambda text: parse_text(text, tmp_path)


def parse_text(text: str, folder: Path) -> Draft:
    path = folder / "leads.yaml"
    path.write_text(text, encoding="utf-8")
    return parse(path)
