"""All benchmarks that take minutes, one after the other, and one table of their figures at the end.

Owns the order and the table; each script measures, prints its own and notes what is to be told
here. The exit status is that of the first script that could not measure, else 0.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from measuring import NOTED_IN
from virtually import print_table

SCRIPTS: Final = {
    "short": (
        "throughput.py",
        "peers.py --rounds 2",
        "requests_a_run.py",
        "makespan.py",
        "pace.py",
        "reading.py",
        "writing.py --rows 20000",
        "watching.py",
    ),
    "large": ("size.py", "csv_copy.py"),
}


def main() -> None:
    """Measure, then print the table; which scripts is the one argument."""
    began_at = time.monotonic()
    with TemporaryDirectory() as folder:
        noted = Path(folder) / "figures"
        for script in SCRIPTS[sys.argv[1] if sys.argv[1:] else "short"]:
            print(f"\n== {script}", flush=True)
            name, *flags = script.split()
            command = [sys.executable, str(Path(__file__).with_name(name)), *flags]
            done = subprocess.run(command, env={**os.environ, NOTED_IN: str(noted)}, check=False)
            if done.returncode:
                sys.exit(done.returncode)
        lines = [json.loads(line) for line in noted.read_text(encoding="utf-8").splitlines()]
    print(f"\n== all, measured in {time.monotonic() - began_at:.0f} s")
    print_table(("figure", "measured", "bar", ""), (_told(*line) for line in lines))


def _told(what: str, value: float, least: float | None, most: float | None) -> tuple[str, ...]:
    bar = "" if least is None and most is None else f"≤ {most}" if least is None else f"≥ {least}"
    is_kept = value >= (least if least is not None else value) and value <= (most or value)
    return what, f"{value:.3g}", bar, "" if is_kept else "NOT KEPT"


if __name__ == "__main__":
    main()
