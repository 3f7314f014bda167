"""The command line. Owns the verbs, the printing of errors and the exit code.

The only file that prints an error or ends the process. Must not know what a verb does.
"""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from textwrap import indent
from types import FrameType
from typing import Final, NoReturn, Protocol, cast

from pipeline.commands.terminal import command_line, say
from pipeline.errors import Exit, PipelineError, UsageFault

VERBS: Final = (
    "init",
    "check",
    "run",
    "status",
    "retry",
    "resolve",
    "export",
    "statement",
    "report",
    "watch",
    "adjust",
    "webhooks",
    "simulate",
    "worker",
)

MEANING_OF_EXIT: Final[Mapping[Exit, str]] = {
    Exit.OK: "every row is complete or skipped",
    Exit.UNFINISHED: "ended, with rows that failed, expired or stayed unconfirmed",
    Exit.WRONG: "the config, the sheet, the key or the call is wrong: nothing was started",
    Exit.STOPPED: "stopped early, with rows still to do: the same command goes on",
    Exit.INTERRUPTED: "interrupted by Ctrl-C: the same command goes on",
    Exit.TERMINATED: "terminated: the same command goes on",
}
"""The exit codes as `--help` tells them."""

GOES_ON: Final = "the same command goes on"
BEGINS_ANEW: Final = "the same command begins anew"
AFTER_A_SIGNAL: Final[Mapping[str, str]] = {
    "init": "nothing was written, and the same command asks anew",
    "check": BEGINS_ANEW,
    "status": BEGINS_ANEW,
    "export": BEGINS_ANEW,
    "statement": BEGINS_ANEW,
    "report": BEGINS_ANEW,
    "watch": "the page is gone, and a batch that runs goes on without it",
    "simulate": "the same command serves it anew",
}
"""By the verb, what is true once it was interrupted or terminated; of the others, `GOES_ON`."""

BEGINNING: Final = """\
pipeline init leads.xlsx --workflow simulator
pipeline check leads.yaml
pipeline run leads.yaml"""
"""The first calls of somebody who has a sheet and nothing else."""


class Command(Protocol):
    """What each verb's file in `commands` holds."""

    HELP: str
    """What it does, in a line that begins in small letters and has no full stop."""
    EXAMPLE: str
    """One call, or several with a line each."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's own arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> Exit:
        """Do it, and tell how it ended."""
        ...


class Parser(argparse.ArgumentParser):
    """Tells a wrong command line as a fault, in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageFault`."""
        remedy = f"see `{command_line(*self.prog.split()[1:], '--help')}`"
        raise UsageFault(place=self.prog, wrong=message, remedy=remedy)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the process's exit code."""
    signal.signal(signal.SIGTERM, _interrupted_by_sigterm)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell lets a job in the background ignore Ctrl-C, and then SIGTERM could not go its way.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _signals.clear()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except PipelineError as error:
        _tell(*map(str, error.problems))
        return error.exit
    except KeyboardInterrupt:
        what_now = AFTER_A_SIGNAL.get(
            _called(sys.argv[1:] if argv is None else argv) or "", GOES_ON
        )
        if _signals:
            _tell(f"Terminated: {what_now}.")
            return Exit.TERMINATED
        _tell(f"Interrupted: {what_now}.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; the interpreter must not complain of it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:
        if os.environ.get("PIPELINE_TRACEBACK"):
            raise
        # A traceback helps no user and may show a cell; the place alone helps whoever mends it.
        cause = _first_cause(error)
        _tell(
            f"A fault of this program ({type(cause).__name__} at {_place_of(cause)}); nothing "
            "that was recorded is lost: report it, then give the same command again"
        )
        return Exit.STOPPED


def _run(argv: Sequence[str]) -> int:
    with _nothing_collected():
        parser = parser_for(argv)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        raise _left_over(_called(argv), unknown)
    return cast("int", arguments.run(arguments))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """What is imported stays: to look through it for what may go takes a tenth of the import."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def parser_for(argv: Sequence[str]) -> Parser:
    """The parser; only the verb that is called is imported, so that each starts fast."""
    parser = Parser(
        prog="pipeline",
        description="Run an AI workflow once for each row of a sheet, and never pay for one twice.",
        epilog=f"{_examples(BEGINNING)}\n\n{_exit_codes()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    called = _called(argv)
    if called is not None and called not in VERBS:
        raise _unknown(called)
    for verb in VERBS if called is None else (called,):
        command = cast("Command", import_module(f"pipeline.commands.{verb}"))
        subparser = verbs.add_parser(
            verb,
            help=command.HELP,
            description=f"{command.HELP[0].upper()}{command.HELP[1:]}.",
            epilog=_examples(command.EXAMPLE),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    if called is None:
        parser.set_defaults(run=lambda _: _help(parser))
    return parser


def _examples(calls: str) -> str:
    title = "examples" if "\n" in calls else "example"
    return f"{title}:\n{indent(calls, '  ')}"


def _exit_codes() -> str:
    return "\n".join(
        ["exit codes:", *(f"  {code:<4} {words}" for code, words in MEANING_OF_EXIT.items())]
    )


def _called(argv: Sequence[str]) -> str | None:
    return next((word for word in argv if not word.startswith("-")), None)


def _left_over(verb: str | None, words: Sequence[str]) -> UsageFault:
    verbs = [verb] if verb else []
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    # A flag's value is not told: somebody may have given the key by it.
    wrong = f"there is no flag {flags[0]}" if flags else "there is a word too many"
    remedy = f"see `{command_line(*verbs, '--help')}`"
    return UsageFault(place=" ".join(["pipeline", *verbs]), wrong=wrong, remedy=remedy)


def _help(parser: Parser) -> Exit:
    parser.print_help(sys.stderr)
    return Exit.WRONG


def _unknown(verb: str) -> UsageFault:
    near = get_close_matches(verb, VERBS, n=1)
    return UsageFault(
        # What is no word of ours is not told: it may be a key behind a flag that does not exist.
        place=f"pipeline {verb}" if near else "pipeline",
        wrong="there is no such command",
        remedy=f"did you mean {near[0]}?" if near else f"the commands are {', '.join(VERBS)}",
    )


def _tell(*lines: str) -> None:
    for line in lines:
        say(line)


class _Terminated(KeyboardInterrupt):
    """SIGTERM where no event loop runs.

    Of a plain one that went through an import Python remembers that, and ends by SIGINT all the
    same, whatever the exit code was to be (`_Py_UnhandledKeyboardInterrupt`).
    """


def _interrupted_by_sigterm(number: int, frame: FrameType | None) -> None:
    """SIGTERM goes the way of Ctrl-C: an event loop ends in order by it, and by no other signal.

    An exception raised wherever the loop happens to be would leave it waiting for ever.
    """
    _signals.append(number)
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:
        raise _Terminated
    if callable(interrupt):
        interrupt(signal.SIGINT, frame)


_signals: Final[list[int]] = []
"""The signals that came and are not Ctrl-C."""


def _first_cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _place_of(error: BaseException) -> str:
    place = "unknown"
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
