"""Requests a run, starts aside: the whole engine on virtual time, over four shapes of durations.

Owns the comparison. Runs take 100 s on average and are started at 50/s, so 5,000 are in flight; the
list holds the batch's runs, newest first or in no order, with outputs or without, or the ends
come by push. The bars stand beside the figures; the exit status is 0 whenever all was counted.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from measuring import note
from msgspec import structs
from virtually import a_universe, live, print_table

from pipeline.core.replies import ListReply, RunPage
from pipeline.simulator.settings import Settings
from tests.drawn import SHAPES, Drawn
from tests.world import Universe

ROWS: Final = 10_000
MEAN_SECONDS: Final = 100
LIMITS: Final = {"rate": "50/s", "max_in_flight": 20_000}
POLLING: Final = {"rate": "100/s", "give_up": "3h"}


@dataclass(frozen=True, slots=True)
class Way:
    """How ends can be learnt, and the bar of it."""

    name: str
    most: float
    settings: Settings = Settings()  # noqa: RUF009 - frozen
    lacks_outputs: bool = False
    pushes: bool = False


WAYS: Final = (
    Way("list, newest first", 0.3),
    Way("list, no order", 0.3, Settings(is_list_ordered=False)),
    Way("list without outputs", 1.3, lacks_outputs=True),
    Way("pushes", 0.2, pushes=True),
)


def main() -> None:
    """Live through each batch, print each line as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the sheet (default {ROWS})")
    rows = parser.parse_args().rows
    head = ("ends are learnt by", "durations", "looks a run", "pages a run", "both", "bar", "lag s")
    print_table(head, _lines(rows))


def _lines(rows: int) -> Iterator[tuple[str, ...]]:
    for way in WAYS:
        most = 0.0
        for shape, draw in SHAPES.items():
            service = Drawn(way.settings, draw, MEAN_SECONDS)
            with a_universe(service, rows, limits=LIMITS, polling=POLLING) as universe:
                if way.lacks_outputs:
                    _take_outputs_away(universe)
                if way.pushes:
                    universe.listen()
                live(universe)
                looks = len(universe.remote.looks_at) / rows
                pages = len(universe.remote.lists_at) / rows
                most = max(most, looks + pages)
                figures = (f"{looks:.2f}", f"{pages:.2f}", f"{looks + pages:.2f}", f"{way.most}")
                yield way.name, shape, *figures, f"{_lag_seconds(universe):.0f}"
        note(f"requests a run: {way.name}", most, most=way.most)


def _take_outputs_away(universe: Universe) -> None:
    list_runs = universe.remote.list_runs

    async def without_outputs(page: int) -> ListReply:
        reply = await list_runs(page)
        if not isinstance(reply, RunPage):
            return reply
        bare = tuple(structs.replace(seen, outputs=None) for seen in reply.runs)
        return RunPage(reply.total, bare)

    universe.remote.list_runs = without_outputs  # type: ignore[method-assign]


def _lag_seconds(universe: Universe) -> float:
    """From a run's end to the ledger's word of it, on average."""
    ends = {run.id: run.ends_at for run in universe.service._runs.values()}  # noqa: SLF001
    attempts = [standing.attempt for standing in universe.standings().values()]
    return fmean((a.ended_at or 0) - ends[str(a.run_id)] for a in attempts if a is not None)


if __name__ == "__main__":
    main()
