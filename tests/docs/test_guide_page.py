"""The guide shows what a person will see."""

from docs.making.__main__ import CHECKOUT
from pipeline.engine.progressline import Figures, Scale, progress_line

GUIDE = (CHECKOUT / "docs" / "guide.md").read_text(encoding="utf-8")


def test_the_progress_line_is_as_the_guide_shows_it() -> None:
    """Whoever compares the two finds each figure where the guide explains it."""
    figures = Figures(
        done=412, running=9, failed=3, credits=824, ends_a_second=58 / 60, left_seconds=815
    )
    line = progress_line(figures, Scale(total=1200, max_in_flight=500, max_credits=3000), 79)
    assert f"```\n{line}\n```" in GUIDE
