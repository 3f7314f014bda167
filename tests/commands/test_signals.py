"""Ctrl-C and SIGTERM end every command in order, whatever its event loop is doing."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Semaphore

import pytest

from pipeline import cli
from pipeline.engine.batch.stop import Switch
from pipeline.engine.signals import signals_ask
from pipeline.errors import Exit
from tests.journeys.running import command

BEGIN_ANEW = ("check", "status", "export", "statement", "report")


def test_sigterm_cancels_what_runs_on_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C does: what a loop's tasks have open is closed in order, and then the call ends."""
    closed = []

    async def opened() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(60):
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            closed.append("in order")
            raise

    monkeypatch.setattr(cli, "_run", lambda _: asyncio.run(opened()))
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert cli.main([]) == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    assert closed == ["in order"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("init", "nothing was written, and the same command asks anew"),
        ("watch", "the page is gone, and a batch that runs goes on without it"),
        ("run", "the same command goes on"),
        *((verb, "the same command begins anew") for verb in BEGIN_ANEW),
    ],
)
def test_what_is_true_after_a_signal_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    verb: str,
    told: str,
) -> None:
    """Not every command goes on where it was, and a page is meant to be ended so."""
    monkeypatch.setattr(cli, "_run", lambda _: os.kill(os.getpid(), number))
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert cli.main([verb, "leads"]) == 128 + number
    finally:
        signal.signal(signal.SIGTERM, before)
    word = "Interrupted" if number is signal.SIGINT else "Terminated"
    assert capsys.readouterr().err == f"{word}: {told}.\n"


def test_the_end_of_a_batch_leaves_the_signals_as_they_were() -> None:
    """SIGTERM while the sheet is written goes the program's own way, and cuts nothing off."""
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    async def batch() -> None:
        with signals_ask(Switch()):
            pass
        seen.append(signal.getsignal(signal.SIGTERM))

    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        asyncio.run(batch())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIG_IGN]


def asked_for_ever(address: str, answered: Semaphore) -> None:
    """Keep the service's loop busy until it does not answer any more; tells of each answer."""
    while True:
        try:
            urllib.request.urlopen(f"{address}/_count?brief=1", timeout=5).close()  # noqa: S310  # loopback
        except OSError:
            return
        answered.release()


@pytest.mark.parametrize(("number", "exit_"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_busy_simulator_ends_at_once(number: signal.Signals, exit_: int) -> None:
    """In the middle of requests, again and again: it never waits for what will not come."""
    for _ in range(2):
        with subprocess.Popen(  # noqa: S603  # our own program, no shell
            command("simulate"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                address = process.stdout.readline().strip().removesuffix("/api")
                with ThreadPoolExecutor(4) as threads:
                    answered = Semaphore(0)
                    for _ in range(4):
                        threads.submit(asked_for_ever, address, answered)
                    for _ in range(40):
                        assert answered.acquire(timeout=10)
                    process.send_signal(number)
                    assert process.wait(timeout=10) == exit_
            finally:
                process.kill()


@pytest.mark.parametrize("ignored", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_job_in_the_background_is_ended_by_sigterm(ignored: signal.Handlers) -> None:
    """A shell lets what a script starts with `&` ignore Ctrl-C, by which a loop ends in order."""
    before = signal.signal(signal.SIGINT, ignored)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "simulate", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        try:
            assert process.wait(timeout=20) == Exit.TERMINATED
        finally:
            process.kill()


TERMINATED_WHILE_IMPORTING = """
import dataclasses, signal
make = dataclasses._create_fn
def made(*arguments, **named):
    if callable(signal.getsignal(signal.SIGTERM)):
        exec("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    return make(*arguments, **named)
dataclasses._create_fn = made
"""


def test_a_start_that_is_terminated_ends_by_sigterms_exit_code(tmp_path: Path) -> None:
    """Wherever it is: an import runs code that Python itself watches for Ctrl-C."""
    (tmp_path / "sitecustomize.py").write_text(TERMINATED_WHILE_IMPORTING)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", "batch.yaml"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == Exit.TERMINATED, done.stderr
    assert b"Terminated" in done.stderr
