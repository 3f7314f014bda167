"""Paying again where nobody asked for it: noticed and told before a row is sent.

Two causes: rows became new though their own values did not change, and the ledger that knew what
was paid is gone. Must not know how rows are sent, nor what a person asks for: that is `asking`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline import sheets
from pipeline.commands.preparing import Prepared, source_of
from pipeline.commands.quoting import cost_in_words, quote_for
from pipeline.commands.terminal import confirm, say
from pipeline.config.model import Config
from pipeline.config.values.readers import SIMULATOR
from pipeline.core.counting import counted
from pipeline.core.model import RunId
from pipeline.core.rows.cells import NoSuchColumnError, find_column, shown
from pipeline.core.rows.planning import Decision, Plan, plan
from pipeline.core.rows.remade import remade
from pipeline.errors import PipelineError
from pipeline.ledger.store import Ledger


def ask_before_paying_again(prepared: Prepared, ledger: Ledger, *, is_agreed: bool) -> None:
    """Let a person agree to what would be paid for again. Raises `UsageFault` where nobody does."""
    if prepared.config.workflow.is_simulated or ledger.has_ended(prepared.reading):
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
        ledger.remember_texts((header, run_id) for ids in unknown.values() for run_id in ids)


def tell_paying_again(prepared: Prepared, planned: Plan, ledger: Ledger | None) -> None:
    """Say what a run would ask about first."""
    unknown = _unknown_runs(prepared, ledger)
    for question in _questions(prepared, planned, ledger, unknown):
        say(f"{question}. The run asks first.")


def _questions(
    prepared: Prepared,
    planned: Plan,
    ledger: Ledger | None,
    unknown: Mapping[Path, Sequence[RunId]],
) -> Iterator[str]:
    """What would be paid for again; nothing at the simulator, which costs nothing."""
    config = prepared.config
    starts = planned.counts()[Decision.START]
    if config.workflow.is_simulated or not starts:
        return
    for output, ids in unknown.items():
        yield (
            f"{output.name} holds {len(ids)} run ids that the ledger "
            f"{config.ledger.name} does not know: was it moved or deleted? Rows that were paid "
            f"for would be paid for again ({_cost(min(starts, len(ids)), config, ledger)})"
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
            f"{counted(again.rows, 'row')} already paid for would be paid for again "
            f"({_cost(again.runs, config, ledger)}): the values are as they were, but {cause}"
        )


def _cost(rows: int, config: Config, ledger: Ledger | None) -> str:
    return cost_in_words(quote_for(rows, config, ledger))


def _unknown_runs(prepared: Prepared, ledger: Ledger | None) -> dict[Path, list[RunId]]:
    """By output, the run ids in it that this ledger can't have written there.

    Looked at is the config's own output as well: a call may name another.
    """
    config = prepared.config
    header = config.output.columns.run_id
    if config.workflow.is_simulated or header is None:
        return {}
    outputs = dict.fromkeys((config.output.path, prepared.own_output))
    unknown = {path: _unknown_in(path, header, prepared, ledger) for path in outputs}
    return {path: ids for path, ids in unknown.items() if ids}


def _unknown_in(
    output: Path, header: str, prepared: Prepared, ledger: Ledger | None
) -> list[RunId]:
    if not output.exists():
        return []
    if ledger is not None and ledger.written_digest(output) == sheets.digest(output):
        return []
    found = _run_ids(output, header, prepared)
    if ledger is None:
        return found
    known = {*ledger.owners(found), *ledger.written_texts(header)}
    return [run_id for run_id in found if run_id not in known]


def _run_ids(output: Path, header: str, prepared: Prepared) -> list[RunId]:
    """What stands in the output's column of run ids; nothing where it is no sheet any more."""
    input_ = replace(prepared.config.input, path=output)
    try:
        sheet = sheets.read(source_of(input_, frozenset()))
        place = find_column(sheet.columns, header)
    except (PipelineError, NoSuchColumnError):
        return []
    texts = dict.fromkeys(shown(row.values[place]).strip() for row in sheet.rows)
    return [RunId(text) for text in texts if text]
