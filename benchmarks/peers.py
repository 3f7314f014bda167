"""Rows a second beside peers, in the same run on the same kind of server. Prints a table of ratios.

Owns the comparison: `pipeline run`, a bare loop, Scrapy and DBOS over SQLite, with the same sheet,
a new simulator process each time, and the results checked. The slow ones have fewer rows. A peer
that is not installed is left out, and it is said. The exit status is 0 whenever all was measured.
"""

import argparse
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from measuring import Measured, Simulator, measure, note
from throughput import Contender, Result, bare_loop_of, program, result_of
from virtually import print_table

ROWS: Final = 10_000
ROUNDS: Final = 3
BARE_TASKS: Final = 50


@dataclass(frozen=True, slots=True)
class Peer:
    """What is compared, and how many times fewer rows it is given."""

    name: str
    contender: Contender
    fewer: int = 1
    package: str | None = None


def main() -> None:
    """Warm up, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the sheet (default {ROWS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"(default {ROUNDS})")
    asked = parser.parse_args()
    peers = [peer for peer in PEERS if _is_there(peer)]
    results: dict[str, list[Result]] = {peer.name: [] for peer in peers}
    result_of(program, asked.rows)  # The warm-up: files in the cache, byte code compiled.
    for _ in range(asked.rounds):
        for peer in peers:
            results[peer.name].append(result_of(peer.contender, asked.rows // peer.fewer))
    ours = results[PEERS[0].name]
    head = ("", "rows", "rows/s", "pipeline is as fast", "processor ms a row", "requests a row")
    print_table(head, (_line(name, of, ours) for name, of in results.items()))


def _is_there(peer: Peer) -> bool:
    if peer.package is None or importlib.util.find_spec(peer.package) is not None:
        return True
    print(f"{peer.name} is left out: install requirements-bench.lock, and it is compared too")
    return False


def _line(name: str, results: list[Result], ours: list[Result]) -> tuple[str, ...]:
    ratios = [a.rows_per_second / b.rows_per_second for a, b in zip(ours, results, strict=True)]
    if results is not ours:
        note(f"rows/s, times those of: {name}", median(ratios))
    return (
        name,
        str(results[0].rows),
        f"{median(r.rows_per_second for r in results):.0f}",
        f"{min(ratios):.2f} / {median(ratios):.2f} / {max(ratios):.2f} x",
        f"{median(r.process.cpu_seconds / r.rows for r in results) * 1000:.2f}",
        f"{median(r.requests / r.rows for r in results):.2f}",
    )


def _peer(script: str) -> Contender:
    path = str(Path(__file__).with_name(script))

    def contender(folder: Path, simulator: Simulator) -> Measured:
        source, target = str(folder / "rows.csv"), str(folder / "done.csv")
        return measure([sys.executable, path, simulator.base_url, source, target], folder, {})

    return contender


PEERS: Final = (
    Peer("pipeline run", program),
    Peer(f"bare loop, {BARE_TASKS} tasks", bare_loop_of(BARE_TASKS)),
    Peer("Scrapy", _peer("peer_scrapy.py"), fewer=10, package="scrapy"),
    Peer("DBOS, SQLite", _peer("peer_dbos.py"), fewer=10, package="dbos"),
)


if __name__ == "__main__":
    main()
