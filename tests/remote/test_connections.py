import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from pipeline.core.model import RunId
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    NotConnected,
    StartReply,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.remote.client import Client
from pipeline.remote.secret import Secret
from pipeline.remote.transport import Timeouts
from tests.remote.conftest import Act, Serving

Answer = Callable[..., bytes]

RUN = RunId("WRUN-1")
ACCEPTED = b'{"data":{"id":"WRUN-1"}}'
# On a busy machine, loopback alone takes more than some hundredths of a second.
IMPATIENT = Timeouts(start_seconds=0.3, look_seconds=0.3)


def a_client(url: str, timeouts: Timeouts | None = None) -> Client:
    key = Secret("k3y-SECRET-9000")
    return Client(url, key, "WCFG-1", timeouts=timeouts or Timeouts())


async def started(url: str, timeouts: Timeouts | None = None) -> tuple[StartReply, int]:
    """What one start came to, and how many were counted."""
    async with a_client(url, timeouts) as client:
        return await client.start({}, {}), client.requests["start"]


def test_a_start_on_a_connection_that_dies_is_sent_once(serving: Serving, answer: Answer) -> None:
    """A kept connection that closes upon the second start makes a doubt, never a second send."""

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED), Act.CLOSE) as service:
            async with a_client(service.url) as client:
                assert await client.start({}, {}) == Accepted(RUN)
                doubt = await client.start({}, {})
            assert doubt == Doubtful("the connection was closed before the reply")
            assert [heard.connection for heard in service.heard] == [1, 1]
            assert client.requests["start"] == 2

    asyncio.run(scenario())


def test_a_look_on_a_connection_that_dies_is_no_news(serving: Serving) -> None:
    """A look costs nothing, so a closed connection only means to look again."""

    async def scenario() -> None:
        async with serving(Act.CLOSE, Act.CLOSE) as service, a_client(service.url) as client:
            assert await client.look(RUN) == Unreachable(
                "the connection was closed before the reply"
            )

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "step",
    [
        Act.CLOSE,
        Act.FALL_SILENT,
        (b"HTTP/1.1 200 OK\r\nContent-Le", Act.CLOSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + ACCEPTED[:9], Act.CLOSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + ACCEPTED[:9], Act.FALL_SILENT),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 90\r\n\r\n" + ACCEPTED[:9], Act.CLOSE),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Act.CLOSE),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 24\r\n\r\n" + ACCEPTED,
            Act.CLOSE,
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Act.CLOSE),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", Act.CLOSE),
    ],
)
def test_a_reply_that_is_lost_or_cut_is_a_doubt(
    serving: Serving, step: Act | tuple[bytes, Act]
) -> None:
    """Once a start has left, nothing that goes wrong shows that it was not begun."""

    async def scenario() -> None:
        async with serving(step) as service:
            reply, count = await started(service.url, IMPATIENT)
            assert isinstance(reply, Doubtful)
            assert "127.0.0.1" not in reply.why
            assert count == len(service.heard) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("act", [Act.CLOSE, Act.FALL_SILENT])
@pytest.mark.parametrize(
    ("status", "kind"), [(401, Halted), (402, Halted), (404, Halted), (429, TryLater)]
)
def test_a_status_that_says_enough_outlives_its_cut_body(
    serving: Serving, status: int, kind: type[StartReply], act: Act
) -> None:
    """A key that is refused is refused, though the page that says so never came whole."""
    head = f"HTTP/1.1 {status} No\r\nContent-Length: 90\r\n\r\n<html>"

    async def scenario() -> None:
        async with serving((head.encode(), act)) as service:
            assert isinstance((await started(service.url, IMPATIENT))[0], kind)

    asyncio.run(scenario())


@pytest.mark.parametrize(("seconds", "milliseconds"), [(15.0, 15_000), (0.25, 250), (0.0001, 1)])
@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such option"
)
def test_the_system_gives_up_what_is_not_acknowledged(
    serving: Serving, answer: Answer, seconds: float, milliseconds: int
) -> None:
    """A start is not delivered long after its connection was given up."""

    async def scenario() -> None:
        timeouts = Timeouts(unacknowledged_seconds=seconds)
        async with (
            serving(answer(200, ACCEPTED)) as service,
            a_client(service.url, timeouts) as client,
        ):
            await client.start({}, {})
            ((kept, _),) = client.transport._session.connector._conns.popitem()[1]  # noqa: SLF001
            connection = kept.transport.get_extra_info("socket")
            option = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert option == milliseconds
            kept.transport.close()

    asyncio.run(scenario())


