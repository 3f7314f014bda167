"""The live page on loopback, over HTTP. Owns the routes, and who may ask.

Must not know what a figure means. Whoever knows the address may look: it holds a random token, the
server listens on loopback alone, and a name that was bent to lead here (DNS rebinding) is refused,
since the host that a browser asks for is checked.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from importlib import resources
from typing import Final, Self

from aiohttp import web

from pipeline.errors import LedgerFault
from pipeline.report.live.controls import Controls, adjust
from pipeline.report.live.feed import Feed
from pipeline.report.live.figures import Viewer
from pipeline.report.live.lookout import Lookout
from pipeline.report.live.search import Answer, search

HOST: Final = "127.0.0.1"
GOODBYE_SECONDS: Final = 1.0
"""How long an answer may still take once the server is asked to end."""

FILES: Final = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
    "charts.js": ("charts.js", "text/javascript"),
    "controls.js": ("controls.js", "text/javascript"),
    "search.js": ("search.js", "text/javascript"),
    "words.js": ("words.js", "text/javascript"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}
"""What the page is made of, by the end of its address."""

HEADERS: Final = {
    # Nothing is loaded from elsewhere, and nothing that stands in a cell could run.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WatchServer:
    """The server, for as long as its context lasts: ``async with WatchServer(…): …``."""

    def __init__(self, viewer: Viewer, controls: Controls) -> None:
        self._viewer = viewer
        self._controls = controls
        self._path = f"/{secrets.token_urlsafe(24)}/"
        self._port = 0
        self._open = AsyncExitStack()

    @property
    def address(self) -> str:
        """The page's address; whoever knows it may look."""
        return f"http://{HOST}:{self._port}{self._path}"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            # Two connections: nobody who looks for a row waits for the figures of all.
            figures = await opening.enter_async_context(Lookout(self._viewer.ledger))
            searches = await opening.enter_async_context(Lookout(self._viewer.ledger))
            self.feed = Feed(self._viewer, figures)
            application = web.Application(middlewares=[self._guard])
            application.add_routes(self._routes(searches))
            runner = web.AppRunner(
                application,
                access_log=None,
                handle_signals=False,
                shutdown_timeout=GOODBYE_SECONDS,
            )
            await runner.setup()
            opening.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, HOST, 0)
            await site.start()
            self._port = site.port
            opening.push_async_callback(self.feed.close)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        own = {f"{host}:{self._port}" for host in (HOST, "localhost")}
        origin = request.headers.get("Origin")
        if request.host not in own or (origin and origin.removeprefix("http://") not in own):
            raise web.HTTPForbidden(text="This page is for this machine's own browser.\n")
        return await handler(request)

    def _routes(self, lookout: Lookout) -> list[web.RouteDef]:
        folder = resources.files("pipeline.report.live").joinpath("static")
        files = [
            web.get(
                self._path + end,
                partial(_file, folder.joinpath(name).read_text(encoding="utf-8"), kind),
            )
            for end, (name, kind) in FILES.items()
        ]
        return [
            *files,
            web.get(f"{self._path}figures", partial(_figures, self.feed)),
            web.get(f"{self._path}search", partial(_search, lookout)),
            web.post(f"{self._path}adjust", partial(adjust, self._controls, HEADERS)),
        ]


async def _file(text: str, kind: str, _: web.Request) -> web.Response:
    return web.Response(text=text, content_type=kind, charset="utf-8", headers=HEADERS)


async def _figures(feed: Feed, request: web.Request) -> web.StreamResponse:
    """Server-sent events (html.spec.whatwg.org, 9.2): the figures whenever they change."""
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    await response.prepare(request)
    try:
        async for text in feed.texts():
            await response.write(f"data: {text}\n\n".encode() if text else b":\n\n")
        await response.write(b"event: bye\ndata:\n\n")
    except ConnectionError:
        pass  # The browser has left.
    return response


async def _search(lookout: Lookout, request: web.Request) -> web.Response:
    text, after = request.query.get("q", ""), request.query.get("after", "0")
    after_row = int(after) if after.isdecimal() else 0
    try:
        found = await lookout.ask(lambda onlooker: search(onlooker, text, after_row))
    except LedgerFault as fault:
        found = Answer((), remark=str(fault))
    answer = found or Answer((), remark="Nothing was started yet.")
    return web.json_response(text=json.dumps(asdict(answer)), headers=HEADERS)
