"""Paying again where nobody asked for it: noticed and told before a row is sent.

Two causes: rows became new though their own values did not change, and the ledger that knew what
was paid is gone. Must not know how rows are sent, nor what a person asks for: that is `asking`'s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from pipeline import sheets
from pipeline.commands.preparing import Prepared, source_of
from pipeline.commands.quoting import cost_in_words, quote_for
from pipeline.commands.terminal import confirm, say
from pipeline.config.model import Config
from pipeline.config.readers import SIMULATOR
from pipeline.core.cells import NoSuchColumnError, find_column, shown
from pipeline.core.model import RunId
from pipeline.core.planning import Decision, Plan, plan
from pipeline.core.remade import remade
from pipeline.errors import PipelineError
from pipeline.ledger.store import Ledger


def ask_before_paying_again(prepared: Prepared, ledger: Ledger, *, is_agreed: bool) -> None:
    """Let a person agree to what would be paid for again. Raises `UsageFault` where nobody does."""
    if ledger.has_ended(prepared.reading):
        return
    unknown = _unknown_runs(prepared, ledger)
    if not unknown and not ledger.has_paid(free=SIMULATOR):
        return
    planned = plan(prepared.rows, ledger.states())
    for question in _questions(prepared, planned, ledger, unknown):
        confirm(question, is_agreed=is_agreed)
    header = prepared.config.output.columns.run_id
    if unknown and planned.counts()[Decision.START] and header is not None:
        # Agreed once: a call that dies before it writes the output is not asked again.
        ledger.remember_texts((header, run_id) for run_id in unknown)


def tell_paying_again(prepared: Prepared, planned: Plan, ledger: Ledger | None) -> None:
    """Say what a run would ask about first."""
    unknown = _unknown_runs(prepared, ledger)
    for question in _questions(prepared, planned, ledger, unknown):
        say(f"{question}. The run asks first.")


def _questions(
    prepared: Prepared, planned: Plan, ledger: Ledger | None, unknown: Sequence[RunId]
) -> Iterator[str]:
    """What would be paid for again; nothing at the simulator, which costs nothing."""
    config = prepared.config
    starts = planned.counts()[Decision.START]
    if config.workflow.is_simulated or not starts:
        return
    if unknown:
        yield (
            f"{config.output.path.name} holds {len(unknown)} run ids that the ledger "
            f"{config.ledger.name} does not know: was it moved or deleted? Rows that were paid "
            f"for would be paid for again ({_cost(min(starts, len(unknown)), config, ledger)})"
        )
    if ledger is None:
        return
    again = remade(prepared.sheet, planned, partial(ledger.paid, free=SIMULATOR))
    if again.rows:
        cause = (
            "this program now makes other text of their cells"
            if again.is_rendered_anew
            else "the config or a number format was changed"
        )
        yield (
            f"{again.rows} rows that were paid for would be paid for again "
            f"({_cost(again.runs, config, ledger)}): their own values are as they were, but {cause}"
        )


def _cost(rows: int, config: Config, ledger: Ledger | None) -> str:
    return cost_in_words(quote_for(rows, config, ledger))


def _unknown_runs(prepared: Prepared, ledger: Ledger | None) -> list[RunId]:
    """The run ids in the output that this ledger can't have written there."""
    config = prepared.config
    path, header = config.output.path, config.output.columns.run_id
    if config.workflow.is_simulated or header is None or not path.exists():
        return []
    if ledger is not None and ledger.written_digest(path) == sheets.digest(path):
        return []
    found = _run_ids(prepared, header)
    if ledger is None:
        return found
    known = {*ledger.owners(found), *ledger.written_texts(header)}
    return [run_id for run_id in found if run_id not in known]


def _run_ids(prepared: Prepared, header: str) -> list[RunId]:
    """What stands in the output's column of run ids; nothing where it is no sheet any more."""
    input_ = replace(prepared.config.input, path=prepared.config.output.path)
    try:
        sheet = sheets.read(source_of(input_, frozenset()))
        place = find_column(sheet.columns, header)
    except (PipelineError, NoSuchColumnError):
        return []
    texts = dict.fromkeys(shown(row.values[place]).strip() for row in sheet.rows)
    return [RunId(text) for text in texts if text]
