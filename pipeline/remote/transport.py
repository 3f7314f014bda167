"""One HTTP exchange with the service, and what became of it. Owns the aiohttp session.

No aiohttp type or exception leaves this file: an exchange ends as a reply, as `NotConnected`, or as
`Lost`. It never follows a redirect and never sends a POST twice (aiohttp repeats only idempotent
methods, RFC 9110 9.2.2, when a kept connection turns out to be closed). Must not know what a reply
means.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal, Self, TypeAlias

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from pipeline.core.replies import NotConnected
from pipeline.remote.headers import address_of, headers_for
from pipeline.remote.proxy import proxy_for
from pipeline.remote.secret import Secret
from pipeline.remote.sockets import socket_maker
from pipeline.remote.wire import HttpReply

LARGEST_REPLY_BYTES: Final = 16 * 2**20
"""A larger reply is dropped: it can't be a run's, and memory holds many replies at once."""

_LARGEST_PLAIN_BODY_BYTES: Final = 2**20
"""Beyond this aiohttp wants a file, so that it can send in parts."""

_IDLE_SECONDS: Final = 4.0
"""Kept connections are given up before the commonest server's 5 s: a start that leaves just as the
server closes its connection is a doubt."""

TOO_LARGE: Final = f"the reply is larger than {LARGEST_REPLY_BYTES // 2**20} MiB"
"""The fault of a reply that was dropped for it."""

Method: TypeAlias = Literal["GET", "POST", "DELETE"]

MayLeave: TypeAlias = Callable[[], bool]
"""Asked last, before a byte of a request is written."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an exchange may take."""

    connect_seconds: float = 10.0
    """To the connection: the name, the handshakes, the proxy."""
    start_seconds: float = 60.0
    """To the reply's last byte, for a start or another POST."""
    look_seconds: float = 30.0
    """To the reply's last byte, for all else."""
    unacknowledged_seconds: float = 15.0
    """How long the system may go on delivering what the other side does not acknowledge, also once
    the connection is closed here."""


DEFAULT_TIMEOUTS: Final = Timeouts()


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left, or may have, and nothing came back that can be read."""

    why: str


Exchange: TypeAlias = HttpReply | NotConnected | Lost

_Ends: TypeAlias = tuple[tuple[type[Exception], str], ...]

# The first that fits tells what happened. All of these are raised before a byte of the request is
# sent: while the name is resolved, the connection is made, or the proxy is asked for one.
_NOT_CONNECTED: Final[_Ends] = (
    (aiohttp.ClientConnectorCertificateError, "the service's certificate is not trusted"),
    (aiohttp.ClientSSLError, "no secure connection could be made"),
    (aiohttp.ClientConnectorDNSError, "the service's name can't be resolved"),
    (aiohttp.ClientProxyConnectionError, "the proxy can't be reached"),
    (aiohttp.ClientHttpProxyError, "the proxy refused the connection"),
    (aiohttp.ClientConnectorError, "no connection could be made"),
    (aiohttp.ConnectionTimeoutError, "no connection was made in time"),
)
_LOST: Final[_Ends] = (
    (aiohttp.ServerDisconnectedError, "the connection was closed before the reply"),
    (TimeoutError, "no reply came in time"),
    (aiohttp.ClientPayloadError, "the reply was cut off"),
    (aiohttp.ClientResponseError, "the reply is not HTTP"),
    (aiohttp.ClientError, "the connection broke"),
    (OSError, "the connection broke"),
)
_FORESEEN: Final = (aiohttp.ClientError, OSError)


class Transport:
    """An async context manager over one session to one service."""

    def __init__(self, base_url: str, key: Secret, timeouts: Timeouts) -> None:
        self._base = base_url.rstrip("/")
        address = address_of(base_url)
        self._proxy = proxy_for(address)
        self._secret = key
        self._unacknowledged_seconds = timeouts.unacknowledged_seconds
        connect = timeouts.connect_seconds
        look = aiohttp.ClientTimeout(total=timeouts.look_seconds, connect=connect)
        start = aiohttp.ClientTimeout(total=timeouts.start_seconds, connect=connect)
        self._deadlines: dict[Method, aiohttp.ClientTimeout] = {
            "GET": look,
            "POST": start,
            "DELETE": look,
        }
        self._headers = headers_for(address, key, self._proxy)
        self._headers_of_json = {**self._headers, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # The engine bounds the window; a second bound here would only hide its waits.
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=_IDLE_SECONDS,
                socket_factory=socket_maker(self._unacknowledged_seconds),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def url(self, path: str) -> URL:
        """The address of a path whose parts are quoted already."""
        return URL(f"{self._base}/{path}", encoded=True)

    async def send(
        self,
        method: Method,
        url: URL,
        body: bytes | None = None,
        may_leave: MayLeave | None = None,
    ) -> Exchange:
        """One request, sent once at most, and how it ended."""
        assert self._session is not None, "the client is used outside its `async with`"
        proxy = self._proxy
        data = _sendable(body) if may_leave is None else _Timely(body or b"", may_leave)
        try:
            async with self._session.request(
                method,
                url,
                data=data,
                headers=self._headers if body is None else self._headers_of_json,
                timeout=self._deadlines[method],
                allow_redirects=False,
                proxy=proxy.address if proxy else None,
                proxy_headers=proxy.headers if proxy else None,
            ) as response:
                content, fault = await _read(response)
                return HttpReply(
                    status=response.status,
                    body=content,
                    retry_after=response.headers.get("Retry-After"),
                    now=time.time(),
                    fault=fault,
                    secret=self._secret,
                )
        except _FORESEEN as error:
            if isinstance(data, _Timely) and data.is_kept_back:
                return NotConnected("its moment had passed")
            return _what_happened(error)


class _Timely(aiohttp.BytesPayload):
    """A body that leaves in time or not at all, and a request's headers with it.

    The connection may have taken long, or the process may have stood still: aiohttp writes the
    headers together with the body's first bytes, so this is the last moment to look.
    """

    def __init__(self, body: bytes, may_leave: MayLeave) -> None:
        super().__init__(body)
        self._may_leave = may_leave
        self.is_kept_back = False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the body; raises `aiohttp.ClientError` where its moment has passed."""
        if not self._may_leave():
            self.is_kept_back = True
            raise aiohttp.ClientError
        await super().write_with_length(writer, content_length)


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, str | None]:
    """The body as far as it came, and why it is not whole.

    What came before a cut is kept: a status says enough for some replies, and an object that was
    cut is no JSON, so it can't be misread.
    """
    parts: list[bytes] = []
    size = 0
    try:
        while not response.content.at_eof():
            part = await response.content.readany()
            size += len(part)
            if size > LARGEST_REPLY_BYTES:
                response.close()
                return b"", TOO_LARGE
            parts.append(part)
    except _FORESEEN as error:
        response.close()
        return b"".join(parts), _first_that_fits(_LOST, error)
    return b"".join(parts), None


def _what_happened(error: Exception) -> NotConnected | Lost:
    """Our own words for aiohttp's error: its text may show the address, its request the key."""
    if why := _first_that_fits(_NOT_CONNECTED, error):
        return NotConnected(why)
    return Lost(_first_that_fits(_LOST, error) or "the connection broke")


def _first_that_fits(ends: _Ends, error: Exception) -> str | None:
    return next((why for kind, why in ends if isinstance(error, kind)), None)


def _sendable(body: bytes | None) -> bytes | BytesIO | None:
    if body is not None and len(body) > _LARGEST_PLAIN_BODY_BYTES:
        return BytesIO(body)
    return body
