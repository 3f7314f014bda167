"""The live page over HTTP: who may ask, what is sent along, and the figures as they change."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from queue import Queue
from typing import Any

import aiohttp
import pytest
from yarl import URL

from pipeline.core.model import State
from pipeline.errors import UsageFault
from pipeline.report.live.figures import Viewer
from pipeline.report.live.page import page_beside
from pipeline.report.live.server import FILES, WatchServer
from tests.ledger.builders import a_ledger, ids_of, stands
from tests.report.builders import a_config

Scene = Callable[[WatchServer, aiohttp.ClientSession], Awaitable[None]]


def played(folder: Path, scene: Scene) -> None:
    """Let a scene happen between a server over the folder's ledger and a client."""

    async def play() -> None:
        async with (
            asyncio.timeout(20),
            WatchServer(Viewer(a_config(folder)), _refuse) as server,
            aiohttp.ClientSession() as client,
        ):
            await scene(server, client)

    asyncio.run(play())


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """The events as they come: name and data."""
    name = "message"
    async for line in response.content:
        key, _, text = line.decode().strip().partition(": ")
        if key == "event":
            name = text
        elif key == "data":
            yield name, json.loads(text)
        elif key == "data:":
            yield name, None


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"Host": "localhost:{port}"}, 200),
        ("", {"Origin": "http://127.0.0.1:{port}"}, 200),
        ("", {"Host": "rebound.example:{port}"}, 403),
        ("", {"Host": "127.0.0.1"}, 403),
        ("", {"Host": "127.0.0.1:1"}, 403),
        ("", {"Origin": "https://elsewhere.example"}, 403),
        ("", {"Origin": "null"}, 403),
        ("search?q=1", {"Host": "rebound.example:{port}"}, 403),
        ("figures", {"Host": "rebound.example:{port}"}, 403),
        ("/", {}, 404),
        ("/wrong-token/", {}, 404),
        ("/wrong-token/search?q=1", {}, 404),
        ("../search?q=1", {}, 404),
        ("report.html", {}, 404),
        ("%2e%2e/server.py", {}, 404),
    ],
)
def test_only_this_machines_own_browser_with_the_address_may_look(
    tmp_path: Path, path: str, headers: Mapping[str, str], status: int
) -> None:
    """Neither a guessed address nor a name that was bent to lead here shows anything."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        page = URL(server.address)
        url = page.join(URL(path, encoded=True))
        sent = {name: text.format(port=page.port) for name, text in headers.items()}
        async with client.get(url, headers=sent) as response:
            assert response.status == status
            if status != 200:
                assert page.path not in await response.text()

    played(tmp_path, scene)


@pytest.mark.parametrize("end", [*FILES, "search?q=1", "figures"])
def test_nothing_can_be_loaded_from_elsewhere_or_kept(tmp_path: Path, end: str) -> None:
    """Each answer forbids it, and tells no other site of the address."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        async with client.get(f"{server.address}{end}") as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "unsafe" not in policy
            assert "http" not in policy
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"

    played(tmp_path, scene)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_is_looked_at_can_not_be_changed(tmp_path: Path, method: str) -> None:
    """There is one way to change anything, and it is none of these."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        for end in ("", "search", "figures"):
            async with client.request(method, f"{server.address}{end}") as response:
                assert response.status == 405

    played(tmp_path, scene)


def test_each_address_is_a_new_one(tmp_path: Path) -> None:
    """Whoever knew yesterday's does not know today's."""
    viewer = Viewer(a_config(tmp_path))
    tokens = {URL(WatchServer(viewer, _refuse).address).path for _ in range(10)}
    assert len(tokens) == 10
    assert all(len(token) > 30 for token in tokens)


def test_the_figures_come_at_once_and_again_whenever_something_changed(tmp_path: Path) -> None:
    """Before there is a ledger, after its first rows, and at the end with a farewell."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        async with client.get(f"{server.address}figures") as response:
            assert response.content_type == "text/event-stream"
            told = events(response)
            assert (await anext(told))[1]["stage"] == "nothing was started"
            await server.feed.look()  # Nothing changed, so nothing is told.
            with a_ledger(tmp_path, "a", "b") as ledger:
                await server.feed.look()
                assert (await anext(told))[1]["counts"]["pending"] == 2
                await server.feed.look()
                ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
                await server.feed.look()
                assert (await anext(told))[1]["counts"]["complete"] == 1
            await server.feed.close()
            assert (await anext(told))[1]["stage"] == "stopped"
            assert await anext(told) == ("bye", None)

    played(tmp_path, scene)


