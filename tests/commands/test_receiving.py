"""Completions by push, over sockets: registered, received, and taken away again."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.ledger.opening import open_ledger
from pipeline.remote.webhooks import EventType
from tests.commands.conftest import Call
from tests.journeys.running import FAST, KEY, Simulator, a_batch, a_simulator, read_rows
from tests.remote.test_receiver import a_free_port

ROWS = 30
PUSHES = {"push_lost": 0.1, "push_doubled": 0.2, "push_bare": 0.1, "push_forged": 0.2}
SLOWLY = {"rate": "500/s", "first": "1s", "max": "2s"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with a_simulator("--duration", "300ms") as one:
        yield one


def a_listening_batch(folder: Path, base_url: str, port: int, **sections: object) -> Path:
    workflow = {"id": "WCFG-1", "base_url": base_url}
    webhook = {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}/hooks"}
    chosen = {"workflow": workflow, "webhook": webhook, "polling": SLOWLY, **sections}
    return a_batch(folder, ROWS, **chosen)


def asked(base_url: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{base_url}/{path}",
        None if body is None else json.dumps(body).encode(),
        {"x-copy-ai-api-key": KEY},
    )
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback
        return json.load(reply)["data"]


def registered(base_url: str) -> list[str]:
    return [one["url"] for one in asked(base_url, "webhook?size=100")["data"]]


def register(base_url: str, url: str) -> None:
    body = {"url": url, "eventType": "workflowRun.completed", "workflowId": "WCFG-1"}
    asked(base_url, "webhook", body)


def test_runs_end_by_push_and_nothing_stays_registered(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """Every row is complete without a poll, and only the others' registrations stand after it."""
    register(simulator.base_url, "http://127.0.0.1:1/somebody-elses")
    others = registered(simulator.base_url)
    ended = call(
        "run", str(a_listening_batch(tmp_path, simulator.base_url, a_free_port())), "--json"
    )
    assert (ended.exit, ended.summary["complete"]) == (0, ROWS)
    assert ended.summary["requests"]["poll"] + ended.summary["requests"]["list"] <= 0.2 * ROWS
    assert ended.err.count("pushed to http://127.0.0.1") == 1
    assert registered(simulator.base_url) == others


def test_the_bundled_simulator_pushes_with_all_its_faults(call: Call, tmp_path: Path) -> None:
    """Lost, doubled, bare and forged: each row has its own outputs, and was paid for once."""
    simulated = {"duration": "100ms", "faults": PUSHES}
    config = a_listening_batch(tmp_path, "simulator", a_free_port(), simulator=simulated, **FAST)
    ended = call("run", str(config), "--json")
    assert (ended.exit, ended.summary["complete"]) == (0, ROWS)
    assert ended.summary["credits"] == 2 * ROWS
    assert all(row["Company"] in row["Email"] for row in read_rows(tmp_path / "rows.done.csv"))


def test_what_a_killed_call_left_is_removed_by_the_next(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """By the token that stood in the ledger before; another batch's stays; then there is none."""
    config = a_listening_batch(tmp_path, simulator.base_url, a_free_port())
    with open_ledger(tmp_path / "batch.ledger") as ledger:
        ledger.say_webhook_tokens({"left-over"})
    left, others = "http://127.0.0.1:1/hooks/left-over", "http://127.0.0.1:1/hooks/of-another"
    register(simulator.base_url, left)
    register(simulator.base_url, left)
    register(simulator.base_url, others)
    shown = call("webhooks", "list", str(config)).out.splitlines()
    assert [
        line.endswith("this batch's")
        for line in shown
        if line.endswith(("left-over", "another", "batch's"))
    ] == [
        True,
        True,
        False,
    ]
    assert call("run", str(config)).exit == 0
    assert left not in registered(simulator.base_url)
    assert others in registered(simulator.base_url)
    with open_ledger(tmp_path / "batch.ledger") as ledger:
        assert ledger.webhook_tokens() == frozenset()


def test_what_was_left_goes_though_the_config_asks_for_no_pushes_any_more(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """And though nothing is left to be done."""
    workflow = {"id": "WCFG-1", "base_url": simulator.base_url}
    config = a_batch(tmp_path, 1, workflow=workflow)
    assert call("run", str(config)).exit == 0
    with open_ledger(tmp_path / "batch.ledger") as ledger:
        ledger.say_webhook_tokens({"stale"})
    register(simulator.base_url, "http://127.0.0.1:1/stale")
    assert call("run", str(config)).exit == 0
    assert "http://127.0.0.1:1/stale" not in registered(simulator.base_url)


def test_a_finished_batch_registers_nothing(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """The second call has nothing to wait for, and says nothing of pushes."""
    config = str(a_listening_batch(tmp_path, simulator.base_url, a_free_port()))
    assert call("run", config).exit == 0
    assert "pushed" not in call("run", config).err


def test_a_port_that_is_taken_is_said_once_and_the_batch_is_polled(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """The rows matter more than the way in which their ends are learnt."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = a_listening_batch(tmp_path, simulator.base_url, port, **FAST)
        ended = call("run", str(config))
    assert ended.exit == 0
    assert ended.err.count("another program listens") == 1
    assert "polled instead" in ended.err


def test_a_service_that_takes_no_webhooks_is_said_once_and_the_batch_is_polled(
    call: Call, tmp_path: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing half registered stays behind."""
    before = registered(simulator.base_url)
    unknown = SimpleNamespace(value="workflowRun.paused")
    monkeypatch.setattr("pipeline.commands.receiving.EVENTS", (EventType.COMPLETED, unknown))
    config = a_listening_batch(tmp_path, simulator.base_url, a_free_port(), **FAST)
    ended = call("run", str(config))
    assert ended.exit == 0
    assert ended.err.count("polled instead") == 1
    assert registered(simulator.base_url) == before


def test_an_address_of_another_machine_is_the_configs_fault(
    call: Call, tmp_path: Path, simulator: Simulator
) -> None:
    """Nobody could ever listen there: exit 2, one line, and nothing is started."""
    webhook = {"listen": "192.0.2.1:8765", "public_url": "http://127.0.0.1:8765"}
    before = simulator.count()["starts"]
    ended = call("run", str(a_listening_batch(tmp_path, simulator.base_url, 1, webhook=webhook)))
    assert ended.exit == 2
    assert "webhook.listen: nobody can listen there" in ended.err
    assert simulator.count()["starts"] == before
