"""Talking with the person at the terminal. Owns what goes to stderr and the questions.

Must not know what is asked about.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

from pipeline.engine.progress.screen import laid_out, typed
from pipeline.errors import OutputFault, UsageFault


def tell(text: str) -> None:
    """A text for whoever reads stdout, a script perhaps. One who has left is told nothing.

    Raises `OutputFault` where stdout can't be written to.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _say_no_more()
    except OSError as error:
        _say_no_more()
        raise OutputFault(
            place="stdout",
            wrong=f"it can't be written to ({error.strerror})",
            remedy="let it go to another place, or to none",
        ) from None


def _say_no_more() -> None:
    # What is left in the buffer would fail again on the interpreter's way out, and spoil its code.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say(message: str) -> None:
    """A line for the person; stdout is the summary's alone."""
    sys.stderr.write(f"{laid_out(message, sys.stderr)}\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """What others wrote, an id or a cell, as a line that a terminal shows and never obeys."""
    return "".join(c if c.isprintable() else "?" for c in text)


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
    try:
        return sys.stdin.readline() or None
    except KeyboardInterrupt:
        # What is said of it begins a line of its own.
        sys.stderr.write("\n")
        raise


def command_line(*words: object) -> str:
    """A call of this program that works where it is typed next: as it was called this time.

    Not everybody's shell finds `pipeline`: it may have been called by its path, or as a module.
    """
    return " ".join([*_program(), *(_typed(word) for word in words)])


def _typed(word: object) -> str:
    return typed(word) if isinstance(word, Path) else shlex.quote(str(word))


def _program() -> list[str]:
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [typed(Path(sys.executable)), "-m", "pipeline"]
    found = shutil.which("pipeline")
    if called.stem != "pipeline" or (found and Path(found).absolute() == called.absolute()):
        return ["pipeline"]
    return [typed(called)]
