"""A sheet's rows on their way into the ledger. Owns what is told meanwhile, and what is reused."""

import time
from typing import Final

from pipeline.commands.preparing import Prepared
from pipeline.commands.working import told_while
from pipeline.core.counting import counted
from pipeline.core.rows.planning import DECISION_OF, Decision
from pipeline.ledger.store import Ledger

REUSED: Final = tuple(
    state for state, decision in DECISION_OF.items() if decision is Decision.REUSE
)


def enrol(prepared: Prepared, ledger: Ledger) -> int:
    """Give every row its entry in the ledger; tells how many rows are final already.

    Where the very same sheet was read before and every row of it has ended, that reading stands.
    """
    if not ledger.has_ended(prepared.reading):
        workflow, source = prepared.config.workflow, prepared.source.path
        with told_while(f"Entering {counted(len(prepared.rows), 'row')} in the ledger"):
            ledger.enrol(prepared.rows, source, workflow.service, workflow.id, time.time())
        ledger.say_reading(prepared.reading)
    states = ledger.rows_by_state().items()
    return sum(rows for state, rows in states if DECISION_OF[state] is Decision.REUSE)
