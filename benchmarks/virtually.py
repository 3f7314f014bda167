"""The tests' world on virtual time, for benchmarks. Owns how a batch is lived through there.

No sockets and no waiting: what is counted are requests and virtual seconds, which are the same on
any machine. Must not know what is compared with what.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import REPOSITORY

# The world of the tests is no part of what is installed.
sys.path.insert(0, str(REPOSITORY))

from pipeline.core.model import State
from pipeline.simulator.service import Service
from tests.world import EPOCH, Remote, Universe, a_sheet


@contextmanager
def a_universe(service: Service, rows: int, **sections: object) -> Iterator[Universe]:
    """A batch of so many rows before this service."""
    with TemporaryDirectory() as folder:
        universe = Universe(Path(folder), **sections)  # type: ignore[arg-type]
        universe.service = service
        universe.remote = Remote(service, universe.clock)
        universe.sheet = a_sheet(rows)
        yield universe


def live(universe: Universe) -> float:
    """One call over the whole batch: the virtual seconds that it took. Each row must have ended."""
    stop = universe.call()
    assert stop is None, stop
    ended = universe.tally().count(State.COMPLETE, State.FAILED)
    assert ended == len(universe.sheet.rows), ended
    return universe.clock.epoch - EPOCH


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table in Markdown."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
