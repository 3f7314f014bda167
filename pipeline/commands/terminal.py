"""Talking with the person at the terminal. Owns what goes to stderr and the questions.

Must not know what is asked about.
"""

import sys

from pipeline.engine.screen import laid_out
from pipeline.errors import UsageFault


def say(message: str) -> None:
    """A line for the person; stdout is the summary's alone."""
    sys.stderr.write(f"{laid_out(message, sys.stderr)}\n")
    sys.stderr.flush()


def confirm(question: str, *, is_agreed: bool) -> None:
    """Go on only where a person agrees, or has agreed beforehand. Raises `UsageFault`.

    Without a terminal nobody can be asked, and what the question guards against is refused.
    """
    if is_agreed:
        return
    if not can_ask():
        raise UsageFault(
            place="no terminal to ask on",
            wrong=question,
            remedy="give --yes if this is meant; nothing was started",
        )
    if not agrees(f"{question}. Go on? [y/N] "):
        raise refusal()


def agrees(question: str) -> bool:
    """Whether a person says yes; what is anything else, or nothing, is no."""
    return (ask(question) or "").strip().lower() in {"y", "yes"}


def refusal() -> UsageFault:
    """A person was asked and did not agree."""
    return UsageFault(place="answer", wrong="not confirmed", remedy="nothing was started")


def can_ask() -> bool:
    """Whether a person is there to read a question and to answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str | None:
    """A person's answer, as it was typed; ``None``: they closed the terminal's input."""
    words = question.rstrip()
    sys.stderr.write(laid_out(words, sys.stderr) + question[len(words) :])
    sys.stderr.flush()
    return sys.stdin.readline() or None
