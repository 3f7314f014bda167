"""What the README says is so."""

import re

from docs.making.__main__ import CHECKOUT
from pipeline.core.model import Status
from pipeline.errors import Exit

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_figure_of_speed_is_one_of_the_benchmarks() -> None:
    """No figure stands here that was not measured, as the benchmarks' page tells."""
    measured = (CHECKOUT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    figures = re.findall(r"\d[\d,.]*\d", _section("How fast"))
    assert len(figures) > 2
    assert [figure for figure in figures if figure not in measured] == []


def test_every_status_is_explained() -> None:
    """Whoever meets a word in the status column finds it in the table, and no other."""
    told = re.findall(r"^\| (`.*?) \|", _section("The status column"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(told))) == {str(status) for status in Status}


def test_every_exit_code_is_explained() -> None:
    """A script's author finds each code in the table, and no other."""
    told = re.findall(r"^\| (\d[\d, ]*) \|", _section("When it is stopped"), re.MULTILINE)
    assert {int(code) for code in re.findall(r"\d+", " ".join(told))} == set(Exit)
