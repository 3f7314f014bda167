"""What the service posts to a webhook, read into our types. Owns the spelling of its events.

The event is as the service documents it, `{"type","workflowRunId","workflowId","result","metadata",
"credits"}`, or as it was seen: with a flat `output`, or `result.output`. Must not know who listens,
nor whether a run is one of ours.
"""

from collections.abc import Mapping
from typing import Final

from pipeline.core.model import Json, Observation, RunId, RunStatus
from pipeline.core.replies import CreditsReached, Delivery
from pipeline.remote.body import (
    amount_or_none,
    message_in,
    moment_or_none,
    object_or_none,
    parsed,
    text_or_none,
)
from pipeline.remote.secret import Secret
from pipeline.remote.webhooks import EventType
from pipeline.remote.wire import ENDS

_WORDS: Final[Mapping[str, str]] = {EventType.COMPLETED: "COMPLETE", EventType.FAILED: "FAILED"}
"""The events that tell of an end, and the status word by which a look would tell it."""
_OF_A_RUN: Final = frozenset(
    {"createdAt", "credits", "id", "input", "metadata", "output", "status", "workflowRunId"}
)
"""Fields of a run: a `result` of these alone is the run, and not what it gave."""


def delivery_in(body: bytes, secret: Secret) -> Delivery | None:
    """What a posted body tells; ``None``: nothing that a batch could use, or no event at all."""
    event = parsed(body)
    if not isinstance(event, dict):
        return None
    if event.get("type") == EventType.CREDIT_LIMIT_REACHED:
        return Delivery(CreditsReached(text_or_none(event.get("workflowId"))), len(body))
    word, run_id = _WORDS.get(str(event.get("type"))), text_or_none(event.get("workflowRunId"))
    if word is None or run_id is None:
        return None
    status = ENDS[word]
    seen = Observation(
        run_id=RunId(run_id),
        status=status,
        word=word,
        outputs=_outputs_in(event),
        credits=amount_or_none(event.get("credits")),
        message=message_in(event, secret) if status is RunStatus.FAILED else None,
        metadata=object_or_none(event.get("metadata")),
        created_at=moment_or_none(event.get("createdAt")),
    )
    return Delivery(seen, len(body))


def _outputs_in(event: dict[str, Json]) -> Mapping[str, Json] | None:
    """What the run gave; an event that names none, or an empty one, does not tell."""
    result = object_or_none(event.get("result"))
    if result is not None and "output" in result and result.keys() <= _OF_A_RUN:
        result = object_or_none(result["output"])
    return result or object_or_none(event.get("output")) or None
