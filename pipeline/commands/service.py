"""The service that a config names: the real one, or the simulator beside the ledger.

Owns the way from a config to a client. Must not know what is asked of the service.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from pipeline.config.api_key import find_key
from pipeline.config.model import Config
from pipeline.remote.client import Client
from pipeline.remote.secret import Secret
from pipeline.remote.transport import Timeouts
from pipeline.simulator.faults import Faults
from pipeline.simulator.settings import Settings


@asynccontextmanager
async def client_for(config: Config) -> AsyncIterator[Client]:
    """A client of the config's service; where that is the simulator, it serves meanwhile.

    Raises `ConfigFault` where there is no key.
    """
    key, workflow_id = Secret(find_key(config, os.environ)), config.workflow.id
    # What is delivered after the settle would come too late to be noticed: see docs/promises.md.
    timeouts = Timeouts(unacknowledged_seconds=config.retry.settle_seconds / 2)
    if not config.workflow.is_simulated:
        async with Client(config.workflow.base_url, key, workflow_id, timeouts=timeouts) as client:
            yield client
        return
    # A batch at the real service does not wait until a server is loaded.
    from pipeline.simulator.journal import open_service  # noqa: PLC0415
    from pipeline.simulator.server import SimulatorServer  # noqa: PLC0415

    with open_service(simulator_settings(config), simulator_state(config)) as service:
        async with (
            SimulatorServer(service) as server,
            Client(server.base_url, key, workflow_id, timeouts=timeouts) as client,
        ):
            yield client


def simulator_settings(config: Config) -> Settings:
    """The config's `simulator:` block, in the simulator's own terms."""
    asked = config.simulator
    return Settings(
        seed=asked.seed,
        duration_seconds=asked.duration_seconds,
        credits=asked.credits,
        fail=asked.fail,
        faults=Faults(**asdict(asked.faults)),
    )


def simulator_state(config: Config) -> Path:
    """Where the simulator keeps its runs, so that a killed batch finds them again.

    Beside the ledger itself, as the ledger's lock is: whoever goes on with it knows of its runs.
    """
    ledger = config.ledger.resolve()
    return ledger.with_name(f"{ledger.name}.simulator")
