"""What the service remembers. Owns the Run and its life, the registrations, the refused starts.

Must not know requests or files. A run's whole future is decided when it begins, so that its
status at any moment follows from the moment alone. Moments are Unix seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final, TypeAlias
from uuid import UUID

from pipeline.simulator.bodies import StartBody, WebhookBody
from pipeline.simulator.outputs import early_outputs, outputs
from pipeline.simulator.replies import Json
from pipeline.simulator.settings import Settings

NEW_SHARE: Final = 0.1
"""The share of a run's duration for which it is NEW."""

EARLY_SHARE: Final = 0.5
"""The share of a run's duration after which the first outputs are there."""

FAILURE: Final = "The step 'Generate text' failed: the model gave no answer"


@dataclass(frozen=True, slots=True)
class Run:
    """One accepted start, and how it will end."""

    id: str
    number: int
    """Counted over all accepted starts, from 1."""
    workflow_id: str
    start_variables: dict[str, Json]
    metadata: Json
    """As it was sent; ``None`` where none was."""
    created_at: float
    ends_at: float
    is_failing: bool
    credits: float

    def has_ended(self, moment: float) -> bool:
        """Whether the run is over, and so charged."""
        return moment >= self.ends_at

    def status(self, moment: float) -> str:
        """The status in the service's spelling."""
        if self.has_ended(moment):
            return "FAILED" if self.is_failing else "COMPLETE"
        return "PROCESSING" if self._has_reached(NEW_SHARE, moment) else "NEW"

    def output(self, moment: float) -> dict[str, Json]:
        """What the run has given so far; a run that failed gives nothing."""
        if self.has_ended(moment):
            return {} if self.is_failing else outputs(self.start_variables)
        if self._has_reached(EARLY_SHARE, moment):
            return early_outputs(self.start_variables)
        return {}

    def _has_reached(self, share: float, moment: float) -> bool:
        return moment >= self.created_at + share * (self.ends_at - self.created_at)


@dataclass(frozen=True, slots=True)
class RefusedStart:
    """A start that began nothing: refused, or lost on its way."""

    refused_at: float


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registration for events of one type."""

    id: str
    number: int
    """Counted over all registrations, from 1."""
    url: str
    event_type: str
    workflow_id: str | None
    """``None``: every workflow."""
    registered_at: float
    """What ended before is told to others only."""


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    """The end of a registration."""

    id: str


Record: TypeAlias = Run | RefusedStart | Webhook | WebhookRemoved


def begin(
    settings: Settings,
    number: int,
    workflow_id: str,
    body: StartBody,
    moment: float,
) -> Run:
    """A new run. Its duration and its end follow from the seed and its number."""
    seconds, fail = settings.duration_seconds, settings.fail
    # Chance is dear, and where it decides nothing it need not be drawn.
    duration_seconds = seconds and seconds * (0.5 + settings.chance("duration", number))
    return Run(
        id=f"WRUN-{_uuid(settings.seed, 'run', number, moment)}",
        number=number,
        workflow_id=workflow_id,
        start_variables=body.start_variables,
        metadata=body.metadata,
        created_at=moment,
        ends_at=moment + duration_seconds,
        is_failing=fail > 0 and settings.chance("fail", number) < fail,
        credits=settings.credits,
    )


def register(
    settings: Settings,
    number: int,
    body: WebhookBody,
    moment: float,
) -> Webhook:
    """A new registration."""
    webhook_id = f"WHK-{_uuid(settings.seed, 'webhook', number, moment)}"
    return Webhook(webhook_id, number, body.url, body.event_type, body.workflow_id, moment)


def view(run: Run, settings: Settings, moment: float) -> dict[str, Json]:
    """The run as the service shows it to a caller."""
    has_ended = run.has_ended(moment)
    shown: dict[str, Json] = {
        "id": run.id,
        "input": run.start_variables,
        "status": run.status(moment),
        "output": run.output(moment),
        "createdAt": _iso(run.created_at),
    }
    if settings.echo_metadata:
        shown["metadata"] = run.metadata
    if has_ended and settings.credits_in_run:
        shown["credits"] = run.credits
    if has_ended and run.is_failing:
        shown["error"] = FAILURE
    return shown


def view_for_count(run: Run, moment: float) -> dict[str, Json]:
    """The run as the service's own count shows it: all that was sent, whatever the settings."""
    return {
        "id": run.id,
        "workflowId": run.workflow_id,
        "startVariables": run.start_variables,
        "metadata": run.metadata,
        "createdAt": _iso(run.created_at),
        "status": run.status(moment),
        "credits": run.credits if run.has_ended(moment) else None,
    }


def view_of_webhook(webhook: Webhook) -> dict[str, Json]:
    """The registration as the service shows it."""
    shown: dict[str, Json] = {
        "id": webhook.id,
        "url": webhook.url,
        "eventType": webhook.event_type,
    }
    return shown | ({"workflowId": webhook.workflow_id} if webhook.workflow_id else {})


def _iso(moment: float) -> str:
    """A moment as the service writes it: ISO 8601, milliseconds, ``Z``."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _uuid(seed: int, what: str, number: int, moment: float) -> UUID:
    # The moment is part of it so that a simulator that starts over without its state never gives
    # an id a second time: a caller would take another run's outputs for its own.
    name = f"{seed}/{what}/{number}/{moment!r}"
    return UUID(bytes=blake2b(name.encode(), digest_size=16).digest())
