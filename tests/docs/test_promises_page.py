"""The page of promises says what the program does."""

import re

import pytest

from docs.making.__main__ import CHECKOUT
from pipeline.config.sections.behaviour import Retry
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.reconciling import Hold
from pipeline.engine.batch.doubts import CONTROLS
from pipeline.ledger.opening import SETTINGS

PAGE = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
DECISION = (CHECKOUT / "docs" / "decisions" / "001-a-doubt-is-looked-for.md").read_text("utf-8")


def test_every_reason_to_hold_a_row_is_told() -> None:
    """Whoever reads why a row is held finds the very words, and no reason that is gone."""
    section = PAGE.split("## Why a row is held\n", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\| ([^|]+) \| \S", section, re.MULTILINE)[1:]
    assert sorted(told) == sorted(hold.value for hold in Hold)


@pytest.mark.parametrize(
    "said",
    [
        f"`{TOKEN_FIELD}`",
        {100: "the newest hundred of the runs"}[CONTROLS],
        "`TCP_USER_TIMEOUT`",
        "`pipeline resolve`",
    ],
)
def test_what_the_page_names_is_so(said: str) -> None:
    """A number or a name that changes in the program changes here."""
    assert said in PAGE


def test_the_disk_is_told_to_sync_in_full() -> None:
    """The assumption about the disk is worth something only where it is asked to."""
    said = {"synchronous = FULL": "`synchronous=FULL`", "fullfsync = ON": "`fullfsync`"}
    for setting, words in said.items():
        assert f"PRAGMA {setting}" in SETTINGS
        assert words in PAGE


def test_a_minute_is_what_a_call_waits_by_default() -> None:
    """The price that the decision names is that of the default settle."""
    assert Retry().settle_seconds == 30
    assert "twice `settle` and two sweeps at the most: a minute by default" in DECISION


@pytest.mark.parametrize("name", re.findall(r"`(tests/[^`]+)`", PAGE))
def test_what_a_promise_is_tried_by_is_there(name: str) -> None:
    """A test that moved takes its place in the table along."""
    assert (CHECKOUT / name).is_file()
