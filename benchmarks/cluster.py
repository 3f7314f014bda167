"""Several workers on one Postgres ledger, killed, stopped and cut off at random, against one count.

`pipeline run` and two `pipeline worker` do one sheet against the bundled simulator and a Postgres
of their own. Workers are killed with `kill -9` and put back; one is stopped between an intent and
its send until its rows were another's, for twice `settle`, and woken; the server crashes and
recovers; all die, and one goes on. Exit 1 where a row was paid twice, or the sheet is not whole.
With `--without-fence` the workers lack the guard: then the same command is to fail.
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from measuring import REPOSITORY, Simulator, a_simulator

sys.path.insert(0, str(REPOSITORY))

from tests.postgres import Server, a_server, programs

WORKER: Final = REPOSITORY / "benchmarks" / "cluster_worker.py"
SETTLE_SECONDS: Final = 6
TAKEOVER_SECONDS: Final = 15
LONGEST_SLEEP_SECONDS: Final = 120
CHUNK_NOW: Final = (
    "SELECT epoch, (SELECT count(*) FROM entry WHERE id BETWEEN first_entry AND last_entry "
    "AND state IN ('planned', 'starting', 'unconfirmed')) FROM chunk WHERE id = %s"
)
LONGEST_SECONDS: Final = 3000
FAULTS: Final = {"lost_reply": 0.002, "lost_request": 0.002, "server_error_after": 0.002}


@dataclass
class Scene:
    """One batch and all that works on it."""

    folder: Path
    service: Simulator
    server: Server
    options: list[str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    kills: int = 0

    def begin(self, name: str) -> None:
        """Start the caller or a worker."""
        verb = "run" if name == "caller" else "worker"
        command = [sys.executable, str(WORKER), *self.options, verb, "batch.yaml"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, "COPY_AI_API_KEY": "any", "PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """`kill -9`, at whatever it does."""
        process = self.processes[name]
        self.kills += process.poll() is None
        process.kill()
        process.wait()

    def ledger(self) -> str:
        """The address of the batch's ledger."""
        return str(json.loads((self.folder / "batch.yaml").read_text())["ledger"])

    def paid(self) -> int:
        """How many runs the service has begun."""
        return int(self.service.count()["accepted"])

    def wait_until_paid(self, runs: int) -> None:
        """Wait until so many runs were begun, or the caller has ended."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while self.paid() < runs and self.processes["caller"].poll() is None:
            assert time.monotonic() < deadline, "it does not get on"
            time.sleep(0.05)


def main() -> int:
    """Play the scene, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--rate", default="100/s")
    parser.add_argument("--duration", default="5s", help="how long a run takes")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311  # chance
    parser.add_argument("--without-fence", action="store_true")
    arguments = parser.parse_args()
    found = programs()
    if found is None:
        print("Postgres is not installed (on Debian: apt-get install postgresql)", file=sys.stderr)
        return 2
    options = ["--without-fence"] if arguments.without_fence else []
    with (
        TemporaryDirectory() as folder,
        a_simulator(duration=arguments.duration, faults=FAULTS) as service,
        a_server(found) as server,
    ):
        scene = Scene(Path(folder), service, server, options)
        arrange(scene, arguments.rows, arguments.rate)
        began_at = time.monotonic()
        with ended(scene):
            takeover = play(scene, random.Random(arguments.seed), arguments.rows, arguments.kills)  # noqa: S311  # chance
            code = scene.processes["caller"].wait(timeout=LONGEST_SECONDS)
        seconds = time.monotonic() - began_at
        wrong = violations(scene, arguments.rows)
        print(f"{arguments.rows} rows, {scene.kills} kills, seed {arguments.seed}, {seconds:.0f} s")
        print(f"runs paid {scene.paid()}, caller's exit {code}, takeover {takeover:.1f} s")
        for line in wrong or ["every row was paid once, and has its result in the sheet"]:
            print(line)
        if wrong or code:
            print((scene.folder / "caller.log").read_text()[-3000:], file=sys.stderr)
    return 1 if wrong or code else 0


