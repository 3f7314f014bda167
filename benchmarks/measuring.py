"""One process measured from outside, the simulator that it calls, and a figure beside its bar.

Must not know what is compared with what. Peak memory and processor time are those that the kernel
kept for this one child (`wait4`), so that nothing has to be sampled while it runs.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MAXRSS_UNIT_BYTES: Final = 1 if sys.platform == "darwin" else 1024
"""getrusage(2): ``ru_maxrss`` is in bytes on macOS and in KiB elsewhere."""

REPOSITORY: Final = Path(__file__).resolve().parent.parent
NOTED_IN: Final = "BENCH_FIGURES"
"""The environment variable that names the file where figures are gathered for one table."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One process from its start to its end."""

    exit: int
    stdout: str
    stderr: str
    wall_seconds: float
    """The whole process, with the interpreter's start and its imports."""
    cpu_seconds: float
    peak_bytes: int
    """The largest resident set. The kernel lets a child begin with its parent's, so this is never
    below what this small script takes (about 20 MiB)."""


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end; its stdout and stderr go by files in the folder."""
    out, err = folder / "stdout", folder / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        began_at = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - began_at
        # Told by hand, since it was not `Popen` that waited.
        process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        exit=process.returncode,
        stdout=out.read_text(encoding="utf-8"),
        stderr=err.read_text(encoding="utf-8"),
        wall_seconds=wall_seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * MAXRSS_UNIT_BYTES,
    )


def note(what: str, value: float, *, least: float | None = None, most: float | None = None) -> None:
    """Let a figure stand in the table of all benchmarks, beside what it is to be."""
    if path := os.environ.get(NOTED_IN):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps([what, value, least, most]) + "\n")


@dataclass(frozen=True, slots=True)
class Simulator:
    """The simulated service, in a process of its own."""

    base_url: str

    def count(self) -> dict[str, Any]:
        """What it saw of starts and looks."""
        return self._get("/_count?brief=1")

    def runs(self) -> list[dict[str, Any]]:
        """Every run that was begun, and paid for."""
        runs: list[dict[str, Any]] = self._get("/_count")["runs"]
        return runs

    def _get(self, path: str) -> dict[str, Any]:
        url = f"{self.base_url.removesuffix('/api')}{path}"
        with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310  # loopback
            answer: dict[str, Any] = json.load(reply)
            return answer


@contextmanager
def a_simulator(
    duration: str = "0s",
    faults: Mapping[str, float] | None = None,
    limit: str | None = None,
) -> Iterator[Simulator]:
    """Serve a new simulator while the block runs; by default without latency, faults and limit."""
    command = [sys.executable, "-m", "pipeline", "simulate", "--port", "0", "--duration", duration]
    command += [f"--fault={name}={share}" for name, share in (faults or {}).items()]
    command += [] if limit is None else [f"--limit={limit}"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Simulator(process.stdout.readline().strip())
        finally:
            process.terminate()
            process.communicate()
