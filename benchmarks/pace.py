"""The pace of starts: how much of a known rate and of hidden limits is reached.

Owns the comparison, on virtual time. First rates that the service takes; then limits that nobody
was told of, at three times the rate, as a bucket or a window, and refusals that say nothing, whole
seconds or a date. Counted after 300 starts, the time inside a Retry-After left out. The bars stand
in the last line; the exit status is 0 whenever all was counted.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import product
from math import ceil
from statistics import median
from typing import Final

from measuring import note
from virtually import a_universe, live, print_table

from pipeline.core.replies import StartReply, TryLater
from pipeline.remote.wire import HttpReply, start_reply
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.core.hidden import Bucket, FixedWindow, Hidden, SlidingWindow
from tests.world import Universe

ROWS: Final = 1500
LEARNT_AFTER: Final = 300
LIMITS: Final = (10, 15, 25, 40, 100)
TIMES: Final = 3
LEAST_REACHED, MOST_REFUSED = 0.9, 0.02
LEAST_KEPT: Final = 0.99

KINDS: Final[Mapping[str, Callable[[float], Hidden]]] = {
    "bucket of 0.2 s": lambda limit: Bucket(limit, max(2.0, limit / 5)),
    "bucket of 1 s": lambda limit: Bucket(limit, limit),
    "fixed window": lambda limit: FixedWindow(limit, 1.0),
    "sliding window": lambda limit: SlidingWindow(limit, 1.0),
}
HEADERS: Final[Mapping[str, Callable[[float, float], str | None]]] = {
    "nothing": lambda _wait, _now: None,
    "seconds": lambda wait, _now: str(ceil(wait)),
    "a date": lambda wait, now: _date(ceil(now + wait)),
}


@dataclass(slots=True)
class Gate:
    """Refuses starts beyond the hidden limit, and notes what it refused."""

    universe: Universe
    hidden: Hidden
    header: Callable[[float, float], str | None]
    refused_at: list[float] = field(default_factory=list)
    rests: list[tuple[float, float]] = field(default_factory=list)

    def answer(self) -> StartReply | None:
        """``None``: there is room, and the service answers."""
        clock = self.universe.clock
        wait_seconds = self.hidden.wait_seconds(clock.monotonic())
        if not wait_seconds:
            return None
        header = self.header(wait_seconds, clock.now())
        reply = start_reply(HttpReply(429, b"", header, now=clock.now()))
        assert isinstance(reply, TryLater)
        self.refused_at.append(clock.monotonic())
        if reply.after_seconds is not None:
            self.rests.append((clock.monotonic(), clock.monotonic() + reply.after_seconds))
        return reply


def main() -> None:
    """Live through each batch, print each line as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the sheet (default {ROWS})")
    rows = parser.parse_args().rows
    print_table(("rate", "reached"), _known(rows))
    print()
    head = ("limit", "refusals say", "reached, least / median", "refused, median / most", "missed")
    print_table(head, _hidden(rows))


def _known(rows: int) -> Iterator[tuple[str, ...]]:
    for per_second in (1, 10, 100):
        limits = {"rate": f"{per_second}/s", "max_in_flight": rows}
        with a_universe(Service(Settings()), rows, limits=limits) as universe:
            live(universe)
            starts = universe.remote.starts_at
        reached = (rows - 1) / (starts[-1] - starts[0]) / per_second
        note(f"known rate of {per_second}/s: share reached", reached, least=LEAST_KEPT)
        yield f"{per_second}/s", f"{reached:.4f}"


def _hidden(rows: int) -> Iterator[tuple[str, ...]]:
    for kind, header in product(KINDS, HEADERS):
        reached, refused = zip(
            *(_after_learning(limit, kind, header, rows) for limit in LIMITS), strict=True
        )
        note(f"hidden {kind}, told {header}: share reached", min(reached), least=LEAST_REACHED)
        note(f"hidden {kind}, told {header}: share refused", max(refused), most=MOST_REFUSED)
        missed = [
            f"{limit}/s"
            for limit, r, f in zip(LIMITS, reached, refused, strict=True)
            if r < LEAST_REACHED or f > MOST_REFUSED
        ]
        yield (
            kind,
            header,
            f"{min(reached):.2f} / {median(reached):.2f}",
            f"{median(refused):.1%} / {max(refused):.1%}",
            ", ".join(missed),
        )


def _after_learning(limit: int, kind: str, header: str, rows: int) -> tuple[float, float]:
    """The share of the limit that was reached, and the share of the calls that was refused."""
    limits = {"rate": f"{TIMES * limit}/s", "max_in_flight": rows}
    with a_universe(Service(Settings()), rows, limits=limits) as universe:
        gate = Gate(universe, KINDS[kind](limit), HEADERS[header])
        universe.remote.before_start = gate.answer
        live(universe)
        later = universe.remote.starts_at[LEARNT_AFTER:]
    begin, end = later[0], later[-1]
    refused = sum(at >= begin for at in gate.refused_at)
    seconds = end - begin - _covered(gate.rests, begin, end)
    return (len(later) - refused) / seconds / limit, refused / len(later)


def _covered(rests: list[tuple[float, float]], begin: float, end: float) -> float:
    """For how long within these bounds there was a rest."""
    total, reached = 0.0, begin
    for since, until in sorted(rests):
        total += max(0.0, min(until, end) - max(since, reached))
        reached = max(reached, until)
    return total


def _date(moment: float) -> str:
    return formatdate(moment, usegmt=True)


if __name__ == "__main__":
    main()
