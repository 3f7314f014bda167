"""What a worker needs whose runs take minutes: its memory and threads with thousands in flight.

`pipeline run` enters the rows and is killed; one `pipeline worker` alone starts and watches them
all; `pipeline run` writes the sheet. Exit 1 where the worker took 300 MiB or more, where it had
more threads with all runs in flight than with few, or where a row was not paid exactly once.
"""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster import Scene, arrange, ended, violations
from measuring import a_simulator

from tests.postgres import a_server, programs

MOST_MEBIBYTES = 300
LOOKED_EACH_SECONDS = 2.0
STATES = (
    "SELECT count(*) FILTER (WHERE state = 'running'), "
    "count(*) FILTER (WHERE state NOT IN ('complete', 'failed', 'expired')) FROM entry"
)


@dataclass(frozen=True, slots=True)
class Look:
    """The worker at one moment."""

    in_flight: int
    threads: int
    mebibytes: float
    """The largest resident set so far, by the kernel (Linux)."""


def main() -> int:
    """Let one worker do the sheet, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rate", default="50/s")
    parser.add_argument("--duration", default="5min", help="how long a run takes on average")
    arguments = parser.parse_args()
    found = programs()
    assert found is not None, "Postgres is not installed"
    with (
        TemporaryDirectory() as folder,
        a_simulator(duration=arguments.duration) as service,
        a_server(found) as server,
    ):
        scene = Scene(Path(folder), service, server, [])
        arrange(scene, arguments.rows, arguments.rate, polling={})
        with ended(scene):
            scene.begin("caller")
            scene.wait_until_paid(1)
            scene.kill("caller")
            scene.begin("worker")
            looks = [*watched(scene)]
            scene.processes["worker"].send_signal(signal.SIGTERM)
            scene.processes["worker"].wait()
            scene.begin("caller")
            code = scene.processes["caller"].wait()
        wrong = [*tell(looks), *violations(scene, arguments.rows)]
    for line in wrong:
        print(line)
    return 1 if wrong or code else 0


def watched(scene: Scene) -> Iterator[Look]:
    """Look at the worker until no row is left to it."""
    import psycopg  # noqa: PLC0415 - with the extra only

    status = Path(f"/proc/{scene.processes['worker'].pid}/status")
    with psycopg.connect(scene.ledger(), autocommit=True) as connection:
        while True:
            running, unfinished = connection.execute(STATES).fetchone() or (0, 0)
            lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
            yield Look(running, int(lines["Threads"]), int(lines["VmHWM"].split()[0]) / 1024)
            if not unfinished:
                return
            time.sleep(LOOKED_EACH_SECONDS)


def tell(looks: list[Look]) -> list[str]:
    """The figures; gives what of them is amiss."""
    most = max(look.in_flight for look in looks)
    memory = max(look.mebibytes for look in looks)
    threads = {
        which: max(look.threads for look in looks if (look.in_flight > most / 2) == is_many)
        for which, is_many in (("few", False), ("many", True))
    }
    print(f"{most} runs in flight on one worker: {memory:.0f} MiB at its peak")
    print(f"threads: {threads['few']} with few in flight, {threads['many']} with many")
    wrong = [f"more than {MOST_MEBIBYTES} MiB"] if memory >= MOST_MEBIBYTES else []
    return wrong if threads["many"] <= threads["few"] else [*wrong, "threads grow with the runs"]


if __name__ == "__main__":
    sys.exit(main())
