import asyncio
from collections.abc import Callable

import pytest

from pipeline.core.model import RunId
from pipeline.core.replies import Accepted, NotConnected, StartReply
from pipeline.errors import ConfigFault
from pipeline.remote.client import Client
from pipeline.remote.secret import Secret
from tests.remote.conftest import Act, Serving

Answer = Callable[..., bytes]

RUN = RunId("WRUN-1")
ACCEPTED = b'{"data":{"id":"WRUN-1"}}'


def a_client(url: str) -> Client:
    return Client(url, Secret("k3y-SECRET-9000"), "WCFG-1")


async def a_start(url: str) -> tuple[StartReply, int]:
    """What one start came to, and how many were counted."""
    async with a_client(url) as client:
        return await client.start({}, {}), client.requests["start"]


def test_a_proxy_of_the_environment_is_used_with_its_password(
    serving: Serving, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sits behind a company's proxy sets HTTPS_PROXY once, for every program."""

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED)) as proxy:
            monkeypatch.setenv("http_proxy", f"http://me:pass@127.0.0.1:{proxy.port}")
            assert (await a_start("http://service.invalid/api"))[0] == Accepted(RUN)
            (heard,) = proxy.heard
            assert heard.target == "http://service.invalid/api/workflow/WCFG-1/run"
            assert heard.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="

    asyncio.run(scenario())


def test_a_proxy_that_refuses_the_tunnel_begins_nothing_and_hears_no_key(
    serving: Serving, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tunnel comes before the start, so its refusal is no doubt, and it saw no key."""

    async def scenario() -> None:
        async with serving((answer(407), Act.CLOSE)) as proxy:
            monkeypatch.setenv("https_proxy", f"me:pass@127.0.0.1:{proxy.port}")
            reply, count = await a_start("https://service.invalid/api")
            assert (reply, count) == (NotConnected("the proxy refused the connection"), 0)
            (heard,) = proxy.heard
            assert (heard.method, heard.target) == ("CONNECT", "service.invalid:443")
            assert heard.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
            assert "k3y" not in str(heard)

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_never_goes_through_a_proxy(
    serving: Serving, answer: Answer, monkeypatch: pytest.MonkeyPatch, closed_port: int, host: str
) -> None:
    """The bundled simulator works behind a proxy too."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")

    async def scenario() -> None:
        async with serving(answer(200, ACCEPTED)) as service:
            reply, _ = await a_start(f"http://{host}:{service.port}/api")
            assert reply == Accepted(RUN)

    asyncio.run(scenario())


@pytest.mark.parametrize("proxy", ["socks5://me:pass@host:1080", "http://me:pass@host:99999"])
def test_a_proxy_that_can_not_be_used_is_a_fault_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """It is said before anything is sent, and the address stays untold."""
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ConfigFault) as caught:
        a_client("https://service.invalid/api")
    assert "HTTPS_PROXY" in caught.value.place
    assert "pass" not in str(caught.value)
