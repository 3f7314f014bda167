"""Takes what the service posts to a webhook, over HTTP. Owns the listening and its bounds.

No aiohttp type leaves this file. The path is the authentication: whoever does not know it learns
nothing, not even that somebody listens. Nothing that is posted may cost more than its bounds say:
connections, bodies read at once, bytes of a body and seconds are all limited. Must not know what a
delivery means for a batch, nor how the address became known to the service.
"""

import asyncio
import errno
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, Self

from aiohttp import web

from pipeline.core.replies import Delivery
from pipeline.errors import ConfigFault
from pipeline.remote.deliveries import delivery_in
from pipeline.remote.secret import Secret

LARGEST_BODY_BYTES: Final = 2 * 2**20
"""A larger one is refused: the look that follows may read more, one at a time."""
MOST_CONNECTIONS: Final = 200
READ_AT_ONCE: Final = 8
"""Bodies in memory together; the others wait on their connections."""
READ_SECONDS: Final = 10.0
"""How long a body may take."""
GOODBYE_SECONDS: Final = 0.5
"""How long a request may still take once nobody listens any more."""
TOKEN_BYTES: Final = 24
"""192 bits: nobody guesses them."""

PLACE: Final = "webhook.listen"


class AddressInUseError(Exception):
    """Another program listens at the address."""


def new_token() -> str:
    """The last part of an address that nobody can guess, fit for a path."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Receiver:
    """The server, for as long as its context lasts: ``async with Receiver(…): …``.

    `take` gets each delivery, and tells whether there was room for it. Raises `AddressInUseError`
    on entry where another program listens there, and `ConfigFault` where nobody could.
    """

    def __init__(
        self, host: str, port: int, token: str, secret: Secret, take: Callable[[Delivery], bool]
    ) -> None:
        self._host = host
        self._port = port
        self._token = token.encode()
        self._secret = secret
        self._take = take
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=LARGEST_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            application,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=GOODBYE_SECONDS,
            # A body that is refused is not read to its end either.
            lingering_time=0,
        )
        async with AsyncExitStack() as opening:
            await runner.setup()
            opening.push_async_callback(runner.cleanup)
            try:
                server = await asyncio.get_running_loop().create_server(
                    lambda: self._connected(runner), self._host, self._port
                )
            except OSError as error:
                raise self._not_bound(error) from error
            opening.callback(server.close)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def _connected(self, runner: web.AppRunner) -> asyncio.Protocol:
        server = runner.server
        assert server is not None
        return server() if len(server.connections) < MOST_CONNECTIONS else _Refusal()

    def _not_bound(self, error: OSError) -> Exception:
        if error.errno == errno.EADDRINUSE:
            return AddressInUseError()
        return ConfigFault(
            place=PLACE,
            wrong=f"nobody can listen there ({(error.strerror or 'no such address').lower()})",
            remedy="write an address of this machine and a port above 1023, such as 127.0.0.1:8765",
        )

    async def _answer(self, request: web.Request) -> web.Response:
        # What stands before may have been put there by a proxy.
        last = request.match_info["path"].rpartition("/")[2].encode()
        if not secrets.compare_digest(last, self._token) or request.method != "POST":
            return _closing(404)
        if (request.content_length or 0) > LARGEST_BODY_BYTES:
            return _closing(413)
        async with self._reading:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    body = await request.read()
            except TimeoutError:
                return _closing(408)
            except web.HTTPRequestEntityTooLarge:
                return _closing(413)
            delivery = delivery_in(body, self._secret)
        if delivery is not None and not self._take(delivery):
            return _closing(503)
        # What can't be used is taken too: sent again, it would be the same.
        return web.Response(status=204)


def _closing(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()
    return response


class _Refusal(asyncio.Protocol):
    """One connection too many: it is closed at once, before a byte is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