def test_a_ledger_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    """The page shows the batch that is there, not a file that nobody sees any more."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        with a_ledger(tmp_path, "a"):
            pass
        async with client.get(f"{server.address}figures") as response:
            told = events(response)
            assert (await anext(told))[1]["rows"] == 1
            _remove_ledger(tmp_path)
            with a_ledger(tmp_path, "a", "b", "c"):
                await server.feed.look()
            assert (await anext(told))[1]["rows"] == 3

    played(tmp_path, scene)


def test_a_ledger_that_can_not_be_read_is_told_on_the_page(tmp_path: Path) -> None:
    """In the words of the command line, and the page goes on."""
    (tmp_path / "batch.ledger").write_text("no ledger at all, and long enough to be looked at")

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        async with client.get(f"{server.address}figures") as response:
            assert "batch.ledger" in (await anext(events(response)))[1]["fault"]
        async with client.get(f"{server.address}search?q=1") as response:
            assert "batch.ledger" in (await response.json())["remark"]

    played(tmp_path, scene)


def test_a_search_is_answered_with_rows(tmp_path: Path) -> None:
    """As JSON, with what the page shows of each; nonsense for a place is the beginning."""

    async def scene(server: WatchServer, client: aiohttp.ClientSession) -> None:
        async with client.get(f"{server.address}search?q=2") as response:
            assert (await response.json())["remark"] == "Nothing was started yet."
        with a_ledger(tmp_path, "a") as ledger:
            ledger.save([stands(ids_of(ledger)[0], State.FAILED)])
        async with client.get(f"{server.address}search?q=failed&after=x") as response:
            answer = await response.json()
        (hit,) = answer["hits"]
        assert (hit["row"], hit["status"], hit["credits"]) == (2, "failed", 1)
        assert hit["error"] == "The run failed: no such company"

    played(tmp_path, scene)


def test_a_page_beside_a_batch_is_served_while_the_block_runs(tmp_path: Path) -> None:
    """From another thread: the batch's own loop is free, and the end of the block is its end."""
    told: Queue[str] = Queue()

    async def fetched(address: str) -> int:
        async with aiohttp.ClientSession() as client, client.get(address) as response:
            return response.status

    with page_beside(Viewer(a_config(tmp_path)), _refuse, told.put):
        address = told.get(timeout=10).removeprefix("Watch it: ")
        assert asyncio.run(fetched(address)) == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        asyncio.run(fetched(address))
    assert told.empty()


def test_a_page_that_breaks_does_not_break_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said that the page has ended, and the block goes on as if it had never been."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.report.live.page.serve_page", broken)
    told: Queue[str] = Queue()
    with page_beside(Viewer(a_config(tmp_path)), _refuse, told.put):
        line = told.get(timeout=10)
    assert line == "The page ended early (ZeroDivisionError); the batch does not need it."


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        ('{"changes": ["paused=true"]}', {}, 200, "paused=true: done"),
        ('{"changes": ["a=1", "b=2"]}', {}, 200, "a=1: done"),
        ('{"changes": ["bad=1"]}', {}, 400, "bad: no such key; leave it out"),
        ('{"changes": []}', {}, 400, None),
        ('{"changes": "paused=true"}', {}, 400, None),
        ('{"changes": [1]}', {}, 400, None),
        ("[]", {}, 400, None),
        ("nonsense", {}, 400, None),
        ('{"changes": ["paused=true"]}', {"Content-Type": "text/plain"}, 415, None),
        ('{"changes": ["paused=true"]}', {"Origin": "https://elsewhere.example"}, 403, None),
        ('{"changes": ["paused=true"]}', {"Host": "rebound.example"}, 403, None),
    ],
)
def test_a_change_is_made_as_by_adjust_and_by_this_page_alone(
    tmp_path: Path, content: str, headers: Mapping[str, str], status: int, said: str | None
) -> None:
    """What is said of it comes back; another site's page can change nothing."""
    made: list[str] = []

    def controls(words: Sequence[str]) -> Sequence[str]:
        if words == ["bad=1"]:
            raise UsageFault(place="bad", wrong="no such key", remedy="leave it out")
        made.extend(words)
        return [f"{word}: done" for word in words]

    async def play() -> None:
        async with (
            WatchServer(Viewer(a_config(tmp_path)), controls) as server,
            aiohttp.ClientSession() as client,
            client.post(
                f"{server.address}adjust",
                data=content,
                headers={"Content-Type": "application/json", **headers},
            ) as response,
        ):
            assert response.status == status
            if said is not None:
                assert (await response.json())["said"][0] == said

    asyncio.run(play())
    assert bool(made) == (status == 200)


def _refuse(_: Sequence[str]) -> Sequence[str]:
    raise AssertionError


def _remove_ledger(folder: Path) -> None:
    for file in folder.glob("batch.ledger*"):
        file.unlink()
