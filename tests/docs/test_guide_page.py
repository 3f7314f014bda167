"""The guide shows what a person will see."""

import io
from pathlib import Path

import pytest

from docs.making.__main__ import CHECKOUT
from pipeline.cli import main
from pipeline.config.load import parse
from pipeline.engine.progress.progressline import Figures, Scale, progress_line

GUIDE = (CHECKOUT / "docs" / "guide.md").read_text(encoding="utf-8")


def test_the_progress_line_is_as_the_guide_shows_it() -> None:
    """Whoever compares the two finds each figure where the guide explains it."""
    figures = Figures(
        done=412, running=9, failed=3, credits=824, ends_a_second=58 / 60, left_seconds=815
    )
    line = progress_line(figures, Scale(total=1200, max_in_flight=500, max_credits=3000), 79)
    assert f"```\n{line}\n```" in GUIDE


def test_the_way_to_the_real_service_leads_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes a config as the guide says has one that lacks nothing but the key."""
    sheet = tmp_path / "tickets.csv"
    sheet.write_bytes((CHECKOUT / "sample_data" / "tickets.csv").read_bytes())
    monkeypatch.setattr("sys.stdin", io.StringIO())
    config = tmp_path / "tickets.yaml"
    assert main(["init", str(sheet), "-o", str(config), "--workflow", "simulator"]) == 0
    lines = config.read_text("utf-8").replace("WCFG-simulator", "WCFG-1").splitlines()
    gone = ("  base_url: simulator", "  first: ", "  max: ")
    kept = [line for line in lines if not line.startswith(gone)]
    section = kept.index("simulator:")
    # The section goes up to the next blank line.
    end = kept.index("", section)
    text = "\n".join(kept[:section] + kept[end:]).replace("rate: 50/s", "rate: 60/min")
    config.write_text(text, encoding="utf-8")
    assert parse(config).faults == ()
