"""Calls of the program that need not import it: each is forked from a process that has done so.

Owns that process, one for each that runs tests. A call is a process of its own all the same, with
its own memory, streams, folder, environment, signals and exit code, and ends as an interpreter
ends. What is spared is a new interpreter, which costs several times what most calls do. What a new
interpreter itself must do is seen by `tests/commands/test_streams.py`. Must not know the tests.
"""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVE = f"from {__name__} import serve; serve()"


def call(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[Path, Path],
    patience_seconds: float,
) -> int:
    """Run one command to its end, what it tells going to two files; gives its exit code."""
    warm = _warm()
    assert warm.stdin is not None
    assert warm.stdout is not None
    request = [list(arguments), str(folder), dict(environment), [str(path) for path in streams]]
    warm.stdin.write(json.dumps(request) + "\n")
    warm.stdin.flush()
    if not select.select([warm.stdout], [], [], patience_seconds)[0]:
        os.killpg(warm.pid, signal.SIGKILL)
        _warm.cache_clear()
        raise subprocess.TimeoutExpired(list(arguments), patience_seconds)
    return int(warm.stdout.readline())


@cache
def _warm() -> "subprocess.Popen[str]":
    warm = subprocess.Popen(  # noqa: S603  # our own words, no shell
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # It ends by the end of its stdin, so too where whoever runs the tests is killed.
    atexit.register(warm.communicate)
    return warm


def serve() -> None:
    """Fork a process for each line of stdin, and answer with its exit code."""
    from pipeline import __main__, cli  # noqa: PLC0415 - whoever runs the tests needs none of it

    for verb in cli.VERBS:
        import_module(f"pipeline.commands.{verb}")
    import_module("uvloop")
    gc.freeze()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _become(*json.loads(line))
            __main__.main()
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(
    arguments: list[str], folder: str, environment: dict[str, str], streams: list[str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    for number, path in enumerate([os.devnull, *streams]):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
