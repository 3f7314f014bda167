"""Services for measuring: runs of many shapes and equal means; one call in twenty goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import exp
from statistics import NormalDist
from typing import Final, TypeAlias

from pipeline.simulator.faults import Faults
from pipeline.simulator.records import Record, Run
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings

Draw: TypeAlias = Callable[[float], float]
"""From a chance in [0, 1) to a duration, in parts of the mean one."""

SPREAD: Final = 0.57
NORMAL: Final = NormalDist()

SHAPES: Final[Mapping[str, Draw]] = {
    "constant": lambda _: 1.0,
    "uniform": lambda chance: 2 * chance,
    "log-normal": lambda chance: exp(
        SPREAD * NORMAL.inv_cdf(max(1e-9, chance)) - SPREAD * SPREAD / 2
    ),
    "two humps": lambda chance: 0.2 + chance / 3 if chance < 0.6 else 1.55 + 2 * (chance - 0.6),
}

WITHOUT_DOUBTS: Final = Faults(slow=0.01, not_found_at_first=0.02, garbled=0.01, refused=0.01)
WITH_DOUBTS: Final = Faults(
    lost_reply=0.01,
    lost_request=0.01,
    late_start=0.01,
    server_error=0.005,
    server_error_after=0.005,
    garbled=0.005,
    not_found_at_first=0.005,
)
"""With replies lost, so that attempts are in doubt."""


class Drawn(Service):
    """The service, whose runs take `mean_seconds` times what `draw` says."""

    def __init__(self, settings: Settings, draw: Draw, mean_seconds: float) -> None:
        super().__init__(settings)
        self._draw = draw
        self._mean_seconds = mean_seconds

    def _commit(self, record: Record) -> None:
        if isinstance(record, Run):
            seconds = self._mean_seconds * self._draw(self._settings.chance("drawn", record.number))
            record = replace(record, ends_at=record.created_at + seconds)
        super()._commit(record)
