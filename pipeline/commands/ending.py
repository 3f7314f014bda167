"""What is said beside the figures when a call has ended. Owns the lines on what a person can do.

Must not know how the batch went on its way, nor the exit code.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.commands.nextcalls import next_call
from pipeline.commands.preparing import Overrides
from pipeline.commands.terminal import command_line, say
from pipeline.core.counting import counted
from pipeline.core.model import IN_FLIGHT, FailureClass, State
from pipeline.engine.batch.stop import SAME_COMMAND, Stop
from pipeline.ledger.records import Tally


def going_on(config: Path, given: Overrides, *, is_again: bool) -> str:
    """The command that goes on with the batch and asks for no row once more.

    Where rows were asked for again, the same command may ask for them once more: `run` never does.
    """
    return next_call("run", config, given) if is_again else SAME_COMMAND


def tell_stop(stop: Stop | None, tally: Tally, goes_on: str) -> None:
    """Say why the call stopped early; nothing where it only stopped what had ended anyway."""
    if stop is None or (stop.reason.watches_on and not tally.count(State.PLANNED, *IN_FLIGHT)):
        return
    say(f"Stopped early: {stop.message_naming(goes_on)}.")


def tell_new_rows(stop: Stop | None, tally: Tally, goes_on: str) -> None:
    """Say what the rows wait for that came into the sheet while the batch ran."""
    if stop is None and (pending := tally.count(State.PLANNED)):
        verb, them = ("is", "it") if pending == 1 else ("are", "them")
        say(
            f"{counted(pending, 'row')} that came into the sheet meanwhile {verb} pending: "
            f"{goes_on} starts {them}."
        )


def tell_doubts(in_doubt: int, config: Path, given: Overrides) -> None:
    """Say who can settle what the service did not show, also of rows that left the sheet."""
    if in_doubt:
        _, them = _was(in_doubt)
        resolve = next_call("resolve", config, given)
        say(f"{in_doubt} in doubt: {resolve} shows {them} and takes your decision.")


def tell_failures(
    tally: Tally, failed: Mapping[FailureClass | None, int], config: Path, given: Overrides
) -> None:
    """Say what a person can do about the rows that have ended without being complete.

    `failed`: the rows that failed at the service, by who could mend it.
    """
    if tally.faulty:
        # `check` reads the config's own sheet, and no other.
        is_own = given.input is None
        names = f"`{command_line('check', config)}`" if is_own else "the column Error"
        say(
            f"{counted(tally.faulty, 'row')} can't be sent, and cost nothing: "
            f"{names} names the cells; mend them, and run again."
        )
    refused, given_up = (failed.get(c, 0) for c in (FailureClass.INPUT, FailureClass.UNCONFIRMED))
    run, retry = (next_call(verb, config, given) for verb in ("run", "retry"))
    if refused:
        was, them = _was(refused)
        say(
            f"{counted(refused, 'row')} {was} refused by the service: the output says why; mend "
            f"the cells, then give {run}. `retry` leaves {them} out while unchanged."
        )
    if run_failed := sum(failed.values()) - refused - given_up:
        each = "it" if run_failed == 1 else "each"
        say(
            f"{counted(run_failed, 'row')} failed at the service: the output says why, and "
            f"{retry} pays for another attempt of {each}."
        )
    if given_up:
        was, them = _was(given_up)
        say(
            f"{counted(given_up, 'row')} {was} given up by a person: {retry} sends {them} anew; "
            "one whose first start did arrive is then paid for twice."
        )
    if expired := tally.count(State.EXPIRED):
        was, _ = _was(expired)
        say(f"{counted(expired, 'row')} {was} not seen to end: {run} looks again, free.")


def _was(rows: int) -> tuple[str, str]:
    return ("was", "it") if rows == 1 else ("were", "them")
