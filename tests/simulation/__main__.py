"""Run schedules of crashes: ``python -m tests.simulation SEED N``; exit 1 where a promise broke."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

from pipeline.config.model import Config
from pipeline.core.timing import sweeping
from tests.simulation.schedule import schedule_of
from tests.simulation.verdict import replay, violations
from tests.simulation.world import Life
from tests.world import a_config


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder in memory, where there is one: no disk is worn by simulated power cuts."""
    shared_memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made safely
    parent = shared_memory if shared_memory.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="life-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@cache
def the_config() -> Config:
    """The config that every life varies."""
    with a_folder() as folder:
        return a_config(folder, limits={"max_in_flight": 50})


def lived(seed: int) -> tuple[int, list[str], list[str]]:
    """The seed, what it broke, and the trace of its life."""
    with a_folder() as folder:
        life = Life(schedule_of(seed), the_config(), folder)
        # A life has few rows: sweeps pay for them as for a thousand.
        with patch.object(sweeping, "LEAST_WATCHED", 2):
            life.live()
        return seed, violations(life), life.trace


def main() -> int:
    """Run them on all processors; tell of each that broke a promise how to replay it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    began_at = time.monotonic()
    broken = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seeds = range(arguments.seed, arguments.seed + arguments.count)
        for seed, wrong, trace in pool.map(
            lived, seeds, chunksize=max(1, min(50, len(seeds) // 4))
        ):
            if wrong:
                broken += 1
                tell(seed, wrong, trace)
    seconds = time.monotonic() - began_at
    sys.stdout.write(f"{arguments.count} schedules in {seconds:.1f} s: {broken} broke a promise\n")
    return 1 if broken else 0


def tell(seed: int, wrong: list[str], trace: list[str]) -> None:
    """What broke, how to see it again, and what happened."""
    lines = [f"seed {seed}: {'; '.join(wrong)}", f"  replay: {replay(seed)}"]
    sys.stdout.write("\n".join([*lines, *(f"    {line}" for line in trace)]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
