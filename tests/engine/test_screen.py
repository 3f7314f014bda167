"""Messages are laid out for whoever reads them."""

import asyncio
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.model import Row, Sheet, State
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.progress.screen import PLAIN_SECONDS, columns_of, laid_out
from pipeline.simulator.faults import Faults
from tests.world import Universe, a_sheet

LONG = "The output was not written. " * 5 + "Give: `pipeline export leads.yaml` to write it."


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and keeps what was written."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_on_a_terminal_a_line_breaks_between_words() -> None:
    """No word is cut at the edge, and a call that may be copied stays in one piece."""
    lines = laid_out(LONG, Terminal()).splitlines()
    assert len(lines) > 1
    assert all(len(line) < 80 for line in lines)
    assert " ".join(line.strip() for line in lines) == LONG
    assert any("`pipeline export leads.yaml`" in line for line in lines)


def test_elsewhere_a_message_stays_one_line() -> None:
    """A log is searched line by line."""
    assert laid_out(LONG, io.StringIO()) == LONG


def test_lines_and_margins_of_a_message_are_kept() -> None:
    """A list that was laid out already is not run together."""
    said = "Rows in doubt:\n  row 17, sent at 12:00\n"
    assert laid_out(said, Terminal()) == said


def test_what_is_longer_than_a_line_is_not_broken() -> None:
    """A path must be copied whole."""
    path = "/" + "x" * 200
    assert path in laid_out(f"Written: {path}", Terminal())


def test_a_terminal_is_as_wide_as_it_says() -> None:
    """A pseudo terminal without a size counts as eighty columns wide."""
    leader, follower = os.openpty()
    with open(follower, "w", encoding="utf-8") as stream:  # noqa: PTH123  # a descriptor
        assert columns_of(stream) == 80
    os.close(leader)


def test_on_a_terminal_the_line_is_redrawn_in_place_and_without_colours(tmp_path: Path) -> None:
    """Whatever the terminal can show, and with NO_COLOR or without: plain text within a line."""
    universe = Universe(tmp_path, duration_seconds=0.5, limits={"rate": "10/s"})
    universe.said = Terminal()
    universe.call()
    said = universe.said.getvalue()
    assert "\x1b" not in said
    drawn = [piece for piece in said.split("\r") if "running" in piece]
    assert len(drawn) > 3
    assert all(len(piece.strip("\n")) < 80 for piece in drawn)
    assert drawn[-1].startswith("10/10")


@pytest.mark.parametrize(("rows", "is_shown"), [(5, False), (200, True)])
def test_a_batch_that_ends_at_once_shows_no_progress(
    tmp_path: Path, rows: int, *, is_shown: bool
) -> None:
    """Without a terminal a line comes every ten seconds, and none before: it would tell nothing."""
    universe = Universe(tmp_path, duration_seconds=0.5, limits={"rate": "10/s"})
    universe.sheet = a_sheet(rows)
    universe.call()
    shown = [line for line in universe.said.getvalue().splitlines() if "running" in line]
    assert bool(shown) == is_shown
    assert all(len(line) <= 80 for line in shown)
    if is_shown:
        assert len(shown) == 1 + int(rows / 10 // PLAIN_SECONDS)
        assert shown[-1].startswith("200/200")


def test_a_pilot_counts_to_its_own_end(tmp_path: Path) -> None:
    """With a limit the line is full when the call has ended, and not at a share of the sheet."""
    universe = Universe(tmp_path, duration_seconds=0.5, limits={"rate": "10/s"})
    universe.said = Terminal()
    universe.call(limit=4)
    assert universe.said.getvalue().split("\r")[-1].startswith("4/4")
    universe.said = Terminal()
    universe.call(limit=3)
    assert universe.said.getvalue().split("\r")[-1].startswith("7/7")


def test_a_doubt_is_told_of_once_while_it_is_looked_for(tmp_path: Path) -> None:
    """Nobody wonders why a call goes on of which nothing runs."""
    universe = Universe(tmp_path, faults=Faults(lost_reply=0.5), limits={"rate": "10/s"})
    universe.said = Terminal()
    universe.call()
    said = " ".join(universe.said.getvalue().split())
    assert said.count("is looked for at the service, for about 60 s") == 1


def drawn_in(universe: Universe) -> list[list[str]]:
    """The words of each line that was drawn on the terminal."""
    return [piece.split() for piece in universe.said.getvalue().split("\r") if " running " in piece]


def test_runs_of_rows_that_left_the_sheet_are_watched_and_in_no_count_of_rows(
    tmp_path: Path,
) -> None:
    """What is spent is what the cap counts, and time is left for as long as any of them goes on."""
    limits = {"rate": "10/s", "max_credits": 100, "credits_per_run": 2}
    universe = Universe(tmp_path, duration_seconds=20, limits=limits)

    async def interrupt() -> None:
        await asyncio.sleep(5)
        universe.switch.ask(Stop(StopReason.INTERRUPTED, "interrupted"))

    assert universe.call(meanwhile=interrupt) is not None
    assert universe.tally().count(State.RUNNING) == 10
    universe.sheet = a_sheet(3)
    universe.said = Terminal()
    assert universe.call() is None
    assert universe.said.getvalue().count("left the sheet are watched to their end, too: 7.") == 1
    drawn = drawn_in(universe)
    assert {line[0] for line in drawn} <= {f"{done}/3" for done in range(4)}
    assert {int(line[1]) for line in drawn} <= set(range(4))
    assert drawn[-1][:2] == ["3/3", "0"]
    assert drawn[-1][5] == "20/100"
    waited = [line for line in drawn if line[0] == "3/3" and line[5] != "20/100"]
    assert any("0:00" not in line for line in waited)


def test_a_late_end_of_a_row_that_left_the_sheet_is_in_no_count_of_rows(tmp_path: Path) -> None:
    """An expired run was given up for another, which failed; it completes once its row is gone."""
    universe = Universe(tmp_path, duration_seconds=45, polling={"give_up": "40s", "max": "5s"})
    universe.sheet = a_sheet(1)
    universe.call()
    universe.ask_again()
    settings = universe.service._settings  # noqa: SLF001
    universe.service._settings = replace(settings, duration_seconds=0, fail=1.0)  # noqa: SLF001
    universe.call()
    assert universe.tally().count(State.FAILED) == 1
    universe.service._settings = replace(settings, duration_seconds=20)  # noqa: SLF001
    universe.sheet = Sheet("rows.csv", ("Company",), (Row(2, ("Another",)),))
    universe.said = Terminal()
    assert universe.call() is None
    with universe.ledger() as ledger:
        assert len(ledger.entries(State.COMPLETE)) == 2
    drawn = drawn_in(universe)
    assert {(line[0], line[3]) for line in drawn} == {("0/1", "0"), ("1/1", "0")}
