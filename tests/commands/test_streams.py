"""The process's own streams: closed, or in an encoding that lacks what a sheet holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.arranging import a_batch


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


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
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
