"""The service on loopback, over HTTP. Owns the routes and how an answer travels.

Must not know the rules: each request becomes one call of the `Service`, and its answer is sent,
held up or cut as the service says.
"""

import asyncio
import errno
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final, Self, TypeAlias, assert_never

import msgspec
from aiohttp import web

from pipeline.errors import PipelineError, UsageFault
from pipeline.simulator.deliverer import delivering
from pipeline.simulator.replies import Answer, Cut, Json, Reply, error
from pipeline.simulator.service import Service

HOST: Final = "127.0.0.1"
MAX_BODY_BYTES: Final = 64 * 2**20
LAST_PORT: Final = 2**16 - 1
GOODBYE_SECONDS: Final = 0.5
"""How long a request may still take once the server is asked to end."""

Clock: TypeAlias = Callable[[], float]

Call: TypeAlias = Callable[[Service, web.Request, bytes, float], Answer]
"""From a request, its body and its moment to the service's answer."""

ROUTES: Final[tuple[tuple[str, str, Call], ...]] = (
    ("POST", "/workflow/{workflow}/run", lambda s, r, b, t: s.start(_key(r), _workflow(r), b, t)),
    (
        "GET",
        "/workflow/{workflow}/run/{run}",
        lambda s, r, _, t: s.get(_key(r), _workflow(r), r.match_info["run"], t),
    ),
    (
        "GET",
        "/workflow/{workflow}/run/",
        lambda s, r, _, t: s.list_runs(_key(r), _workflow(r), r.query, t),
    ),
    (
        "GET",
        "/workflow/{workflow}/run",
        lambda s, r, _, t: s.list_runs(_key(r), _workflow(r), r.query, t),
    ),
    ("POST", "/webhook", lambda s, r, b, t: s.create_webhook(_key(r), b, t)),
    ("GET", "/webhook", lambda s, r, _b, _t: s.list_webhooks(_key(r), r.query)),
    ("GET", "/webhook/{id}", lambda s, r, _b, _t: s.get_webhook(_key(r), r.match_info["id"])),
    ("DELETE", "/webhook/{id}", lambda s, r, _b, _t: s.delete_webhook(_key(r), r.match_info["id"])),
    (
        "GET",
        "/_count",
        lambda s, r, _, t: s.count(t) if "brief" in r.query else s.count_with_runs(t),
    ),
)

PREFIXES: Final = ("/api", "")
"""The service's own, and none for those who put the port alone."""


class SimulatorServer:
    """The server, for as long as its context lasts: ``async with SimulatorServer(service): …``.

    `port` 0 takes any that is free. `now` gives Unix seconds. Raises `UsageFault` on entry where
    the port can't be had.
    """

    def __init__(self, service: Service, *, port: int = 0, now: Clock = time.time) -> None:
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.add_routes(_routes(service, now))
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=GOODBYE_SECONDS
        )
        self._port = port
        self._service, self._now = service, now
        self._open = AsyncExitStack()

    @property
    def base_url(self) -> str:
        """What a caller puts before the paths of the service, once the server listens."""
        return f"http://{HOST}:{self._port}/api"

    async def __aenter__(self) -> Self:
        # Some loops take a greater number for another port.
        if not 0 <= self._port <= LAST_PORT:
            raise _port_fault(self._port)
        async with AsyncExitStack() as opening:
            await self._runner.setup()
            opening.push_async_callback(self._runner.cleanup)
            try:
                site = web.TCPSite(self._runner, HOST, self._port)
                await site.start()
            except OSError as error_:
                raise _port_fault(self._port, error_) from error_
            self._port = site.port
            await opening.enter_async_context(delivering(self._service, self._now))
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()


async def serve(
    service: Service, port: int, announce: Callable[[str], None], *, now: Clock = time.time
) -> None:
    """Serves until cancelled; `announce` is told the base URL once the server listens.

    Raises `UsageFault` where the port can't be had.
    """
    async with SimulatorServer(service, port=port, now=now) as server:
        announce(server.base_url)
        await asyncio.Event().wait()


def _routes(service: Service, now: Clock) -> list[web.RouteDef]:
    return [
        web.route(method, prefix + path, _handler(service, now, call))
        for prefix in PREFIXES
        for method, path, call in ROUTES
    ]


def _handler(
    service: Service, now: Clock, call: Call
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            answer = call(service, request, body, now())
        except PipelineError as fault:
            # The state could not be kept, so nothing was done: the caller may know why.
            answer = error(500, "INTERNAL_ERROR", str(fault))
        return await _send(request, answer)

    return handle


async def _send(request: web.Request, answer: Answer) -> web.Response:
    match answer:
        case Cut():
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Reply(delay_seconds=delay_seconds):
            if delay_seconds:
                await asyncio.sleep(delay_seconds)
            return _response(answer)
        case _:
            assert_never(answer)


def _response(reply: Reply) -> web.Response:
    if isinstance(reply.body, str):
        return web.Response(status=reply.status, body=reply.body.encode(), headers=reply.headers)
    headers = {"Content-Type": "application/json", **reply.headers}
    return web.Response(status=reply.status, body=_json(reply.body), headers=headers)


def _json(body: dict[str, Json]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        # Half of an emoji: the slower way takes it.
        return json.dumps(body).encode()


def _key(request: web.Request) -> str:
    return request.headers.get("x-copy-ai-api-key", "")


def _workflow(request: web.Request) -> str:
    return request.match_info["workflow"]


def _port_fault(port: int, cause: OSError | None = None) -> UsageFault:
    if cause is not None and cause.errno == errno.EADDRINUSE:
        wrong = "another program listens there"
    else:
        wrong = "this port can't be had"
    return UsageFault(
        place=f"--port {port}", wrong=wrong, remedy="name another port, or 0 for any that is free"
    )
