"""The pace that several workers keep together against a limit that is enforced, and a row's cost.

`pipeline run` and two workers do one sheet without mishap, against a service that takes no more
starts than the limit in any window, and answers 429 to more. Prints how many it sent away, the mean
rate against the limit, the most starts in any window, and the commits and requests a row. Exit 1
where a start was sent away, a row was paid twice or not ended, or the rate is below what is
promised: 0.95 of the limit, and 0.85 where the window is shorter than ten seconds.
"""

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster import Scene, arrange, ended, violations
from measuring import a_simulator

from pipeline.config.values.units import read_rate
from tests.postgres import a_server, programs

COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
PROMISED, PROMISED_OF_SHORT, SHORT_SECONDS = 0.95, 0.85, 10
SETTLED_SECONDS = 1.5
"""Postgres counts commits with a delay."""


def main() -> int:
    """Let three of them do the sheet, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1200)
    parser.add_argument("--rate", default="1200/min")
    parser.add_argument("--duration", default="5s")
    arguments = parser.parse_args()
    found = programs()
    assert found is not None, "Postgres is not installed"
    with (
        TemporaryDirectory() as folder,
        a_simulator(duration=arguments.duration, limit=arguments.rate) as service,
        a_server(found) as server,
    ):
        scene = Scene(Path(folder), service, server, [])
        arrange(scene, arguments.rows, arguments.rate)
        with ended(scene):
            scene.begin("caller")
            scene.wait_until_paid(1)
            for name in ("worker 1", "worker 2"):
                scene.begin(name)
            code = scene.processes["caller"].wait()
            memory = {name: peak_mebibytes(scene, name) for name in ("worker 1", "worker 2")}
        time.sleep(SETTLED_SECONDS)
        wrong = tell(scene, arguments.rows, arguments.rate)
        print(f"peak memory of the workers: {max(memory.values()):.0f} MiB")
        wrong += violations(scene, arguments.rows)
    for line in wrong:
        print(line)
    return 1 if wrong or code else 0


def tell(scene: Scene, rows: int, text: str) -> list[str]:
    """The figures of what the service and the server counted; gives what of it is amiss."""
    rate, count = read_rate(text), scene.service.count()
    moments = sorted(
        datetime.fromisoformat(run["createdAt"]).timestamp() for run in scene.service.runs()
    )
    span = moments[-1] - moments[0]
    most = max(within(moments, rate.seconds))
    mean = (len(moments) - 1) / span / rate.per_second
    print(f"{rows} rows at {text}, three processes: {mean:.3f} of the limit over {span:.0f} s")
    print(f"most starts in any {rate.seconds:g} s: {most}, of {rate.count:g} allowed")
    print(f"commits a row: {commits(scene) / rows:.2f}")
    print(f"the service counted: {count}")
    wrong = [f"{count['refused']} starts were sent away"] if count["refused"] else []
    promised = PROMISED if rate.seconds >= SHORT_SECONDS else PROMISED_OF_SHORT
    return wrong if mean >= promised else [*wrong, f"the rate is below {promised}"]


def within(moments: list[float], seconds: float) -> list[int]:
    """How many moments each window holds that ends with one of them."""
    first, counts = 0, []
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        counts.append(last - first + 1)
    return counts


def commits(scene: Scene) -> int:
    """What the server committed for the batch, the queue's own included."""
    import psycopg  # noqa: PLC0415 - with the extra only

    with psycopg.connect(scene.ledger()) as connection:
        line = connection.execute(COMMITS).fetchone()
    return int(line[0]) if line else 0


def peak_mebibytes(scene: Scene, name: str) -> float:
    """The largest resident set so far, by the kernel (Linux)."""
    text = Path(f"/proc/{scene.processes[name].pid}/status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
