"""Posts the events of the simulated service, over HTTP. Owns when they are looked for.

Only to loopback: whatever address was registered, the simulator leaves this machine in peace. What
can't be delivered is lost, as the service's own may be. Must not know the rules.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Final

import aiohttp
from yarl import URL

from pipeline.simulator.posting import Post
from pipeline.simulator.service import Service

LOOKED_FOR_EACH_SECONDS: Final = 0.02
PATIENCE: Final = aiohttp.ClientTimeout(total=5.0)
AT_ONCE: Final = 50


@asynccontextmanager
async def delivering(service: Service, now: Callable[[], float]) -> AsyncIterator[None]:
    """Deliver while the block runs; what is on its way when it ends is lost."""
    task = asyncio.create_task(_deliver(service, now), name="deliveries")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _deliver(service: Service, now: Callable[[], float]) -> None:
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session,
        asyncio.TaskGroup() as group,
    ):
        while True:
            for post in service.posts(now()):
                group.create_task(_send(session, post), name="delivery")
            await asyncio.sleep(LOOKED_FOR_EACH_SECONDS)


async def _send(session: aiohttp.ClientSession, post: Post) -> None:
    if not _is_loopback(post.url):
        return
    with suppress(aiohttp.ClientError, OSError):
        async with session.post(post.url, json=post.event, allow_redirects=False):
            pass


def _is_loopback(url: str) -> bool:
    try:
        host = URL(url).host or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
