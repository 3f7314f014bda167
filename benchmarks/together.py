"""All benchmarks that take minutes, and one table of their figures at the end.

Owns the order and the table; each script measures, prints its own and notes what is to be told
here. The exit status is that of the first script that could not measure, else 0.
"""

import json
import os
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Final

from measuring import NOTED_IN
from virtually import print_table

TIMED: Final = {
    "short": (
        "throughput.py",
        "peers.py --rounds 2",
        "reading.py",
        "writing.py --rows 20000",
        "watching.py",
    ),
    "large": ("size.py", "csv_copy.py"),
}
"""One after the other: each has the machine to itself."""
VIRTUAL: Final = {"short": ("requests_a_run.py", "pace.py", "makespan.py"), "large": ()}
"""At once: they count on virtual time, and tell the same on a busy machine."""


def main() -> None:
    """Measure, then print the table; `large` as the one argument measures large sheets."""
    which = sys.argv[1] if sys.argv[1:] else "short"
    began_at = time.monotonic()
    with TemporaryDirectory() as folder:
        noted = Path(folder) / "figures"
        for script in TIMED[which]:
            _end(script, _begin(script, noted))
        virtual = [(script, _begin(script, noted, stdout=PIPE)) for script in VIRTUAL[which]]
        for script, process in virtual:
            _end(script, process)
        # Those that ran at once noted by turns.
        lines = sorted(map(json.loads, noted.read_text(encoding="utf-8").splitlines()), key=str)
    print(f"\n== all, measured in {time.monotonic() - began_at:.0f} s")
    print_table(("figure", "measured", "bar", ""), (_told(*line) for line in lines))


def _begin(script: str, noted: Path, stdout: int | None = None) -> Popen[str]:
    if stdout is None:
        print(f"\n== {script}", flush=True)
    name, *flags = script.split()
    command = [sys.executable, str(Path(__file__).with_name(name)), *flags]
    return Popen(command, env={**os.environ, NOTED_IN: str(noted)}, stdout=stdout, text=True)


def _end(script: str, process: Popen[str]) -> None:
    told, _ = process.communicate()
    if told is not None:
        print(f"\n== {script}\n{told}", end="", flush=True)
    if process.returncode:
        sys.exit(process.returncode)


def _told(what: str, value: float, least: float | None, most: float | None) -> tuple[str, ...]:
    bar = f"≤ {most:.4g}" if most is not None else f"≥ {least:.4g}" if least is not None else ""
    is_kept = value >= (least if least is not None else value) and value <= (most or value)
    return what, f"{value:.3g}", bar, "" if is_kept else "NOT KEPT"


if __name__ == "__main__":
    main()
