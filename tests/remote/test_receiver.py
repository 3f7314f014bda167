"""The receiver on loopback: who is heard, and what nobody can make it do."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from pipeline.core.replies import Delivery
from pipeline.errors import ConfigFault
from pipeline.remote.receiver import (
    LARGEST_BODY_BYTES,
    MOST_CONNECTIONS,
    AddressInUseError,
    Receiver,
    new_token,
)
from pipeline.remote.secret import NO_SECRET

TOKEN = "a-token-of-32-letters-or-so-12345"
BODY = json.dumps(
    {"type": "workflowRun.completed", "workflowRunId": "WRUN-1", "result": {"A": 1}, "credits": 2}
).encode()


def a_free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def a_post(path: str, body: bytes = BODY, *, length: int | None = None) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: me\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


class Listening:
    """A receiver, its port, and what it took."""

    def __init__(self) -> None:
        self.port = a_free_port()
        self.taken: list[Delivery] = []
        self.has_room = True

    def take(self, delivery: Delivery) -> bool:
        """Take it, where there is room."""
        self.taken += [delivery] if self.has_room else []
        return self.has_room

    async def status(self, request: bytes) -> int | None:
        """What is answered to raw bytes; ``None``: the connection is closed without an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            line = await asyncio.wait_for(reader.readline(), 20)
            return int(line.split()[1]) if line else None
        except ConnectionError:
            return None
        finally:
            writer.close()


def listening(scenario: Callable[[Listening], Awaitable[None]]) -> Listening:
    """Let the scenario happen to a receiver."""
    one = Listening()

    async def lived() -> None:
        async with Receiver("127.0.0.1", one.port, TOKEN, NO_SECRET, one.take):
            await scenario(one)

    asyncio.run(lived())
    return one


@pytest.mark.parametrize("path", [f"/{TOKEN}", f"/hooks/{TOKEN}"])
def test_a_delivery_at_the_secret_path_is_taken(path: str) -> None:
    """Also where a proxy left a path of its own before it."""

    async def scenario(one: Listening) -> None:
        assert await one.status(a_post(path)) == 204

    (delivery,) = listening(scenario).taken
    assert delivery.size_bytes == len(BODY)


@pytest.mark.parametrize(
    "request_",
    [
        a_post("/"),
        a_post(f"/{TOKEN}x"),
        a_post(f"/{TOKEN}/"),
        a_post(f"/{TOKEN[:-1]}"),
        a_post(f"/?{TOKEN}"),
        f"GET /{TOKEN} HTTP/1.1\r\nHost: me\r\n\r\n".encode(),
    ],
)
def test_nobody_else_learns_that_somebody_listens(request_: bytes) -> None:
    """Whatever does not know the path is told that nothing is there."""

    async def scenario(one: Listening) -> None:
        assert await one.status(request_) == 404

    assert listening(scenario).taken == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff" * 100, b"[" * 100_000, b'{"type": 5}'])
def test_a_forgery_is_swallowed(body: bytes) -> None:
    """What is no event is answered as one is, and nothing comes of it."""

    async def scenario(one: Listening) -> None:
        assert await one.status(a_post(f"/{TOKEN}", body)) == 204

    assert listening(scenario).taken == []


def test_a_huge_body_is_refused_without_being_read() -> None:
    """50 MB, announced or in chunks: refused, and never in memory."""
    chunk = b"x" * 2**16

    async def announced(one: Listening) -> None:
        assert await one.status(a_post(f"/{TOKEN}", b"x", length=50 * 10**6)) == 413

    async def chunked(one: Listening) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        head = f"POST /{TOKEN} HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        sent = 0
        try:
            while sent < 50 * 10**6 and not reader.at_eof():
                writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                await writer.drain()
                sent += len(chunk)
        except ConnectionError:
            pass
        assert sent < 50 * 10**6
        assert one.taken == []
        writer.close()

    # Not what the process ever held: that may be more since an earlier test.
    tracemalloc.start()
    try:
        listening(announced)
        listening(chunked)
        assert tracemalloc.get_traced_memory()[1] < 10 * LARGEST_BODY_BYTES
    finally:
        tracemalloc.stop()


def test_a_delivery_without_room_is_refused_so_that_it_may_come_again() -> None:
    """The service is told that it was not taken."""

    async def scenario(one: Listening) -> None:
        one.has_room = False
        assert await one.status(a_post(f"/{TOKEN}")) == 503
        one.has_room = True
        assert await one.status(a_post(f"/{TOKEN}")) == 204

    assert len(listening(scenario).taken) == 1


def test_connections_beyond_the_most_are_closed_and_room_comes_back() -> None:
    """A flood takes no more than its share of this machine's sockets."""

    async def scenario(one: Listening) -> None:
        held = [
            await asyncio.open_connection("127.0.0.1", one.port) for _ in range(MOST_CONNECTIONS)
        ]
        assert await one.status(a_post(f"/{TOKEN}")) is None
        for _, writer in held:
            writer.close()
        for _, writer in held:
            await writer.wait_closed()
        while await one.status(a_post(f"/{TOKEN}")) is None:
            pass

    assert len(listening(scenario).taken) == 1


def test_an_address_in_use_is_told_apart_from_one_that_is_nobodys() -> None:
    """The one passes, so the batch may go on by polls; the other is the config's fault."""

    async def twice(one: Listening) -> None:
        with pytest.raises(AddressInUseError):
            async with Receiver("127.0.0.1", one.port, TOKEN, NO_SECRET, one.take):
                pass
        with pytest.raises(ConfigFault, match=r"webhook\.listen.*127\.0\.0\.1:8765"):
            async with Receiver("192.0.2.1", one.port, TOKEN, NO_SECRET, one.take):
                pass

    listening(twice)


def test_no_two_tokens_are_alike() -> None:
    """An address ends in what nobody can guess."""
    assert len({new_token() for _ in range(1000)}) == 1000
    assert len(new_token()) >= 32
