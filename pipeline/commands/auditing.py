"""What ledger and service have unlike each other, as a person or a script reads it.

Owns the words and the JSON. Must not know how the service's list was read.
"""

from collections.abc import Sequence
from typing import Final

from pipeline.commands.accounting import place_of
from pipeline.commands.terminal import printable
from pipeline.core.amounts import amount_in_words
from pipeline.core.counting import counted
from pipeline.core.model import RunId
from pipeline.core.money.accounts import Audit, Line

NAMED_OF_A_KIND: Final = 20
"""So many runs that differ are named one by one; the JSON names all."""


def audit_in_words(found: Audit) -> list[str]:
    """What the service's list shows beside the ledger, a line each."""
    lines = [
        f"at the service: {counted(found.agreed, 'run')} with the same credits",
        f"  whose credits its list does not name: {found.unnamed}",
        f"  still running, by the ledger: {found.running}",
        f"  of this workflow, without a token of this ledger: {found.not_ours}",
    ]
    if found.lacking is not None:
        lines.append(f"What the service has not can't be told: {found.lacking}.")
    lines += _named(
        "in the ledger, and not at the service",
        [_name(line) for line in found.missing],
    )
    lines += _named(
        "at the service with this ledger's token, and not in the ledger",
        [
            printable(one.run_id) if one.line is None else _name(one.line, one.run_id)
            for one in found.unrecorded
        ],
    )
    lines += _named(
        "of which the credits differ",
        [
            f"{_name(one.line)}: {_told(one.line.attempt.credits)} in the ledger, "
            f"{_told(one.service_credits)} at the service"
            for one in found.differing
        ],
    )
    return [*lines, "They differ." if found.differs else "Nothing differs."]


def _named(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = [f"  {name}" for name in names[:NAMED_OF_A_KIND]]
    more = len(names) - len(shown)
    return [f"{len(names)} {what}:", *shown, *([f"  and {more} more: see --json"] if more else [])]


def _name(line: Line, run_id: RunId | None = None) -> str:
    place = f"row {line.row_number}" if line.in_sheet else f"row {line.row_number}, which left"
    return f"{printable(run_id or line.attempt.run_id or '')} ({place})"


def _told(credits_: float | None) -> str:
    return "none" if credits_ is None else amount_in_words(credits_)


def audit_as_json(found: Audit) -> dict[str, object]:
    """What was compared and found, as the names of the JSON say."""
    return {
        "agreed": found.agreed,
        "running": found.running,
        "unnamed": found.unnamed,
        "not_ours": found.not_ours,
        "lacking": found.lacking,
        "missing": [{**place_of(line), "run": line.attempt.run_id} for line in found.missing],
        "unrecorded": [
            {
                "row": None if one.line is None else one.line.row_number,
                "attempt": None if one.line is None else one.line.attempt.number,
                "run": one.run_id,
                "credits": one.credits,
            }
            for one in found.unrecorded
        ],
        "differing": [
            {
                **place_of(one.line),
                "run": one.line.attempt.run_id,
                "ledger": one.line.attempt.credits,
                "service": one.service_credits,
            }
            for one in found.differing
        ],
    }
