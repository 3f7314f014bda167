"""What goes to the service: the requests as they are shown, and the sockets beneath them."""

import asyncio
import json
import socket
from argparse import Namespace
from pathlib import Path

import pytest

from pipeline.commands import check
from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.service import client_for, simulator_state
from pipeline.core.replies import Halted, HaltReason, ListReply
from pipeline.errors import RemoteFault
from pipeline.remote.client import Client
from pipeline.remote.wire import HttpReply, list_reply
from tests.commands.doubting import CutOff, Program
from tests.journeys.running import KEY, a_batch


def test_a_start_is_shown_as_it_is_sent(tmp_path: Path, program: Program) -> None:
    """`check` shows the metadata with the place of the token, which is made for each start."""
    workflow = {"id": "WCFG-1", "base_url": "simulator", "metadata": {"team": "ops"}}
    config = a_batch(tmp_path, 1, workflow=workflow, simulator={"duration": "0s"})
    (shown,) = json.loads(program("check", config, "--json").out)["requests"]
    assert program("run", config).exit == 0
    with CutOff(config, []).service() as service:
        (sent,) = service.count_with_runs(0).body["runs"]
    assert shown["metadata"].keys() == sent["metadata"].keys()
    assert shown["metadata"] | {"pipeline_attempt": ""} == {
        "team": "ops",
        "api": True,
        "pipeline_attempt": "",
    }
    assert shown["metadata"]["pipeline_attempt"] == "<made for each start>"


def test_a_ledger_that_a_link_leads_to_has_one_simulator(tmp_path: Path) -> None:
    """Whatever the ledger is called, the simulator knows of the runs that stand in it."""
    (tmp_path / "kept").mkdir()
    kept = tmp_path / "kept" / "batch.ledger"
    (tmp_path / "linked.ledger").symlink_to(kept)
    configs = (a_batch(tmp_path, 1, ledger=str(name)) for name in ("linked.ledger", kept))
    states = [simulator_state(load_config(config, Overrides())) for config in configs]
    assert states == [kept.with_name("batch.ledger.simulator").resolve()] * 2


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such option")
def test_a_start_is_not_delivered_after_half_of_the_settle(tmp_path: Path) -> None:
    """What the system delivers later would begin a run that nobody looks for any more."""
    config = load_config(a_batch(tmp_path, 1, retry={"settle": "8s"}), Overrides())

    async def scenario() -> None:
        async with client_for(config) as client:
            await client.list_runs(1)
            ((kept, _),) = client.transport._session.connector._conns.popitem()[1]  # noqa: SLF001
            connection = kept.transport.get_extra_info("socket")
            option = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert option == 4000
            kept.transport.close()

    asyncio.run(scenario())


def _listed(status: int) -> ListReply:
    return list_reply(HttpReply(status, b""))


@pytest.mark.parametrize(
    ("reply", "wrong", "remedy"),
    [
        (_listed(401), "the service refused the key", "make a new key"),
        (_listed(402), "the workspace has no credits left", "give the workspace credits again"),
        (_listed(404), "the service does not know this workflow", "copy the id again"),
        (_listed(503), "the service does not answer", "check the address and the network"),
        (
            Halted(HaltReason.WORKFLOW_NOT_FOUND, "gone"),
            "does not know this workflow (gone)",
            "the id",
        ),
        (Halted(HaltReason.CREDITS_AT_LIMIT, "none"), "no credits left (none)", "credits again"),
    ],
)
def test_what_the_service_says_no_to_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: ListReply, wrong: str, remedy: str
) -> None:
    """`check --online` asks for the list alone; its refusal names the key of the config."""

    async def listed(_: Client, __: int) -> ListReply:
        return reply

    monkeypatch.setattr(Client, "list_runs", listed)
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    workflow = {"id": "WCFG-1", "base_url": "https://service.example/api"}
    arguments = Namespace(config=a_batch(tmp_path, 1, workflow=workflow), online=True, json=False)
    with pytest.raises(RemoteFault) as fault:
        check.run(arguments)
    assert wrong in str(fault.value)
    assert remedy in str(fault.value)
