"""What a person can meet that did not go well, as Markdown tables. Owns their form and headings.

The words are the program's own: of its errors, of its stops, and of its report.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from docs.making.messages import messages
from docs.making.sourcewords import UNKNOWN
from pipeline import errors
from pipeline.engine.batch.stop import REMEDY_OF_STOP, StopReason
from pipeline.report.troubles import ADVICE

HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "UsageFault": (
        "The command line",
        "The call itself is not as the program takes it. Nothing was started.",
    ),
    "ConfigFault": (
        "The config",
        (
            "The place is the file, its line and the key. All faults of a config are told at once; "
            "nothing was started. [The reference](config.md) tells each key."
        ),
    ),
    "InputFault": (
        "The sheet that is read",
        (
            "The place is the file or the cell. Nothing was started. Where the batch had begun, "
            "the input changed meanwhile: everything is in the ledger, and the same command goes "
            "on."
        ),
    ),
    "OutputFault": (
        "A file that is written",
        (
            "Before a batch it means that nothing was started. At its end the rows are in the "
            "ledger all the same: once this is mended, `pipeline export CONFIG` writes them."
        ),
    ),
    "LedgerFault": (
        "The ledger",
        (
            "What was started and paid for stands there, so nothing is started without it. Never "
            "delete a ledger to get on: all of its rows would be paid for again."
        ),
    ),
    "LedgerLost": (
        "A ledger that was lost on the way",
        "The batch stopped at once, and nothing more was started. What was recorded is resumable.",
    ),
    "RemoteFault": (
        "The service, beside the rows",
        (
            "A question that costs nothing was refused or not answered: by `check --online`, "
            "`resolve` or `webhooks`. No row depends on it."
        ),
    ),
}
"""Each class of errors, as a heading and what it means, in the order of a batch."""

HAPPENED: Final[Mapping[StopReason, str]] = {
    StopReason.INTERRUPTED: "Somebody pressed Ctrl-C.",
    StopReason.TERMINATED: "The process was asked to end, as when a machine is shut down.",
    StopReason.KEY_REFUSED: "The service does not take the key, or takes it no more.",
    StopReason.WORKFLOW_NOT_FOUND: "There is no workflow of this id, or the key may not see it.",
    StopReason.SERVICE_GONE: "For a long time no start, or no look, was answered.",
    StopReason.CREDITS_AT_LIMIT: "The workspace has no credits left.",
    StopReason.CREDITS_BAR_LOOKS: "It has none left, and the service answers no look without.",
    StopReason.TOO_MANY_FAILURES: "`limits.max_failures` rows failed in this call.",
    StopReason.CAP_REACHED: "One more run could pass `limits.max_credits`.",
    StopReason.ADJUSTED_CAP_REACHED: "One more run could pass what `adjust` set.",
    StopReason.CREDITS_UNKNOWN: "A run's cost is not known, so `limits.max_credits` can't be kept.",
}


def stops() -> str:
    """A table of the reasons for which a batch stops before its rows are done."""
    rows = [(reason.value, HAPPENED[reason], REMEDY_OF_STOP[reason]) for reason in StopReason]
    return _table(("reason", "what happened", "what to do"), rows)


def failures() -> str:
    """A table of what keeps a row from being complete."""
    rows = [
        (trouble.value, advice.meaning, advice.remedy.format(config="CONFIG"))
        for trouble, advice in ADVICE.items()
    ]
    return _table(("why", "what it means", "what to do"), rows)


def all_errors() -> str:
    """A section for each class of errors: what it means, and a table of its messages."""
    return "\n\n".join(_section(fault) for fault in HEADINGS)


def _section(fault: str) -> str:
    title, meaning = HEADINGS[fault]
    remedies: dict[str, list[str]] = defaultdict(list)
    for _, message in messages():
        if message.fault == fault and not message.is_told_by_another:
            remedies[message.wrong].append(message.remedy)
    rows = [(wrong, _either(remedies[wrong])) for wrong in sorted(remedies, key=_without_unknown)]
    code = getattr(errors, fault).exit
    table = _table(("it says", "what to do"), rows)
    return f"### {title}\n\n{meaning} Exit code {code:d}.\n\n{table}"


def _either(remedies: Iterable[str]) -> str:
    known = dict.fromkeys(text for text in remedies if text.strip(f"{UNKNOWN} "))
    return "; or: ".join(known) or "as it says itself"


def _without_unknown(text: str) -> str:
    return text.strip(f"{UNKNOWN} ").casefold()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return (
        "\n".join(f"| {' | '.join(line)} |" for line in lines)
        .replace("| --- ", "|---")
        .replace("|--- |", "|---|")
    )


def _cell(text: str) -> str:
    """Plain text as Markdown that shows it as it is; calls in back quotes stay."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"[<>*_|\[\]{}]", r"\\\g<0>", piece)
        for piece in pieces
    )
