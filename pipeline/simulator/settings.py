"""Which world the simulated service is. Owns the Settings, and the chance drawn from their seed.

Must not know calls or runs: whoever draws says what for.
"""

from dataclasses import dataclass, field
from hashlib import blake2b

from pipeline.simulator.faults import Faults
from pipeline.simulator.window import Limit


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service behaves; the defaults are a service without faults."""

    seed: int = 1
    """Equal seeds give equal runs and equal faults, run for run and call for call."""
    duration_seconds: float = 2.0
    """How long a run takes on average; each takes between half of it and one and a half."""
    credits: float = 2.0
    """What a run costs, complete or failed; charged when it ends."""
    fail: float = 0.0
    """The share of runs (0 to 1) that end FAILED."""
    faults: Faults = field(default_factory=Faults)
    limit: Limit | None = None
    """How many starts it takes, by a sliding window; ``None``: any number."""
    keys: frozenset[str] = frozenset()
    """The keys that are accepted; none here means any that is not empty."""
    echo_metadata: bool = True
    """Whether a run shows the metadata of its start."""
    list_runs: bool = True
    """Whether there is a list of runs at all; else it is answered 404."""
    is_list_ordered: bool = True
    """Whether the list begins with the newest run; else it is in no order that means anything."""
    credits_in_run: bool = True
    """Whether a run that ended names its credits, looked at or listed."""
    credits_in_event: bool = True
    """Whether the event of a run's end names them."""

    def chance(self, *what: str | int) -> float:
        """A number in [0, 1), uniform, that depends on the seed and on what it decides alone.

        A generator would make each decision depend on how many were taken before it, and so on
        the order in which concurrent requests happen to arrive.
        """
        name = "/".join(map(str, (self.seed, *what)))
        return int.from_bytes(blake2b(name.encode(), digest_size=6).digest()) / 2**48
