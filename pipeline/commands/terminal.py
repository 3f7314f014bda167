"""Talking with the person at the terminal. Owns what goes to stderr and the questions.

Must not know what is asked about.
"""

import sys

from pipeline.errors import UsageFault


def say(message: str) -> None:
    """A line for the person; stdout is the summary's alone."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def confirm(question: str, *, is_agreed: bool) -> None:
    """Go on only where a person agrees, or has agreed beforehand. Raises `UsageFault`.

    Without a terminal nobody can be asked, and what the question guards against is refused.
    """
    if is_agreed:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault(
            place="no terminal to ask on",
            wrong=question,
            remedy="give --yes if this is meant; nothing was started",
        )
    sys.stderr.write(f"{question}. Go on? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise UsageFault(place="answer", wrong="not confirmed", remedy="nothing was started")
