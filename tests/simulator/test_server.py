"""The simulator over loopback, as a caller meets it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from pipeline.errors import UsageFault
from pipeline.simulator import faults as faults_module
from pipeline.simulator.faults import Faults
from pipeline.simulator.journal import open_service
from pipeline.simulator.records import Record
from pipeline.simulator.server import SimulatorServer, serve
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings

BODY = {"startVariables": {"Company": "Acme"}, "metadata": {"api": True}}
HEADERS = {"x-copy-ai-api-key": "a-key"}


@asynccontextmanager
async def a_caller(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a server that lives as long; its paths are relative to the base URL."""
    async with SimulatorServer(service) as server:
        base_url = server.base_url + "/"
        async with aiohttp.ClientSession(base_url, headers=HEADERS) as session:
            yield session


async def asked(
    session: aiohttp.ClientSession, path: str, method: str = "GET", **more: object
) -> tuple[int, dict]:
    async with session.request(method, path, **more) as response:
        return response.status, json.loads(await response.read())


def test_a_run_from_its_start_to_its_end() -> None:
    """Start, look, list and count travel as the guide shows them, at the root as below /api."""

    async def scenario() -> None:
        async with a_caller(Service(Settings(duration_seconds=0))) as session:
            status, started = await asked(session, "workflow/WCFG-1/run", "POST", json=BODY)
            assert (status, started["status"]) == (200, "success")
            run_id = started["data"]["id"]
            assert run_id.startswith("WRUN-")
            for prefix in ("", "/"):
                runs = f"{prefix}workflow/WCFG-1/run"
                _, run = await asked(session, f"{runs}/{run_id}")
                assert run["data"]["status"] == "COMPLETE"
                for path in (runs, f"{runs}/", f"{runs}/?size=5&page=1"):
                    assert (await asked(session, path))[1]["data"]["data"] == [run["data"]]
                _, count = await asked(session, f"{prefix}_count")
                assert [line["id"] for line in count["runs"]] == [run_id]
                _, brief = await asked(session, f"{prefix}_count?brief=1")
                assert brief == {k: v for k, v in count.items() if k != "runs"}

    asyncio.run(scenario())


def test_registrations_over_http() -> None:
    """A registration is made, listed, shown and ended by its own four calls."""

    async def scenario() -> None:
        hook = {"url": "https://example.com", "eventType": "workflowRun.completed"}
        async with a_caller(Service(Settings())) as session:
            _, made = await asked(session, "webhook", "POST", json=hook)
            path = f"webhook/{made['data']['id']}"
            assert (await asked(session, "webhook"))[1]["data"]["total"] == 1
            assert (await asked(session, path))[1] == made
            assert (await asked(session, path, "DELETE"))[0] == 200
            assert (await asked(session, path, "DELETE"))[0] == 404

    asyncio.run(scenario())


def test_a_call_without_a_key_is_refused() -> None:
    """Without the header the answer is 401 in JSON; the simulator's own count needs no key."""

    async def scenario() -> None:
        async with (
            SimulatorServer(Service(Settings())) as server,
            aiohttp.ClientSession(server.base_url + "/") as session,
        ):
            status, refusal = await asked(session, "workflow/WCFG-1/run/")
            assert (status, refusal["status"]) == (401, "error")
            assert (await asked(session, "_count"))[0] == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(("fault", "accepted"), [("lost_reply", 1), ("lost_request", 0)])
def test_a_cut_connection_leaves_no_reply(fault: str, accepted: int) -> None:
    """The caller sees the connection die, and only the count knows whether a run was begun."""

    async def scenario() -> None:
        service = Service(Settings(faults=Faults(**{fault: 1.0})))
        async with a_caller(service) as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await asked(session, "workflow/WCFG-1/run", "POST", json=BODY)
            _, count = await asked(session, "_count")
            assert (count["starts"], count["accepted"]) == (1, accepted)

    asyncio.run(scenario())


def test_broken_replies_travel_as_they_are() -> None:
    """A 500 comes as HTML, and a garbled look as JSON that can't be read."""

    async def scenario() -> None:
        async with (
            a_caller(Service(Settings(faults=Faults(server_error=1)))) as session,
            session.post("workflow/WCFG-1/run", json=BODY) as response,
        ):
            assert (response.status, response.content_type) == (500, "text/html")
        async with a_caller(Service(Settings(faults=Faults(garbled=1)))) as session:
            _, started = await asked(session, "workflow/WCFG-1/run", "POST", json=BODY)
            path = f"workflow/WCFG-1/run/{started['data']['id']}"
            async with session.get(path) as response:
                assert (response.status, response.content_type) == (200, "application/json")
            with pytest.raises(json.JSONDecodeError):
                await asked(session, path)

    asyncio.run(scenario())


