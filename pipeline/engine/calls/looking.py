"""What looks at runs have in common, whoever looks and why. Owns the asking, and what is learnt.

Must not know what a reply means for a row.
"""

from collections import Counter, deque
from typing import Final, Protocol, assert_never
from zlib import crc32

from msgspec.structs import replace

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
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.engine.batch.watches import Watch
from pipeline.engine.calls.limiter import Limiter

LATEST_LOOKS: Final = 5
"""So many looks in a row without credits tell that looks don't name any."""
ASKED_ALL_THE_SAME: Final = 50
"""One run of so many is looked at though looks don't name credits: so that it is noticed if they
do."""


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

    def __init__(self, batch: Batch, remote: Looks, limiter: Limiter) -> None:
        self._batch = batch
        self._remote = remote
        self.limiter = limiter
        self._in_vain_at: dict[RunId, float] = {}
        """When a look at a run last brought nothing."""
        self._is_asking = False
        """Whether the list is being asked if the service is there at all."""
        self.unknown_words: Counter[str] = Counter()
        """Status words that the service is not known to use, and how often they were read."""
        self.untold: deque[tuple[Watch, Observation]] = deque()
        """Runs of which what was seen or told is not all that is to be known, each with that."""
        self._named_credits: deque[bool] = deque(maxlen=LATEST_LOOKS)
        """Whether the latest looks at single runs that completed named credits, each. A run that
        failed tells nothing of that: it may have cost nothing."""

    def look_singly(self, watch: Watch, told: Observation) -> None:
        """Let a look at this very run tell the rest of its end."""
        self._batch.watches.take(watch)
        self.untold.append((watch, told))
        self._batch.watches.changed.set()
        self._batch.changed.set()

    def learn_of(self, reply: LookReply) -> None:
        """Learn from a look at a single run what such looks tell of an end."""
        if isinstance(reply, Observation) and reply.status is RunStatus.COMPLETE:
            self._named_credits.append(reply.credits is not None)

    def is_enough(self, seen: Observation) -> bool:
        """Whether this tells all of a run's end that a look at the run itself would tell."""
        match seen.status:
            case RunStatus.RUNNING:
                return True
            case RunStatus.COMPLETE:
                is_told = seen.outputs is not None
            case RunStatus.FAILED:
                is_told = seen.message is not None
        return is_told and (seen.credits is not None or not self._is_worth_asking(seen.run_id))

    def _is_worth_asking(self, run_id: RunId) -> bool:
        """Whether a look at this run may name its credits, by the latest looks.

        Where these named none, a few runs are asked all the same: the next may.
        """
        if len(self._named_credits) < LATEST_LOOKS or any(self._named_credits):
            return True
        return crc32(run_id.encode()) % ASKED_ALL_THE_SAME == 0

    async def look(self, run_id: RunId) -> LookReply:
        """Look at a run whose place in the pace is taken; the whole class learns from the reply."""
        sent_at = self._batch.clock.monotonic()
        reply: LookReply
        try:
            with self._batch.sent.patience():
                reply = await self._remote.look(run_id)
        except TimeoutError:
            reply = Unreachable("the program was stopped before the reply came")
        await self._heed(run_id, reply, sent_at)
        return reply

    async def page(self, number: int) -> ListReply | None:
        """Look at one page of the list when the pace allows; the whole class learns from the reply.

        ``None`` where no call may leave any more, or the program was stopped before the reply came.
        """
        if (listed := await self._listed(number)) is None:
            return None
        self._heed_page(*listed)
        return listed[0]

    async def _listed(self, number: int) -> tuple[ListReply, float] | None:
        """What was answered, and when it was asked."""
        await self.limiter.slot(unless=self._batch.no_more_calls)
        if self._batch.no_more_calls.is_set():
            return None
        sent_at = self._batch.clock.monotonic()
        try:
            with self._batch.sent.patience():
                return await self._remote.list_runs(number), sent_at
        except TimeoutError:
            return None

    async def _heed(self, run_id: RunId, reply: LookReply, sent_at: float) -> None:
        if isinstance(reply, Unreachable) and self._is_its_own_trouble(run_id):
            return
        self._learn(reply, sent_at)
        if isinstance(reply, Unreachable) and self.limiter.is_gone and not self._is_asking:
            self._is_asking = True
            if await self._is_gone():
                self._batch.ask_to_stop(_stop_for(reply))
            self._is_asking = False

    def _heed_page(self, reply: ListReply, sent_at: float) -> None:
        """A list out of order is no service that is gone."""
        if isinstance(reply, Unreachable):
            self.limiter.refused(reply.after_seconds, sent_at)
        else:
            self._learn(reply, sent_at)

    def _is_its_own_trouble(self, run_id: RunId) -> bool:
        """Whether the service answered for others since a look at this run was in vain before."""
        before_at = self._in_vain_at.get(run_id, float("inf"))
        self._in_vain_at[run_id] = self._batch.clock.monotonic()
        return before_at < self.limiter.last_answer_at

    async def _is_gone(self) -> bool:
        """Whether the service is silent on all that is asked, and not on some runs alone."""
        if (listed := await self._listed(1)) is None:
            return False
        reply, _ = listed
        if isinstance(reply, Unreachable):
            return True
        silent = sum(at > self.limiter.last_answer_at for at in self._in_vain_at.values())
        self._heed_page(*listed)
        # That there is no list may be said by whatever stands before a service that is down.
        return isinstance(reply, Missing) and silent > 1

    def _learn(self, reply: LookReply | ListReply, sent_at: float) -> None:
        match reply:
            case Observation(_, status, word):
                self.limiter.answered(sent_at)
                if status is RunStatus.RUNNING and word not in KNOWN_WORDS:
                    self.unknown_words[word] += 1
            case RunPage() | Missing() | Unreadable() | Halted():
                self.limiter.answered(sent_at)
            case TryLater(after_seconds):
                self.limiter.refused(after_seconds, sent_at)
            case Unreachable(_, after_seconds):
                self.limiter.unanswered(after_seconds, sent_at)
            case _:
                assert_never(reply)


def completed(seen: Observation, told: Observation | None) -> Observation:
    """What was seen of a run's end, with what was told of it before and is not named here."""
    if told is None or seen.status is RunStatus.RUNNING:
        return seen
    credits_ = told.credits if seen.credits is None else seen.credits
    if seen.status is not told.status:
        return replace(seen, credits=credits_)
    return replace(
        seen,
        credits=credits_,
        outputs=told.outputs if seen.outputs is None else seen.outputs,
        message=told.message if seen.message is None else seen.message,
    )


def _stop_for(reply: Unreachable) -> Stop:
    """The stop where looks are in vain again and again, of which this was the last."""
    if reply.lacks_credits:
        message = f"the workspace's credits are at their limit, for looks too ({reply.why})"
        return Stop(StopReason.CREDITS_BAR_LOOKS, message)
    return Stop(StopReason.SERVICE_GONE, f"the service does not answer looks ({reply.why})")
