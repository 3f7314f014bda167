"""The sheet's rows in numbers, as `status` and `report` tell them. Owns which reading counts.

Must not know how the numbers are shown.
"""

from pipeline.commands.terminal import command_line, say
from pipeline.config.model import Config
from pipeline.config.values.readers import SIMULATOR
from pipeline.ledger.records import Tally
from pipeline.ledger.store import Ledger


def tally_of(config: Config, ledger: Ledger) -> Tally:
    """The rows as they were last read; none where that was for what the config names no more.

    Says so then: what was done at the simulator is not done at the service.
    """
    where = _read_for_another(config, ledger)
    if where is None:
        return ledger.tally()
    check = command_line("check", config.path)
    say(
        f"The ledger's rows were last read for {where}, not for what the config names now: none "
        f"is counted before the next `run`; `{check}` tells what is done."
    )
    return Tally()


def _read_for_another(config: Config, ledger: Ledger) -> str | None:
    workflow, read_for = config.workflow, ledger.read_for()
    if read_for is None or read_for == (workflow.service, workflow.id):
        return None
    service, workflow_id = read_for
    if service == workflow.service:
        return f"the workflow {workflow_id}"
    return "the bundled simulator" if service == SIMULATOR else service
