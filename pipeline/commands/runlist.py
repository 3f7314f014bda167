"""The service's list of runs, as a command looks through it. Owns the asking for its pages.

Must not know what is looked for. A list that can't be read is no fault here: it is told why.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from pipeline.commands.service import client_for
from pipeline.config.model import Config
from pipeline.core.model import RunId
from pipeline.core.reconciling import Hold, Listing
from pipeline.core.replies import Halted, Missing, RunPage, TryLater, Unreachable, Unreadable
from pipeline.core.timing.pacing import Pace
from pipeline.engine.calls.limiter import Limiter
from pipeline.engine.calls.listing import read_listing
from pipeline.engine.clock import Clock
from pipeline.remote.client import Client

TRIES: Final = 4
"""So often one page is asked for."""


@dataclass(frozen=True, slots=True)
class ShownRun:
    """What the list shows of a run, for a person who looks for one."""

    status: str
    """In the service's own spelling."""
    created_at: float | None
    """Unix seconds by the service's clock; ``None``: it does not say."""
    credits: float | None
    """What it cost; ``None``: the list does not say."""


@dataclass(frozen=True, slots=True)
class RunList:
    """The list, as far as it could be read."""

    listing: Listing | None
    """``None``: nothing of it was read."""
    shown: Mapping[RunId, ShownRun]
    lacking: str | None
    """Why it could not be read as a whole; ``None`` where it was."""


async def read_run_list(config: Config) -> RunList:
    """All runs of the config's workflow, as far as the service shows them."""
    async with client_for(config) as client:
        pages = _Pages(client, Limiter(Pace(config.polling.rate), Clock(), random.random))
        listing = await read_listing(pages, began_at=0.0)
    if listing is None:
        return RunList(None, {}, Hold.NO_LIST.value)
    if listing.is_whole:
        return RunList(listing, pages.shown, None)
    lacking = pages.trouble or Hold.NOT_WHOLE.value
    return RunList(listing if listing.runs else None, pages.shown, lacking)


class _Pages:
    """Asks for pages at the pace of looks, and keeps what a person may want to know of each run."""

    def __init__(self, client: Client, limiter: Limiter) -> None:
        self._client = client
        self._limiter = limiter
        self._never = asyncio.Event()
        self.shown: dict[RunId, ShownRun] = {}
        self.trouble: str | None = None
        """Why the last page was not given."""

    async def __call__(self, number: int) -> RunPage | Missing | None:
        for _ in range(TRIES):
            await self._limiter.slot(unless=self._never)
            sent_at = Clock().monotonic()
            reply = await self._client.list_runs(number)
            match reply:
                case RunPage(_, runs):
                    self._limiter.answered(sent_at)
                    self.shown |= {
                        run.run_id: ShownRun(run.word, run.created_at, run.credits) for run in runs
                    }
                    return reply
                case Missing():
                    return reply
                case TryLater(after_seconds):
                    self.trouble = "the service answered that there are too many requests"
                    self._limiter.refused(after_seconds, sent_at)
                case Unreadable(why):
                    self.trouble = why
                    self._limiter.answered(sent_at)
                case Unreachable(why, after_seconds):
                    self.trouble = why
                    self._limiter.unanswered(after_seconds, sent_at)
                case Halted(_, message):
                    self.trouble = message
                    return None
                case _:
                    assert_never(reply)
        return None
