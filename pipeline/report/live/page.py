"""The live page from the first to the last moment: beside a batch, or alone. Owns its loop.

Must not know what is served.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from pipeline.report.live.controls import Controls
from pipeline.report.live.figures import Viewer
from pipeline.report.live.server import WatchServer


async def serve_page(viewer: Viewer, controls: Controls, announce: Callable[[str], None]) -> None:
    """Serve until cancelled; `announce` is told the page's address."""
    async with WatchServer(viewer, controls) as server:
        announce(server.address)
        await server.feed.run()


@contextmanager
def page_beside(viewer: Viewer, controls: Controls, tell: Callable[[str], None]) -> Iterator[None]:
    """Serve while the block runs; `tell` is told the page's address, in words.

    From a thread and a loop of its own, so that whatever happens to the page, it neither holds the
    batch up nor ends it.
    """
    ending: Future[Callable[[], object]] = Future()

    async def serve() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        ending.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        await serve_page(viewer, controls, lambda address: tell(f"Watch it: {address}"))

    def told(served: Future[None]) -> None:
        error = served.exception()
        if not isinstance(error, asyncio.CancelledError):
            tell(f"The page ended early ({type(error).__name__}); the batch does not need it.")

    with ThreadPoolExecutor(1, "page") as thread:
        served = thread.submit(asyncio.run, serve())
        served.add_done_callback(told)
        try:
            yield
        finally:
            if not served.done():
                ending.result()()
