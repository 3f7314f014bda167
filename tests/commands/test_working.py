"""What is seen of long work on a sheet."""

import io
import time
from collections.abc import Callable

import pytest

from pipeline.commands import working
from pipeline.commands.working import told_while


class Stream(io.StringIO):
    """A stream that is a terminal, or none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it is one."""
        return self.is_terminal


def said_while(
    monkeypatch: pytest.MonkeyPatch, stream: Stream, until: Callable[[str], bool]
) -> str:
    """What stands on the stream after work that lasted until so much was seen on it."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(working, "PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(working, "PLAIN_SECONDS", 0.001)
    deadline = time.monotonic() + 30
    with told_while("Reading leads.csv"):
        while not until(stream.getvalue()) and time.monotonic() < deadline:
            pass
    return stream.getvalue()


def test_on_a_terminal_one_line_is_redrawn_and_then_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes next begins where the line stood, and nothing of it is left."""
    said = said_while(monkeypatch, Stream(is_terminal=True), lambda text: text.count("\r") > 2)
    assert "\rReading leads.csv … 0 s" in said
    assert "\n" not in said
    assert set(said.split("\r")[-2]) == {" "}
    assert said.endswith("\r")


def test_elsewhere_plain_lines_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log shows that the work goes on, and holds no half lines."""
    said = said_while(monkeypatch, Stream(is_terminal=False), lambda text: text.count("\n") > 1)
    assert set(said.splitlines()) == {"Reading leads.csv … 0 s"}


def test_quick_work_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small sheet is read without a word."""
    stream = Stream(is_terminal=True)
    monkeypatch.setattr("sys.stderr", stream)
    with told_while("Reading leads.csv"):
        pass
    assert stream.getvalue() == ""
