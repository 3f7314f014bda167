"""What looks at runs have in common, whoever looks and why. Owns what the class learns.

Must not know what a reply means for a row.
"""

from collections import Counter
from typing import Protocol, assert_never

from pipeline.core.model import KNOWN_WORDS, Observation, RunId, RunStatus
from pipeline.core.replies import (
    Halted,
    ListReply,
    LookReply,
    Missing,
    RunPage,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.engine.batch import Batch
from pipeline.engine.limiter import Limiter
from pipeline.engine.stop import Stop, StopReason


class Looks(Protocol):
    """The remote, as far as looks go."""

    async def look(self, run_id: RunId) -> LookReply:
        """Look at one run."""
        ...

    async def list_runs(self, page: int) -> ListReply:
        """Look at one page of the list of runs, counted from 1."""
        ...


class Looking:
    """The class of looks: its pace, and what is heard of the service by it."""

    def __init__(self, batch: Batch, limiter: Limiter) -> None:
        self._batch = batch
        self.limiter = limiter
        self.unknown_words: Counter[str] = Counter()
        """Status words that the service is not known to use, and how often they were read."""

    def heed_page(self, reply: ListReply, sent_at: float) -> None:
        """The same for a page of the list; a list out of order is no service that is gone."""
        if isinstance(reply, Unreachable):
            self.limiter.refused(reply.after_seconds, sent_at)
        else:
            self.heed(reply, sent_at)

    def heed(self, reply: LookReply | ListReply, sent_at: float) -> None:
        """Let the whole class of looks learn from the reply to a look sent at this moment."""
        match reply:
            case Observation(_, status, word):
                self.limiter.answered(sent_at)
                if status is RunStatus.RUNNING and word not in KNOWN_WORDS:
                    self.unknown_words[word] += 1
            case RunPage() | Missing() | Unreadable() | Halted():
                self.limiter.answered(sent_at)
            case TryLater(after_seconds):
                self.limiter.refused(after_seconds, sent_at)
            case Unreachable(why, after_seconds):
                self.limiter.unanswered(after_seconds, sent_at)
                if self.limiter.is_gone:
                    message = f"the service does not answer looks ({why})"
                    self._batch.ask_to_stop(Stop(StopReason.SERVICE_GONE, message))
            case _:
                assert_never(reply)
