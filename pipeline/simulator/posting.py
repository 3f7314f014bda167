"""What is posted to the registrations, and when. Owns the events' form and the order of their dues.

Must not know sockets or clocks. A run's end is told to each address that was registered for it
before it came, once: nothing that could not be delivered is tried again.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.simulator.faults import Fault
from pipeline.simulator.outputs import outputs
from pipeline.simulator.records import Run, Webhook
from pipeline.simulator.replies import Json
from pipeline.simulator.settings import Settings

LATE_PUSH_SECONDS: Final = 20.0
"""How long after a run's end it is told of where it is told late."""
_FORGED: Final[Mapping[str, Json]] = {"Generated email": "Forged", "Language": "xx"}


@dataclass(frozen=True, slots=True)
class Post:
    """One event on its way to one address."""

    url: str
    event: dict[str, Json]


class Telling:
    """The ends of runs that are still to be told of, by their moments in Unix seconds."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Run, Fault | None]] = []

    def add(self, run: Run, fault: Fault | None) -> None:
        """Tell of this run's end when it comes, as far as the fault lets it."""
        if fault is Fault.PUSH_LOST:
            return
        at = run.ends_at + (LATE_PUSH_SECONDS if fault is Fault.PUSH_LATE else 0.0)
        heapq.heappush(self._due, (at, run.number, run, fault))

    def posts(
        self, webhooks: Iterable[Webhook], settings: Settings, moment: float
    ) -> Iterator[Post]:
        """All that is due by now and was not told before."""
        registered = tuple(webhooks)
        while self._due and self._due[0][0] <= moment:
            _, _, run, fault = heapq.heappop(self._due)
            addresses = [webhook.url for webhook in registered if _is_for(webhook, run)]
            if not addresses:
                continue
            for event in _events(run, settings, fault):
                yield from (Post(url, event) for url in addresses)


def _is_for(webhook: Webhook, run: Run) -> bool:
    return (
        webhook.event_type == _type(run)
        and webhook.workflow_id in {None, run.workflow_id}
        and webhook.registered_at <= run.ends_at
    )


def _type(run: Run) -> str:
    return "workflowRun.failed" if run.is_failing else "workflowRun.completed"


def _events(run: Run, settings: Settings, fault: Fault | None) -> Iterator[dict[str, Json]]:
    event: dict[str, Json] = {
        "type": _type(run),
        "workflowRunId": run.id,
        "workflowId": run.workflow_id,
        "metadata": {},
    }
    if fault is Fault.PUSH_BARE:
        yield event
        return
    # Of a run that failed nobody has seen why in an event.
    event["result"] = {} if run.is_failing else outputs(run.start_variables)
    if settings.credits_in_event:
        event["credits"] = run.credits
    yield event
    if fault is Fault.PUSH_DOUBLED:
        yield event
    if fault is Fault.PUSH_FORGED:
        yield {**event, "workflowRunId": f"{run.id}-forged", "result": dict(_FORGED)}
