"""Shows that the simulation can fail: without each guard in turn it finds a broken promise.

``make guards`` writes the table of ``docs/guards.md``.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pipeline.core import reconciling, rules
from pipeline.core.doubts import Settle
from pipeline.core.events import Intended, Resumed
from pipeline.core.lifecycle import TRANSITIONS, step
from pipeline.core.model import State
from pipeline.core.money.budget import MANY, CreditCap
from pipeline.core.replies import Doubtful
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.recorder import Recorder
from pipeline.engine.calls.listing import _Reading
from pipeline.engine.calls.pushes import Pushes
from pipeline.ledger.store import Ledger
from tests.simulation.__main__ import lived

MOST_SCHEDULES = 3000
"""So many schedules are tried before a guard counts as not shown to be needed."""

HEADING = (
    "| guard | place | schedules needed, and the seed | what breaks without it |\n|---|---|---|---|"
)
OPAQUE = re.compile(r"WRUN-[0-9a-f-]+|(?<=attempt )[0-9a-f]{16}")
PAGE = Path(__file__).parents[2] / "docs" / "guards.md"


@dataclass(frozen=True)
class Guard:
    """A part of the program without which a promise breaks."""

    name: str
    place: str
    """Where it stands."""
    without: Callable[[], Any]
    """A context in which it is taken out."""
    breaks: str = ""
    """What is looked for, where more than one promise may break."""


def _cell(state: State, event: type, rule: rules.Rule) -> Callable[[], Any]:
    return lambda: patch.dict(TRANSITIONS, {(state, event): rule})  # type: ignore[arg-type]  # a dict


def _heard(done: "asyncio.Future[None]") -> None:
    """Nobody waits for it any more: what it raises is of no interest."""
    if not done.cancelled():
        done.exception()


_apply = Batch.apply


async def _intend_after_the_start(self: Batch, happenings: Any) -> None:  # noqa: ANN401
    if not all(isinstance(event, Intended) for _, event in happenings):
        await _apply(self, happenings)
        return
    now = self._context()
    steps = [step(entry, event, self._of(entry, now)) for entry, event in happenings]
    for (before, _), (after, instructions) in zip(happenings, steps, strict=True):
        self._follow(before, after)
        for instruction in instructions:
            self._carry_out(after, instruction)
    beside = asyncio.ensure_future(  # noqa: RUF006 - its loss is the fault
        self.recorder.commit(*(after for after, _ in steps))
    )
    beside.add_done_callback(_heard)


async def _acknowledge_early(self: Recorder, *entries: Any) -> None:  # noqa: ANN401
    durable = asyncio.get_running_loop().create_future()
    durable.add_done_callback(_heard)
    self._waiting.append((entries, durable))
    self._handed_in.set()


def _judged_by(**changes: Any) -> Callable[[], Any]:  # noqa: ANN401
    """`judge`, with what it is given changed."""
    judge = reconciling.judge

    def changed(doubts: Any, listing: Any, controls: Any, claims: Any, settle: Any) -> Any:  # noqa: ANN401
        given = {"listing": listing, "controls": controls, "claims": claims}
        given |= {name: change(given[name]) for name, change in changes.items()}
        return judge(doubts, given["listing"], given["controls"], given["claims"], settle)

    return lambda: patch("pipeline.engine.calls.reconciler.judge", changed)


def _without_tokens(listing: reconciling.Listing) -> reconciling.Listing:
    runs = {run_id: replace(run, token=None) for run_id, run in listing.runs.items()}
    return replace(listing, runs=runs)


def _trust(echo: object) -> Callable[[], Any]:
    return lambda: patch.object(reconciling, "_echo", lambda *_: echo)


def _watch_of_anybody(self: Pushes, _seen: Any) -> Any:  # noqa: ANN401
    watches = self._batch.watches
    watch = next((one for one in watches._watches.values() if one.due_at is not None), None)  # noqa: SLF001 - all that wait
    if watch is not None:
        watches.take(watch)
    return watch


BOTH = reconciling._Echo(has_tokens=True, has_inputs=True)  # noqa: SLF001 - the guard is private


@contextmanager
def _controls_unasked() -> Iterator[None]:
    """What the list shows of known runs is not looked at, but for whether it is whole."""
    with patch.object(
        reconciling,
        "_echo",
        lambda listing, *_: BOTH if listing.is_whole else reconciling.Hold.NOT_WHOLE,
    ):
        yield


GUARDS = (
    Guard(
        "the intent is durable before its start leaves",
        "engine/batch/batch.py, apply",
        lambda: patch.object(Batch, "apply", _intend_after_the_start),
    ),
    Guard(
        "a commit is acknowledged once it is durable",
        "engine/batch/recorder.py, commit",
        lambda: patch.object(Recorder, "commit", _acknowledge_early),
    ),
    Guard(
        "a start that a crash cut off is in doubt",
        "core/lifecycle.py, STARTING, Resumed",
        _cell(State.STARTING, Resumed, rules.take_back),
    ),
    Guard(
        "a start whose reply was lost is in doubt",
        "core/lifecycle.py, STARTING, Doubtful",
        _cell(State.STARTING, Doubtful, rules.take_back),
    ),
    Guard(
        "a run that is running is watched on by the next call",
        "core/lifecycle.py, RUNNING, Resumed",
        _cell(State.RUNNING, Resumed, rules.stay),
    ),
    Guard(
        "absence counts only once `settle` has passed",
        "core/doubts.py, Settle.is_over",
        lambda: patch.object(Settle, "is_over", lambda *_: True),
    ),
    Guard(
        "a doubt is adopted by its token, and not by its input alone",
        "core/reconciling.py, judge",
        _judged_by(listing=_without_tokens),
        breaks="was taken for ours",
    ),
    Guard(
        "a ledger's tokens are its own",
        "ledger/facts.py, token",
        lambda: patch.object(Ledger, "token", "feedfacefeedface"),
    ),
    Guard(
        "the list was read whole",
        "engine/calls/listing.py, is_whole",
        lambda: patch.object(_Reading, "is_whole", property(lambda reading: bool(reading.runs))),
    ),
    Guard(
        "the list shows the runs that are known to exist",
        "core/reconciling.py, _echo",
        _controls_unasked,
    ),
    Guard(
        "known runs came back with their token or input",
        "core/reconciling.py, _echo",
        _trust(BOTH),
    ),
    Guard(
        "a run of equal input that is nobody's blocks a second start",
        "core/reconciling.py, _is_claimed",
        lambda: patch.object(reconciling, "_is_claimed", lambda *_: True),
    ),
    Guard(
        "a delivery counts only for a run of ours",
        "engine/calls/pushes.py, _watch_of",
        lambda: patch.object(Pushes, "_watch_of", _watch_of_anybody),
        breaks="its outputs are not what it gave",
    ),
    Guard(
        "what may be paid for yet is reserved under the cap",
        "core/money/budget.py, CreditCap.room",
        lambda: patch.multiple(CreditCap, room=lambda *_: MANY, is_overdrawn=lambda *_: False),
        breaks="under a cap",
    ),
)


def broken_without(guard: Guard, seed: int) -> list[str]:
    """What breaks in a seed's life without the guard."""
    with guard.without():
        wrong = lived(seed)[1]
    return [promise for promise in wrong if guard.breaks in promise]


def line_of(guard: Guard) -> str:
    """The guard's line in the table; raises `StopIteration` where it is not shown to be needed."""
    found = ((seed, broken_without(guard, seed)) for seed in range(1, MOST_SCHEDULES + 1))
    seed, (wrong, *_) = next((seed, wrong) for seed, wrong in found if wrong)
    return f"| {guard.name} | `{guard.place}` | {seed} | {OPAQUE.sub('…', wrong)} |"


def seeds_told() -> dict[str, int]:
    """By guard, the seed that the page tells."""
    cells = (line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| "))
    return {name.removeprefix("| "): int(seed) for name, _, seed, *_ in cells if seed.isdecimal()}


def main() -> None:
    """Look for a violation without each guard, and write the table."""
    head = PAGE.read_text().split(HEADING)[0] + HEADING
    PAGE.write_text("\n".join([head, *map(line_of, GUARDS)]) + "\n")


if __name__ == "__main__":
    main()
