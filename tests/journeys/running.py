"""Running the program as a user would: a sheet, a config, a command, and what came of it."""

import csv
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.journeys import warm

KEY = "sk-secret-that-opens-nothing"
FAST = {
    "limits": {"rate": "500/s"},
    "polling": {"rate": "500/s", "first": "20ms", "max": "200ms"},
}


def write_rows(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """A comma-separated sheet."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a comma-separated sheet, by header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_config(path: Path, **sections: object) -> Path:
    """A config over ``rows.csv`` beside it, against the bundled simulator unless told otherwise."""
    content = {
        "input": {"path": "rows.csv"},
        "workflow": {"id": "WCFG-1", "base_url": "simulator"},
        "variables": {"Company": "Company"},
        "outputs": {"Email": "Generated email"},
        **FAST,
        **sections,
    }
    if content["workflow"] == {"id": "WCFG-1", "base_url": "simulator"}:
        content.setdefault("simulator", {"duration": "0s"})
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def a_batch(folder: Path, rows: int, **sections: object) -> Path:
    """A sheet of so many companies, and its config."""
    write_rows(folder / "rows.csv", [[f"Company {n}", n] for n in range(rows)], ["Company", "Nr"])
    return write_config(folder / "batch.yaml", **sections)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    exit: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The summary's JSON: stdout holds nothing else."""
        summary: dict[str, Any] = json.loads(self.out)
        return summary


def environment(key: str | None = KEY) -> dict[str, str]:
    """The environment of a user's shell, with or without the key."""
    without = {name: text for name, text in os.environ.items() if name != "COPY_AI_API_KEY"}
    return without if key is None else {**without, "COPY_AI_API_KEY": key}


def command(*arguments: object) -> list[str]:
    """The command line of one call."""
    return [sys.executable, "-m", "pipeline", *map(str, arguments)]


def pipeline(*arguments: object, cwd: Path | None = None, key: str | None = KEY) -> Ended:
    """Run one command to its end, with no terminal."""
    with TemporaryDirectory() as streams:
        out, err = Path(streams, "out"), Path(streams, "err")
        exit_ = warm.call(
            [*map(str, arguments)],
            cwd or Path.cwd(),
            environment(key),
            (out, err),
            patience_seconds=60,
        )
        return Ended(exit_, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


@dataclass
class Simulator:
    """The simulator in a process of its own: it outlives every kill of the program."""

    base_url: str
    process: "subprocess.Popen[str]" = field(repr=False)

    def count(self) -> dict[str, Any]:
        """What it saw, without the runs."""
        return self._get("/_count?brief=1")

    def starts_by_company(self) -> Counter[str]:
        """Runs begun, by the row that they were begun for."""
        runs = self._get("/_count")["runs"]
        return Counter(run["startVariables"]["Company"] for run in runs)

    def until(self, accepted: int, batch: "subprocess.Popen[str]") -> None:
        """Ask until it has begun so many runs, or the batch has ended."""
        deadline = time.monotonic() + 30
        while self.count()["accepted"] < accepted and batch.poll() is None:
            assert time.monotonic() < deadline, "the batch does not get on"
            # Whoever asks without a pause takes the processor from those that are asked about.
            with suppress(subprocess.TimeoutExpired):
                batch.wait(0.01)

    def start(self, variables: Mapping[str, str]) -> str:
        """Begin a run as a colleague would, without this program."""
        request = urllib.request.Request(  # noqa: S310  # loopback
            f"{self.base_url}/workflow/WCFG-1/run",
            json.dumps({"startVariables": variables}).encode(),
            {"x-copy-ai-api-key": KEY},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310  # loopback
            return str(json.load(reply)["data"]["id"])

    def _get(self, path: str) -> dict[str, Any]:
        url = self.base_url.removesuffix("/api") + path
        with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310  # loopback
            answer: dict[str, Any] = json.load(reply)
            return answer


@contextmanager
def a_simulator(*flags: str) -> Iterator[Simulator]:
    """Serve the simulator while the block runs."""
    with subprocess.Popen(  # noqa: S603  # our own program, no shell
        command("simulate", *flags),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.search(r"http://127\.0\.0\.1:\d+/api", line)
            assert match, line
            yield Simulator(match[0], process)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextmanager
def started(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A command that is under way; ended by force if the block leaves it running."""
    with subprocess.Popen(  # noqa: S603  # our own program, no shell
        command(*arguments),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
