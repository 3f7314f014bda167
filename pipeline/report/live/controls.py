"""What the live page may change of a batch: what `pipeline adjust` may, and by its way.

Owns the request's form. Must not know what a change does, nor how it reaches the batch.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from aiohttp import web

from pipeline.errors import PipelineError

Controls: TypeAlias = Callable[[Sequence[str]], Sequence[str]]
"""Takes changes such as ``paused=true``, and gives what to say of them. Raises `PipelineError`."""

MOST_BYTES: Final = 4096


async def adjust(
    controls: Controls, headers: Mapping[str, str], request: web.Request
) -> web.Response:
    """Change the batch as ``{"changes": ["limits.rate=30/min"]}`` says; what was done is told.

    A form of another site can't send JSON without asking first (fetch.spec.whatwg.org, 3.3), and
    this server never agrees.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Changes come as JSON.\n")
    words = _changes((await request.content.read(MOST_BYTES)).decode(errors="replace"))
    try:
        said = await asyncio.to_thread(controls, words)
    except PipelineError as error:
        return _told(400, [str(problem) for problem in error.problems], headers)
    return _told(200, said, headers)


def _changes(text: str) -> list[str]:
    try:
        words = json.loads(text)["changes"]
    except (ValueError, TypeError, LookupError):
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        raise web.HTTPBadRequest(text="There are no changes in it.\n")
    return words


def _told(status: int, lines: Sequence[str], headers: Mapping[str, str]) -> web.Response:
    text = json.dumps({"said": list(lines)})
    return web.json_response(text=text, status=status, headers=headers)
