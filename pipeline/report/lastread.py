"""For what the ledger's rows were last read, where the config names something else by now.

What was done at the simulator, say, is not done at the service. Must not know what is made of it.
"""

from dataclasses import dataclass

from pipeline.config.model import Workflow
from pipeline.config.values.readers import SIMULATOR
from pipeline.ledger.readings import Readings


@dataclass(frozen=True, slots=True)
class ReadFor:
    """A service or workflow that the config does not name, or names no more."""

    name: str
    key: str
    """The key of the config that names another."""

    @property
    def told(self) -> str:
        """It in words, without a full stop."""
        return (
            f"the ledger's rows were last read for {self.name}, not for what the config names now"
        )


def read_for_another(workflow: Workflow, ledger: Readings) -> ReadFor | None:
    """What the rows were last read for; ``None``: for what the config names, or never yet."""
    read_for = ledger.read_for()
    if read_for is None or read_for == (workflow.service, workflow.id):
        return None
    service, workflow_id = read_for
    if service == workflow.service:
        return ReadFor(f"the workflow {workflow_id}", "workflow.id")
    name = "the bundled simulator" if service == SIMULATOR else service
    return ReadFor(name, "workflow.base_url")