def test_a_reply_beyond_16_mib_is_dropped(serving: Serving, answer: Answer) -> None:
    """Memory holds many replies at once, so none may be endless."""
    endless = answer(200, ACCEPTED + b" " * (16 * 2**20))

    async def scenario() -> None:
        async with serving((endless, Act.CLOSE), (endless, Act.CLOSE)) as service:
            async with a_client(service.url) as client:
                start, look = await client.start({}, {}), await client.look(RUN)
            why = "the service answered 200 (the reply is larger than 16 MiB)"
            assert (start, look) == (Doubtful(why), Unreadable(why))

    asyncio.run(scenario())


def test_large_start_variables_are_sent_whole(serving: Serving, answer: Answer) -> None:
    """A cell may hold much text, a template several such."""

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED)) as service:
            async with a_client(service.url) as client:
                assert await client.start({"Text": "x" * 2**21}, {}) == Accepted(RUN)
            assert len(service.heard[0].body) > 2**21

    asyncio.run(scenario())


def test_where_nobody_listens_nothing_was_begun(closed_port: int) -> None:
    """Then the row is simply started later; no call was sent, and none is counted."""

    async def scenario() -> None:
        url = f"http://127.0.0.1:{closed_port}/api"
        assert await started(url) == (NotConnected("no connection could be made"), 0)
        async with a_client(url) as client:
            unreachable = Unreachable("no connection could be made")
            assert await client.look(RUN) == await client.list_runs(1) == unreachable

    asyncio.run(scenario())


def test_a_name_that_is_not_known_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that is off the net pays for nothing and doubts nothing."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    reply, count = asyncio.run(started("http://service.invalid/api"))
    assert (reply, count) == (NotConnected("the service's name can't be resolved"), 0)


def test_a_connection_without_encryption_begins_nothing() -> None:
    """A TLS handshake that fails comes before the first byte of the start."""

    async def scenario() -> None:
        async with _listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
            reply, count = await started(f"https://127.0.0.1:{port}/api")
            assert (reply, count) == (NotConnected("no secure connection could be made"), 0)

    asyncio.run(scenario())


def test_a_handshake_that_never_ends_begins_nothing() -> None:
    """The wait for a connection is bounded, and its end is no doubt."""

    async def scenario() -> None:
        async with _listening(b"") as port:
            patience = Timeouts(connect_seconds=0.05, start_seconds=30.0, look_seconds=30.0)
            reply, count = await started(f"https://127.0.0.1:{port}/api", patience)
            assert (reply, count) == (NotConnected("no connection was made in time"), 0)

    asyncio.run(scenario())


def test_a_cancelled_start_stays_cancelled_and_counts(serving: Serving) -> None:
    """Ctrl-C ends the wait at once; the start had left, and is counted as sent."""

    async def scenario() -> None:
        async with serving(Act.FALL_SILENT) as service, a_client(service.url) as client:
            task = asyncio.create_task(client.start({}, {}))
            await service.first_request.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert client.requests["start"] == 1

    asyncio.run(scenario())


@contextlib.asynccontextmanager
async def _listening(greeting: bytes) -> AsyncIterator[int]:
    """A port that greets, says no more, and hangs up when the caller does."""
    ended = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()
        ended.set()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await ended.wait()


def test_a_start_whose_moment_has_passed_does_not_leave(serving: Serving, answer: Answer) -> None:
    """It is asked last, on the connection that is there: not a byte of the request is written."""

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED), answer(200, ACCEPTED)) as service:
            async with a_client(service.url) as client:
                assert await client.start({}, {}, lambda: True) == Accepted(RUN)
                kept_back = await client.start({}, {}, lambda: False)
            assert kept_back == NotConnected("its moment had passed")
            assert len(service.heard) == 1
            assert client.requests["start"] == 1

    asyncio.run(scenario())
