"""A scripted service on a loopback socket: what it answers is bytes, what it heard is kept."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import pytest

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Act(Enum):
    """What the service does in place of an answer, or after one."""

    CLOSE = auto()
    FALL_SILENT = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it reached the service."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Service:
    """Where it listens and what it heard."""

    script: list[bytes | Act | tuple[bytes, Act]]
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    first_request: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """The base URL of the service, as a config has it."""
        return f"http://127.0.0.1:{self.port}/api"

    async def converse(
        self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection, a step of the script each."""
        while heard := await _request(connection, reader):
            self.heard.append(heard)
            self.first_request.set()
            step = self.script.pop(0)
            answer, act = step if isinstance(step, tuple) else (step, None)
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                act = answer
            if act is Act.CLOSE:
                return
            if act is Act.FALL_SILENT:
                await reader.read()
                return


async def _request(connection: int, reader: asyncio.StreamReader) -> Heard | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(connection, method, target, headers, body)


@asynccontextmanager
async def _serving(*script: bytes | Act | tuple[bytes, Act]) -> AsyncIterator[Service]:
    service = Service(list(script))
    conversations: list[asyncio.Task[None]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.append(task)
        try:
            await service.converse(len(conversations), reader, writer)
        except ConnectionError:
            pass  # The client may go while it is being answered; that is what some tests are for.
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=2**24)
    async with server:
        service.port = server.sockets[0].getsockname()[1]
        yield service
    await asyncio.gather(*conversations)


Serving = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
def serving() -> Serving:
    """The service, to be entered with its script: a step for each request, in order."""
    return _serving


@pytest.fixture
def answer() -> Callable[..., bytes]:
    """A whole reply: status, body, further headers."""

    def build(status: int = 200, body: str | bytes = "", *headers: str) -> bytes:
        content = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers, "", ""]
        return "\r\n".join(lines).encode() + content

    return build


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
