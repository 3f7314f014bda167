"""The calls on one workflow's runs: start, look, list. Owns their addresses and their count.

Must not know why a call is made or when the next is due: that is the engine's. Every reply ends in
one of the closed sets of `core.replies`; nothing the service or the network does is an exception.
"""

from collections.abc import Mapping
from typing import Final, Literal, Self, TypeAlias, assert_never
from urllib.parse import quote

from yarl import URL

from pipeline.core.jsontext import to_json
from pipeline.core.model import Json, RunId
from pipeline.core.replies import (
    Doubtful,
    ListReply,
    LookReply,
    NotConnected,
    StartReply,
    Unreachable,
)
from pipeline.remote.secret import Secret
from pipeline.remote.transport import (
    DEFAULT_TIMEOUTS,
    TOO_LARGE,
    Exchange,
    Lost,
    MayLeave,
    Method,
    Timeouts,
    Transport,
)
from pipeline.remote.wire import HttpReply, list_reply, look_reply, start_reply

RUNS_A_PAGE: Final = 100
"""The most that the service gives on one page of its list of runs."""

SMALLER_PAGE: Final = 10
"""Where a page is too large to be read, the next ones are to be so many times smaller."""

Call: TypeAlias = Literal["start", "poll", "list"]


class Client:
    """An async context manager: one workflow at the service, over connections that are kept.

    Raises `ConfigFault` at once where the address, the key or the environment's proxy can't be
    used.
    """

    def __init__(
        self,
        base_url: str,
        key: Secret,
        workflow_id: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self.transport = Transport(base_url, key, timeouts)
        self.workflow_id = workflow_id
        self.requests: dict[Call, int] = {"start": 0, "poll": 0, "list": 0}
        """Calls that were sent, or may have been; not those that found no connection."""
        self._runs = f"workflow/{quoted(workflow_id)}/run"
        self._runs_a_page = RUNS_A_PAGE
        self._start_url = self.transport.url(self._runs)

    async def __aenter__(self) -> Self:
        await self.transport.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.__aexit__(None, None, None)

    async def start(
        self,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: MayLeave | None = None,
    ) -> StartReply:
        """Start one run. It is sent once at most, whatever happens.

        Where `may_leave` says no, last before the request is written, it does not leave.
        """
        # The service wants `api` in the metadata of every run that a program starts.
        body = {"startVariables": variables, "metadata": {**metadata, "api": True}}
        exchange = await self._counted(
            "start", "POST", self._start_url, to_json(body).encode(), may_leave
        )
        match exchange:
            case HttpReply():
                return start_reply(exchange)
            case NotConnected():
                return exchange
            case Lost(why):
                return Doubtful(why)
            case _:
                assert_never(exchange)

    async def look(self, run_id: RunId) -> LookReply:
        """Look at one run, by its id."""
        url = self.transport.url(f"{self._runs}/{quoted(run_id)}")
        exchange = await self._counted("poll", "GET", url)
        match exchange:
            case HttpReply():
                return look_reply(exchange, run_id)
            case NotConnected(why) | Lost(why):
                return Unreachable(why)
            case _:
                assert_never(exchange)

    async def list_runs(self, page: int) -> ListReply:
        """One page of the workflow's runs, counted from 1, of at most `RUNS_A_PAGE`.

        Where one is too large to be read, it and those after it are asked for in smaller ones: what
        was read of the list until then does not join on to them.
        """
        size = self._runs_a_page
        url = self.transport.url(f"{self._runs}/?size={size}&page={page}")
        exchange = await self._counted("list", "GET", url)
        match exchange:
            case HttpReply():
                if exchange.fault == TOO_LARGE:
                    self._runs_a_page = min(self._runs_a_page, max(1, size // SMALLER_PAGE))
                return list_reply(exchange)
            case NotConnected(why) | Lost(why):
                return Unreachable(why)
            case _:
                assert_never(exchange)

    async def _counted(
        self,
        call: Call,
        method: Method,
        url: URL,
        body: bytes | None = None,
        may_leave: MayLeave | None = None,
    ) -> Exchange:
        # Counted before it is known, so that a call that is cancelled on its way counts too.
        self.requests[call] += 1
        exchange = await self.transport.send(method, url, body, may_leave)
        if isinstance(exchange, NotConnected):
            self.requests[call] -= 1
        return exchange


def quoted(opaque: str) -> str:
    """An id as one part of a path, whatever characters it holds."""
    return quote(opaque, safe="")
