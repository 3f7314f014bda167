"""How fast, how often and against what. Owns the keys that steer a run; each is optional.

Meaning, unit, default and example of each key stand here, once. Must not know YAML.
"""

from typing import Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from pipeline.config.values.fields import (
    SECTION,
    Amount,
    Count,
    Failures,
    ListenAt,
    OrDefaults,
    PublicUrl,
    Seconds,
    Share,
    StartRate,
    Whole,
)
from pipeline.config.values.units import read_duration_seconds, read_rate
from pipeline.core.money.budget import CreditCap
from pipeline.core.timing.backoff import LookWaits


def _rate(text: str, meaning: str) -> Any:  # noqa: ANN401 - a field stands for a value of any type
    return Field(default=read_rate(text), description=meaning, json_schema_extra={"default": text})


def _duration(text: str, key: str, meaning: str) -> Any:  # noqa: ANN401 - as above
    return Field(
        default=read_duration_seconds(text),
        validation_alias=key,
        description=meaning,
        json_schema_extra={"default": text},
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Limits:
    """How fast and how far the batch goes."""

    rate: StartRate = _rate(
        "60/min", "Starts: N/s, N/min or N/h; fewer where the service is learnt to take fewer."
    )
    burst: Count = Field(default=1, description="Starts that may leave at once after a lull.")
    max_in_flight: Count = Field(default=500, description="Runs started and not ended.")
    max_credits: Amount | None = Field(
        default=None,
        description="What the whole batch may cost: no run is started that could pass it, as far "
        "as this workflow's runs are known.",
        examples=[1000],
    )
    credits_per_run: Amount | None = Field(
        default=None,
        description="What to reserve for a run where the service names no credits.",
        examples=[2],
    )
    max_failures: Failures = Field(
        default=None,
        description="Rows that may fail within one call, a number or a share, before it stops.",
        examples=[20, "10%"],
    )

    @property
    def cap(self) -> CreditCap | None:
        """The cap on credits; ``None``: there is none."""
        if self.max_credits is None:
            return None
        return CreditCap(self.max_credits, self.credits_per_run)


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Polling:
    """How runs are watched."""

    rate: StartRate = _rate(
        "20/s",
        "Looks at runs, all together: N/s, N/min or N/h; fewer where the service takes fewer.",
    )
    first_seconds: Seconds = _duration(
        "5s",
        "first",
        "Shortest wait before a look at a run; what such runs took so far tells the rest.",
    )
    max_seconds: Seconds = _duration(
        "60s", "max", "Longest wait between two looks at a run that outlived 95 of 100."
    )
    jitter: Share = Field(default=0.3, description="Share by which waits are spread: 0 to 1.")
    give_up_seconds: Seconds = _duration(
        "1h", "give_up", "A run that is watched for so long and has not ended is expired."
    )

    @property
    def look_waits(self) -> LookWaits:
        """The waits between two looks."""
        return LookWaits(self.first_seconds, self.max_seconds, self.jitter)


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Retry:
    """What is tried again."""

    failed: Whole = Field(default=0, description="New attempts, each paid, of a run that FAILED.")
    unconfirmed: Literal["reconcile", "hold"] = Field(
        default="reconcile",
        description="A start whose reply was lost: looked for in the service's list of runs, or "
        "held until a person decides; no call looks for it then.",
    )
    settle_seconds: Seconds = _duration(
        "30s",
        "settle",
        "How long the service may lag before the absence of a run, or of its credits, counts.",
    )

    @property
    def looks_for_doubts(self) -> bool:
        """Whether a call looks for what is in doubt; else it waits for a person."""
        return self.unconfirmed == "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Webhook:
    """Ends of runs by push, so that few polls are needed."""

    listen: ListenAt = Field(
        description="Where this machine listens meanwhile: an IP address of its own, and a port.",
        examples=["127.0.0.1:8765"],
    )
    public_url: PublicUrl = Field(
        description="Where the service reaches that, as by a tunnel; a path nobody can guess is "
        "added. http on loopback only.",
        examples=["https://example.org/hooks"],
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Faults:
    """What goes wrong at the simulator: the share of calls for each, 0 to 1."""

    lost_reply: Share = Field(default=0, description="The start is taken, its reply is lost.")
    lost_request: Share = Field(default=0, description="The start is lost before it is taken.")
    late_start: Share = Field(
        default=0, description="The connection is cut, and the run is begun a second later."
    )
    server_error: Share = Field(default=0, description="5xx, and nothing was started.")
    server_error_after: Share = Field(default=0, description="5xx, and the run was started.")
    too_many: Share = Field(default=0, description="429 with Retry-After.")
    too_many_bare: Share = Field(default=0, description="429 without Retry-After.")
    slow: Share = Field(default=0, description="The reply takes long.")
    not_found_at_first: Share = Field(default=0, description="404 for a while after the start.")
    garbled: Share = Field(default=0, description="The reply is not JSON, or is cut off.")
    refused: Share = Field(default=0, description="400: the start variables are refused.")
    push_early: Share = Field(
        default=0, description="The run ends at once, and is told of before the start's reply."
    )
    push_lost: Share = Field(default=0, description="The end of a run is told to no webhook.")
    push_late: Share = Field(default=0, description="It is told long after.")
    push_doubled: Share = Field(default=0, description="It is told twice.")
    push_bare: Share = Field(default=0, description="It is told without outputs and credits.")
    push_forged: Share = Field(
        default=0, description="It is told, and so is the end of a run that never was."
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Simulator:
    """How the bundled simulator behaves; only with base_url: simulator."""

    seed: int = Field(default=1, strict=True, description="The same seed, the same behaviour.")
    duration_seconds: Seconds = _duration("2s", "duration", "How long a run takes on average.")
    credits: Amount = Field(default=2, description="What a run costs, in credits.")
    fail: Share = Field(default=0, description="Share of the runs that end FAILED: 0 to 1.")
    faults: OrDefaults[Faults] = Field(
        default_factory=Faults, description="What goes wrong: the share of calls for each, 0 to 1."
    )
