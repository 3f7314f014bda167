"""The process's own streams: closed, or in an encoding that lacks what a sheet holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.arranging import QUICK, a_batch


def test_a_terminal_that_lacks_a_letter_is_told_all_the_same(tmp_path: Path) -> None:
    """`check` shows a row in another script on a stream of plain ASCII."""
    a_batch(tmp_path, rows="Company\nMüller 東京\n")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", "batch.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"M\\xfcller" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    ("command", "exit_"),
    [("run", 0), *(pytest.param(c, 2, marks=pytest.mark.slow) for c in ("status", "check"))],
)
def test_a_stdout_that_is_full_is_told_in_a_line(tmp_path: Path, command: str, exit_: int) -> None:
    """A batch ends as it ends, its sheet is written; what only tells has failed to."""
    a_batch(tmp_path, **QUICK)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "pipeline", command, "batch.yaml"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == exit_, done.stderr
    told = "stdout: it can't be written to (No space left on device); let it go to another place"
    assert [told in line for line in done.stderr.splitlines()][-1], done.stderr
    assert (tmp_path / "leads.done.csv").exists() == (command == "run")


@pytest.mark.parametrize(
    "closed", [">&-", *(pytest.param(c, marks=pytest.mark.slow) for c in ("2>&-", ">&- 2>&-"))]
)
def test_a_stream_that_is_closed_changes_no_exit_code(tmp_path: Path, closed: str) -> None:
    """A caller that wants to hear nothing gets the exit code alone."""
    a_batch(tmp_path)
    done = subprocess.run(  # noqa: S602  # only a shell can close a stream
        f"exec {sys.executable} -m pipeline check batch.yaml {closed}",
        shell=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("told", ["2>/dev/full", "2> >(head -c1 >/dev/null)"])
@pytest.mark.parametrize(("call", "exit_"), [("run batch.yaml --limit 1", 0), ("run no.yaml", 2)])
def test_a_stderr_that_fails_changes_nothing(
    tmp_path: Path, call: str, exit_: int, told: str
) -> None:
    """A log on a disk that is full, or a reader that left: a batch ends, its sheet is written."""
    a_batch(tmp_path, **QUICK)
    done = subprocess.run(  # noqa: S603
        ["/bin/bash", "-c", f"exec {sys.executable} -m pipeline {call} {told}"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == exit_
    assert bool([*tmp_path.glob("*.done.csv")]) == (exit_ == 0)


def test_a_stdin_that_is_closed_answers_no_question(tmp_path: Path) -> None:
    """As without a terminal: `init` guesses."""
    (tmp_path / "leads.csv").write_text("Company\nAda\n")
    done = subprocess.run(  # noqa: S602  # only a shell can close a stream
        f"exec {sys.executable} -m pipeline init leads.csv --workflow simulator <&-",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "leads.yaml").exists()