def arrange(scene: Scene, rows: int, rate: str, **sections: object) -> None:
    """Write the sheet and the config, its sections as told."""
    with (scene.folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["Company"], *([f"Company {n}."] for n in range(rows))])
    config = {
        "input": {"path": "rows.csv"},
        "output": {"path": "done.csv"},
        "workflow": {"id": "WCFG-1", "base_url": scene.service.base_url},
        "variables": {"Company": "Company"},
        "outputs": {"Email": "Generated email"},
        "limits": {"rate": rate, "max_in_flight": 5000},
        "polling": {"rate": "300/s", "first": "2s", "max": "10s"},
        "retry": {"settle": f"{SETTLE_SECONDS}s"},
        "ledger": scene.server.new_database(),
        **sections,
    }
    (scene.folder / "batch.yaml").write_text(json.dumps(config))


def play(scene: Scene, chance: random.Random, rows: int, kills: int) -> float:
    """All that befalls them; gives how long the stopped worker's rows were nobody's."""
    scene.begin("caller")
    scene.wait_until_paid(1)
    workers = ["worker 1", "worker 2"]
    for name in workers:
        scene.begin(name)
    moments = sorted(chance.uniform(0.05, 0.8) * rows for _ in range(kills))
    half = len(moments) // 2
    for moment in moments[:half]:
        scene.wait_until_paid(int(moment))
        name = chance.choice(workers)
        scene.kill(name)
        scene.begin(name)
    takeover = stop_between_intent_and_send(scene)
    scene.server.restart_at_once()
    for moment in moments[half:]:
        scene.wait_until_paid(int(moment))
        name = chance.choice(["caller", *workers])
        scene.kill(name)
        scene.begin(name)
    for name in ["caller", *workers]:
        scene.kill(name)
    scene.begin("caller")
    return takeover


def stop_between_intent_and_send(scene: Scene) -> float:
    """A worker stops itself at that moment; it is woken once its rows are another's."""
    stopped = scene.folder / "stopped"
    scene.options.append("--stop-before-send")
    scene.begin("sleeper")
    scene.options.remove("--stop-before-send")
    deadline = time.monotonic() + 120
    while not stopped.exists() and scene.processes["caller"].poll() is None:
        assert time.monotonic() < deadline, "no worker came to its send"
        time.sleep(0.02)
    stopped_at = time.monotonic()
    if not stopped.exists():
        return 0.0
    chunk_id, epoch = stopped.read_text().split()
    takeover = 0.0
    while time.monotonic() < stopped_at + LONGEST_SLEEP_SECONDS:
        epoch_now, doubtful = chunk_now(scene, int(chunk_id))
        if not takeover and epoch_now > int(epoch):
            takeover = time.monotonic() - stopped_at
        # Woken once the others have settled what it left, and may have sent it themselves.
        has_slept = time.monotonic() > stopped_at + TAKEOVER_SECONDS + 2 * SETTLE_SECONDS
        if takeover and has_slept and not doubtful:
            break
        time.sleep(0.1)
    scene.processes["sleeper"].send_signal(signal.SIGCONT)
    return takeover


def chunk_now(scene: Scene, chunk_id: int) -> tuple[int, int]:
    """How often a chunk was picked, and how many of its starts are in doubt or under way."""
    import psycopg  # noqa: PLC0415 - with the extra only

    with psycopg.connect(scene.ledger()) as connection:
        line = connection.execute(CHUNK_NOW, (chunk_id,)).fetchone()
    return (int(line[0]), int(line[1])) if line else (0, 0)


def violations(scene: Scene, rows: int) -> list[str]:
    """What was promised and not kept."""
    begun: Counter[str] = Counter(run["startVariables"]["Company"] for run in scene.service.runs())
    wrong = [f"{name} was paid {times} times" for name, times in begun.items() if times > 1]
    path = scene.folder / "done.csv"
    done: list[dict[str, Any]] = []
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            done = list(csv.DictReader(file))
    right = sum(line["Company"] in line["Email"] and line["Status"] == "complete" for line in done)
    if right != rows:
        wrong.append(f"{right} of {rows} rows have their result in the sheet")
    return wrong


@contextmanager
def ended(scene: Scene) -> Iterator[None]:
    """No process is left behind."""
    try:
        yield
    finally:
        for process in scene.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
