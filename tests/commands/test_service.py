"""What goes to the service: the requests as they are shown, and the sockets beneath them."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from pipeline.commands.preparing import Overrides, load_config
from pipeline.commands.service import client_for
from tests.commands.doubting import CutOff, Program
from tests.journeys.running import a_batch


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