def test_a_slow_reply_is_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is begun at once, and the caller's patience decides whether it hears of it."""
    monkeypatch.setattr(faults_module, "SLOW_SECONDS", 60)

    async def scenario() -> None:
        async with a_caller(Service(Settings(faults=Faults(slow=1)))) as session:
            with pytest.raises(TimeoutError):
                await asked(
                    session,
                    "workflow/WCFG-1/run",
                    "POST",
                    json=BODY,
                    timeout=aiohttp.ClientTimeout(total=0.1),
                )
            assert (await asked(session, "_count"))[1]["accepted"] == 1

    asyncio.run(scenario())


def test_a_state_that_cannot_be_kept_is_an_error_to_the_caller() -> None:
    """The answer is a 500 in JSON that says why, and the run is not there."""

    def full(_record: Record) -> None:
        raise UsageFault(place="the state", wrong="the disk is full", remedy="make room")

    async def scenario() -> None:
        async with a_caller(Service(Settings(), keep=full)) as session:
            status, refusal = await asked(session, "workflow/WCFG-1/run", "POST", json=BODY)
            assert (status, refusal["message"]) == (500, "the state: the disk is full; make room")
            assert (await asked(session, "_count"))[1]["accepted"] == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("port", [65536, -1])
def test_a_port_that_cannot_be_is_a_usage_fault(port: int) -> None:
    """A number that is no port is said in one line."""

    async def scenario() -> None:
        with pytest.raises(UsageFault, match=f"--port {port}"):
            await SimulatorServer(Service(Settings()), port=port).__aenter__()

    asyncio.run(scenario())


def test_a_port_in_use_is_a_usage_fault() -> None:
    """A second simulator on one port is refused with the remedy; the first goes on."""

    async def scenario() -> None:
        async with SimulatorServer(Service(Settings())) as first:
            port = int(first.base_url.removesuffix("/api").rpartition(":")[2])
            with pytest.raises(UsageFault, match=r"another program listens there.*or 0"):
                await serve(Service(Settings()), port, announce=lambda _: None)
            async with aiohttp.ClientSession(headers=HEADERS) as session:
                assert (await asked(session, f"{first.base_url}/_count"))[0] == 200

    asyncio.run(scenario())


def test_serve_announces_itself_and_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    """The base URL is told once it answers; after the end its port is free and its state kept."""
    state = tmp_path / "state"

    async def served(task_of: Callable[[asyncio.Queue[str]], Awaitable[None]]) -> None:
        announced: asyncio.Queue[str] = asyncio.Queue()
        with open_service(Settings(), state) as service:
            task = asyncio.create_task(serve(service, 0, announced.put_nowait))
            await task_of(announced)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def start_one(announced: asyncio.Queue[str]) -> None:
        base_url = await announced.get()
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            await asked(session, f"{base_url}/workflow/WCFG-1/run", "POST", json=BODY)

    async def count_it(announced: asyncio.Queue[str]) -> None:
        base_url = await announced.get()
        async with aiohttp.ClientSession() as session:
            assert (await asked(session, f"{base_url}/_count"))[1]["accepted"] == 1

    asyncio.run(served(start_one))
    asyncio.run(served(count_it))


def test_the_moment_is_the_clocks_that_was_handed_in() -> None:
    """A clock of the caller's own moves the runs, so that no test has to wait."""

    async def scenario() -> None:
        moment = 0.0
        service = Service(Settings(duration_seconds=100))
        async with (
            SimulatorServer(service, now=lambda: moment) as server,
            aiohttp.ClientSession(server.base_url + "/", headers=HEADERS) as session,
        ):
            _, started = await asked(session, "workflow/WCFG-1/run", "POST", json=BODY)
            path = f"workflow/WCFG-1/run/{started['data']['id']}"
            assert (await asked(session, path))[1]["data"]["status"] == "NEW"
            moment = 150.0
            assert (await asked(session, path))[1]["data"]["status"] == "COMPLETE"

    asyncio.run(scenario())
