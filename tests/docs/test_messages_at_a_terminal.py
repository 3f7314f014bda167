"""Every error that the program can tell, as the command line prints it."""

import io
import re
import signal
from collections.abc import Iterator

import pytest

from docs.making.messages import Message, messages
from docs.making.sourcewords import UNKNOWN
from pipeline import cli, errors
from pipeline.errors import Exit

WIDTH = 80
IN_QUOTES = re.compile(r"`[^`]*`")
A_CALL = re.compile(r"\b(pipeline [a-z]+|make setup|pip install|export …)|--help")
"""What a person may copy and run: a command of ours, or of the shell."""

SAID = sorted({(m.fault, m.wrong, m.remedy) for _, m in messages()})


class Terminal(io.StringIO):
    """A stream that says it is a terminal, of no size: it counts as eighty columns wide."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def _sigterm_is_put_back() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def as_met(words: str) -> str:
    """The words with something of a usual length in place of what is only known when it happens."""
    return words.replace(UNKNOWN, "configs/leads.yaml")


def printed(message: Message, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Exit:
    """What `main` writes to stderr when a command ends with this error, and its exit code."""
    fault = getattr(errors, message.fault)
    wrong, remedy = as_met(message.wrong), as_met(message.remedy)

    def ends(_: object) -> int:
        raise fault(place="configs/leads.yaml, line 14", wrong=wrong, remedy=remedy)

    monkeypatch.setattr(cli, "_run", ends)
    monkeypatch.setattr("sys.stderr", stream)
    return Exit(cli.main(["run", "configs/leads.yaml"]))


@pytest.mark.parametrize(("fault", "wrong", "remedy"), SAID)
def test_an_error_fits_a_terminal_and_stays_one_line_elsewhere(
    fault: str,
    wrong: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Place, wrong and remedy; no line runs into the edge, no call is broken, stdout is empty."""
    message = Message(fault, wrong, remedy)
    elsewhere, terminal = io.StringIO(), Terminal()
    ended = {printed(message, stream, monkeypatch) for stream in (elsewhere, terminal)}
    assert ended == {getattr(errors, fault).exit}
    whole = f"configs/leads.yaml, line 14: {as_met(wrong)}; {as_met(remedy)}"
    assert elsewhere.getvalue() == f"{whole}\n"
    lines = terminal.getvalue().splitlines()
    assert " ".join(line.strip() for line in lines) == whole
    assert [line for line in lines if len(line) >= WIDTH] == []
    for call in IN_QUOTES.findall(whole):
        assert any(call in line for line in lines)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("fault", "wrong", "remedy"), SAID)
def test_a_call_stands_in_back_quotes(fault: str, wrong: str, remedy: str) -> None:
    """So a terminal breaks it nowhere, and a person sees where it begins and ends."""
    plain = IN_QUOTES.sub("", f"{wrong}; {remedy}")
    assert A_CALL.search(plain) is None, fault
