"""`pipeline run`: starts, resumes or completes a batch. Tells the whole story, top to bottom."""

import argparse
import asyncio
import gc
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.commands.adjust import adjust
from pipeline.commands.asking import (
    Again,
    ask_about_a_copy,
    find_again,
    open_round,
    tell_open_round,
)
from pipeline.commands.consent import (
    PILOT_ROWS,
    Consent,
    ask_to_pay,
    goes_on_after_pilot,
    tell_rest,
    tell_slow_begin,
)
from pipeline.commands.ending import going_on, tell_doubts, tell_failures, tell_new_rows, tell_stop
from pipeline.commands.enrolling import REUSED, enrol
from pipeline.commands.ledgers import kept_at, need_the_extra
from pipeline.commands.movinginput import write_as_the_input_is_now
from pipeline.commands.preparing import Overrides, Prepared, add_sheet_arguments, prepare
from pipeline.commands.receiving import deliveries_for
from pipeline.commands.service import client_for
from pipeline.commands.summary import Call, exit_of, show_at_the_end, summarise
from pipeline.commands.terminal import say
from pipeline.commands.unasked import ask_before_paying_again
from pipeline.commands.unmet import tell_unmet
from pipeline.commands.writing import (
    rehearse_output,
)
from pipeline.config.adjusting import adjusted
from pipeline.config.model import Config
from pipeline.core.model import RoundKind, State
from pipeline.core.retrying import Choice
from pipeline.engine.batch.course import Course
from pipeline.engine.batch.stop import Stop, Switch
from pipeline.engine.clock import Clock
from pipeline.engine.loop import run as run_loop
from pipeline.engine.process import World, process
from pipeline.engine.progress.progress import Progress
from pipeline.engine.signals import signals_ask
from pipeline.errors import Exit, LedgerLost, PipelineError
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.store import Ledger

