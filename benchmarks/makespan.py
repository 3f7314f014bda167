"""How long a batch takes beside N / rate + the longest run, on virtual time. Prints a table.

Owns the comparison: 10,000 rows at 20/s, runs of 30 to 90 s, one call in twenty going wrong. Where
replies of starts are lost, twice `settle` and one longest run are allowed beside. The bar stands
beside each figure; the exit status is 0 whenever all batches ended.
"""

import argparse
from collections.abc import Iterator, Mapping
from typing import Final

from measuring import note
from virtually import a_universe, live, print_table

from pipeline.simulator.faults import Faults
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.drawn import WITH_DOUBTS, WITHOUT_DOUBTS

ROWS: Final = 10_000
PER_SECOND: Final = 20
LONGEST_SECONDS: Final = 90
SETTLE_SECONDS: Final = 30
MOST: Final = 1.05

WORLDS: Final[Mapping[str, tuple[Faults, int]]] = {
    "no faults": (Faults(), 0),
    "5 %, no reply lost": (WITHOUT_DOUBTS, 0),
    "5 %, replies lost": (WITH_DOUBTS, 2 * SETTLE_SECONDS + LONGEST_SECONDS),
}
"""The faults, and the seconds that are allowed for what was lost."""


def main() -> None:
    """Live through each batch, print each line as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the sheet (default {ROWS})")
    rows = parser.parse_args().rows
    head = ("faults", "list", "seconds", "N / rate + longest", "times it", "most")
    print_table(head, _lines(rows))


def _lines(rows: int) -> Iterator[tuple[str, ...]]:
    least = rows / PER_SECOND + LONGEST_SECONDS
    for name, (faults, allowed_seconds) in WORLDS.items():
        for has_list in (True, False) if not allowed_seconds else (True,):
            settings = Settings(
                duration_seconds=LONGEST_SECONDS / 1.5, faults=faults, list_runs=has_list
            )
            limits = {"rate": f"{PER_SECOND}/s", "max_in_flight": 2 * PER_SECOND * LONGEST_SECONDS}
            with a_universe(
                Service(settings),
                rows,
                limits=limits,
                polling={"rate": f"{3 * PER_SECOND}/s"},
                retry={"settle": f"{SETTLE_SECONDS}s"},
            ) as universe:
                seconds = live(universe)
            most = MOST + allowed_seconds / least
            listed = "yes" if has_list else "no"
            figures = (f"{seconds:.0f}", f"{least:.0f}", f"{seconds / least:.3f}", f"{most:.3f}")
            note(f"makespan, times N / rate + longest: {name}", seconds / least, most=most)
            yield name, listed, *figures


if __name__ == "__main__":
    main()
