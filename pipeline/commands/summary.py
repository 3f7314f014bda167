"""The figures at the end of a call. Owns the summary and the exit code that follows from it.

Counts and credits are of the sheet's rows as they stand now, over all calls and attempts.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from pipeline.commands.terminal import say, tell
from pipeline.core.amounts import amount_in_words, plain_amount
from pipeline.core.counting import counted
from pipeline.core.model import CAME_TO_NOTHING, IN_FLIGHT, State, Status
from pipeline.engine.batch.stop import Stop, StopReason
from pipeline.errors import Exit, OutputFault
from pipeline.ledger.records import Tally


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call says when it ends; the names are those of the JSON."""

    batch: str
    rows: int
    complete: int
    failed: int
    expired: int
    unconfirmed: int
    running: int
    pending: int
    skipped: int
    reused: int
    """Rows that were final in the ledger before this call."""
    credits: float
    credits_unknown: int
    """Completed runs for which the service named no credits."""
    requests: Mapping[str, int]
    """Calls to the service in this call, by kind: start, poll, list."""
    seconds: float
    """From the first byte read to the output in place."""
    output: str | None
    ledger: str
    exit: int = field(default=int(Exit.OK))
    shared: int = 0
    """Rows without a run of their own: they share an equal row's. For a person only."""
    saved_credits: float = 0
    """What the runs would have cost that were not started for them. For a person only."""
    is_of_a_call: bool = True
    """Whether there was a call to tell of. For a person only."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a summary says of the call alone."""

    reused: int
    requests: Mapping[str, int]
    seconds: float
    output: Path | None
    is_made: bool = True
    """False: the ledger was looked at, and nothing else was done."""


def summarise(batch: str, ledger: str, tally: Tally, call: Call, exit_: Exit) -> Summary:
    """The ledger's figures and the call's, as one."""
    rows = tally.by_status()
    return Summary(
        batch=batch,
        rows=tally.rows,
        complete=rows[Status.COMPLETE],
        failed=rows[Status.FAILED],
        expired=rows[Status.EXPIRED],
        unconfirmed=rows[Status.UNCONFIRMED],
        running=rows[Status.RUNNING],
        pending=rows[Status.PENDING],
        skipped=rows[Status.SKIPPED],
        reused=call.reused,
        credits=plain_amount(tally.credits),
        credits_unknown=tally.credits_unknown,
        requests={kind: call.requests.get(kind, 0) for kind in ("start", "poll", "list")},
        seconds=round(call.seconds, 3),
        output=None if call.output is None else str(call.output),
        ledger=ledger,
        exit=int(exit_),
        shared=tally.shared,
        saved_credits=plain_amount(tally.saved_credits),
        is_of_a_call=call.is_made,
    )


EXIT_OF_STOP = {
    StopReason.INTERRUPTED: Exit.INTERRUPTED,
    StopReason.TERMINATED: Exit.TERMINATED,
}


def exit_of(tally: Tally, stop: Stop | None, incomplete_of_limit: int | None) -> Exit:
    """The exit code; `incomplete_of_limit`: sent in this call under ``--limit``, not complete."""
    if stop is not None and stop.reason in EXIT_OF_STOP:
        return EXIT_OF_STOP[stop.reason]
    if stop is None and incomplete_of_limit is not None:
        return Exit.UNFINISHED if incomplete_of_limit else Exit.OK
    if tally.count(State.PLANNED, *IN_FLIGHT):
        return Exit.STOPPED
    if tally.faulty or tally.count(State.UNCONFIRMED, *CAME_TO_NOTHING):
        return Exit.UNFINISHED
    return Exit.OK


def show(summary: Summary, *, as_json: bool) -> None:
    """The summary, and nothing else, on stdout."""
    text = _as_json(summary) if as_json else as_text(summary)
    tell(text)


def show_at_the_end(summary: Summary, *, as_json: bool) -> None:
    """The same, of a batch that has ended as it has, whoever hears of it."""
    try:
        show(summary, as_json=as_json)
    except OutputFault as fault:
        say(str(fault))


FOR_A_PERSON: Final = frozenset({"shared", "saved_credits", "is_of_a_call"})
"""What the text says and the JSON, whose names are promised, does not."""


def _as_json(summary: Summary) -> str:
    figures = asdict(summary)
    return json.dumps({name: figures[name] for name in figures if name not in FOR_A_PERSON})


def as_text(summary: Summary) -> str:
    """The summary for a person: what is there, what it cost, where it stands."""
    counts = ", ".join(
        f"{getattr(summary, status)} {status}" for status in Status if getattr(summary, status)
    )
    unknown = (
        f" ({counted(summary.credits_unknown, 'run')} named none)"
        if summary.credits_unknown
        else ""
    )
    lines = [
        f"{summary.batch}: {counted(summary.rows, 'row')}: {counts or 'none'}",
        f"credits: {amount_in_words(summary.credits)}{unknown}",
    ]
    if summary.shared:
        saved = f"{amount_in_words(summary.saved_credits)} credits saved so far"
        lines.append(
            f"duplicates: {counted(summary.shared, 'row')} with an equal row's run: {saved}"
        )
    if summary.is_of_a_call:
        lines.append(_call_in_words(summary))
    if summary.output:
        lines.append(f"output: {summary.output}")
    lines.append(f"ledger: {summary.ledger}")
    return "\n".join(lines)


def _call_in_words(summary: Summary) -> str:
    requests = ", ".join(f"{count} {kind}" for kind, count in summary.requests.items() if count)
    noun = "request" if sum(summary.requests.values()) == 1 else "requests"
    return f"this call: {summary.reused} reused, {requests or 'no'} {noun}, {summary.seconds:.1f} s"