HELP: Final = "start, resume or complete a batch: always the same command"
EXAMPLE: Final = """\
pipeline run configs/leads.yaml --limit 5
pipeline run configs/leads.yaml
pipeline run configs/leads.yaml --input june.xlsx --output june.done.xlsx"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and the flags that `retry` shares."""
    add_sheet_arguments(parser)
    parser.add_argument(
        "--limit",
        type=_at_least_one,
        metavar="N",
        help="a pilot: send at most N new attempts, and tell what the others will cost",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="leave the earlier results of these rows aside, and pay for them again",
    )
    parser.add_argument(
        "--watch", action="store_true", help="show the batch on a page in the browser meanwhile"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: agree beforehand")
    parser.add_argument(
        "--report", action="store_true", help="when it ends, write an HTML report beside the output"
    )
    parser.add_argument("--json", action="store_true", help="the summary as JSON, alone on stdout")


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows: write 1 or more")
    return int(text)


def run(arguments: argparse.Namespace) -> Exit:
    """Run the batch; with ``--fresh``, its finished rows again."""
    return run_batch(arguments, Again(RoundKind.FRESH, Choice()) if arguments.fresh else None)


def run_batch(arguments: argparse.Namespace, again: Again | None) -> Exit:
    """Run the batch; with `again`, open a round for the rows that are asked for once more."""
    began_at = time.monotonic()
    prepared = prepare(arguments.config, Overrides(arguments.input, arguments.output))
    tell_unmet(prepared)
    config = prepared.config
    if config.server is not None:
        need_the_extra(config)
        # Only a shared ledger needs what this brings along.
        from pipeline.commands.sharedrun import run_shared  # noqa: PLC0415

        return run_shared(arguments, again, prepared, began_at)
    with open_ledger(config.ledger) as ledger:
        rehearse_output(prepared, ledger)
        ask_about_a_copy(config, ledger, is_agreed=arguments.yes)
        ask_before_paying_again(prepared, ledger, is_agreed=arguments.yes)
        reused = enrol(prepared, ledger)
        asked = find_again(again, prepared.rows, ledger)
        consent = ask_to_pay(asked, config, ledger, arguments.limit, is_agreed=arguments.yes)
        open_round(again, asked, ledger)
        if asked:
            reused = ledger.tally().count(*REUSED)
        else:
            tell_open_round(ledger)
        tell_slow_begin(config, ledger)
        mark = ledger.mark()
        _collect_garbage_seldom()
        with _page(config) if arguments.watch else nullcontext():
            work, limit = _work(consent, prepared, ledger, arguments.limit)
        tally = ledger.tally()
        failed = ledger.history.failed_rows() if tally.count(State.FAILED) else {}
        in_doubt = len(ledger.entries(State.UNCONFIRMED))
        incomplete = None if limit is None else ledger.incomplete_since(mark)
        if arguments.report:
            _report(config, ledger)
    exit_ = exit_of(tally, work.stop, incomplete) if work.output else Exit.STOPPED
    call = Call(reused, work.requests, time.monotonic() - began_at, work.output)
    goes_on = going_on(config.path, prepared.overrides, is_again=again is not None)
    tell_stop(work.stop, tally, goes_on)
    if limit is None and work.output:
        tell_new_rows(work.stop, tally, goes_on)
    tell_doubts(in_doubt, config.path, prepared.overrides)
    tell_failures(tally, failed, config.path, prepared.overrides)
    summary = summarise(config.name, kept_at(config), tally, call, exit_)
    show_at_the_end(summary, as_json=arguments.json)
    return exit_


def _report(config: Config, ledger: Ledger) -> None:
    """Write the report; where it can't be written, the batch has ended all the same."""
    # Plots are drawn by a library that every other call can do without.
    from pipeline.commands.reporting import default_report, write_report  # noqa: PLC0415

    try:
        path, _ = write_report(config, ledger, default_report(config), None)
    except LedgerLost:
        raise
    except PipelineError as error:
        say(str(error))
    else:
        say(f"Report: {path}")


def _page(config: Config) -> AbstractContextManager[None]:
    # The page comes with a server, which every other call can do without.
    from pipeline.report.live.figures import Viewer  # noqa: PLC0415
    from pipeline.report.live.page import page_beside  # noqa: PLC0415

    return page_beside(Viewer(config), partial(adjust, config), say)


def _collect_garbage_seldom() -> None:
    """What was read stays to the end, and requests leave no cycles worth a look at each hundred.

    At the default thresholds the collector took a sixth of the processor's time.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@dataclass(frozen=True, slots=True)
class Work:
    """What starting, watching and writing came to."""

    stop: Stop | None
    requests: Mapping[str, int]
    output: Path | None
    """``None``: the sheet could not be written."""

    def then(self, later: "Work") -> "Work":
        """This work and a later one, as one call's."""
        requests = Counter(self.requests) + Counter(later.requests)
        return Work(later.stop, requests, later.output)


def _work(
    consent: Consent, prepared: Prepared, ledger: Ledger, limit: int | None
) -> tuple[Work, int | None]:
    """Start and watch as far as was agreed; gives also how many new attempts that allowed."""
    ledger.take_adjustments()
    if consent is Consent.PILOT:
        course = Course(limit, PILOT_ROWS)
        pilot = _start_watch_and_write(prepared, ledger, course)
        if pilot.stop or not pilot.output or not _goes_on(prepared.config, ledger):
            ledger.end_adjustments()
            return pilot, PILOT_ROWS
        course.end_pilot()
        return pilot.then(_start_watch_and_write(prepared, ledger, course)), limit
    work = _start_watch_and_write(prepared, ledger, Course(limit))
    if limit is not None and not work.stop:
        tell_rest(prepared.config, ledger)
    return work, limit


def _goes_on(config: Config, ledger: Ledger) -> bool:
    """Whether the rest follows the pilot, by the limits as they were changed meanwhile."""
    limits = adjusted(config.limits, ledger.adjustments()).limits
    return goes_on_after_pilot(replace(config, limits=limits), ledger)


def _start_watch_and_write(prepared: Prepared, ledger: Ledger, course: Course) -> Work:
    stop, requests = run_loop(_start_and_watch(prepared.config, ledger, course))
    if stop or not course.is_pilot:
        ledger.end_adjustments()
    ledger.end_round(time.time())
    return Work(stop, requests, write_as_the_input_is_now(prepared, ledger))


async def _start_and_watch(
    config: Config, ledger: Ledger, course: Course
) -> tuple[Stop | None, dict[str, int]]:
    """The part that waits; gives why it stopped early, and the requests that it sent."""
    clock, switch = Clock(), Switch()
    loop = asyncio.get_running_loop()
    with signals_ask(switch), ThreadPoolExecutor(1, "ledger") as thread:
        async with (
            client_for(config) as client,
            deliveries_for(config, ledger, client) as inbox,
        ):
            world = World(
                remote=client,
                clock=clock,
                chance=random.random,
                blocking=partial(loop.run_in_executor, thread),
                progress=Progress(clock, sys.stderr, course.limit_now),
                switch=switch,
                inbox=inbox,
            )
            stop = await process(config, ledger, world, course)
            return stop, {str(call): count for call, count in client.requests.items()}
