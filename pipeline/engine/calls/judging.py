"""Whether a run has been watched for long enough. Owns the giving up. Must not know looks."""

from typing import Final

from pipeline.core.events import Event, GaveUp
from pipeline.core.model import Entry, Observation, RunStatus
from pipeline.core.replies import Halted, LookReply, Missing, Unreachable, Unreadable
from pipeline.core.timing.spans import span
from pipeline.engine.batch.watches import Watch

VANISHED_SECONDS: Final = 300
"""A run that the service has not known for so long is gone: right after a start it may lag."""


def judge(
    entry: Entry, watch: Watch, reply: LookReply, now: float, give_up_seconds: float
) -> Event:
    """The reply, or that the run has been watched for long enough."""
    is_missing = isinstance(reply, Missing)
    if not is_missing:
        watch.missing_since = None
    elif watch.missing_since is None:
        watch.missing_since = now
    if not tells_no_end(reply):
        return reply
    if entry.owes_retry and (is_missing or isinstance(reply, Observation)):
        return reply  # That it has not ended is all that was to be known.
    missing_seconds = 0 if watch.missing_since is None else now - watch.missing_since
    if missing_seconds >= VANISHED_SECONDS:
        return GaveUp("The service does not know this run any more")
    if now - watch.began_at < give_up_seconds:
        return reply
    told = f"after {span(give_up_seconds)} of watching"
    if isinstance(reply, Unreadable | Unreachable):
        return GaveUp(f"The run could not be seen to end {told}: {reply.why}")
    return GaveUp(f"The run had not ended {told}")


def tells_no_end(reply: LookReply) -> bool:
    """Whether the run goes on, or may, by all that this look tells."""
    if isinstance(reply, Observation):
        return reply.status is RunStatus.RUNNING
    return not isinstance(reply, Halted)
