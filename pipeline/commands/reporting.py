"""From the ledger to the report's file. Owns where it is put, and what it is never put over.

Must not know what the page says nor how it looks.
"""

import time
from datetime import datetime
from itertools import chain
from pathlib import Path

from pipeline import sheets
from pipeline.commands.preparing import recipe_of, source_of
from pipeline.commands.terminal import command_line, say
from pipeline.config.model import Config
from pipeline.core.rows.cells import NoSuchColumnError
from pipeline.core.rows.rendering import Rendering
from pipeline.core.rows.variables import Faulty, columns_of
from pipeline.errors import ConfigFault, OutputFault, PipelineError
from pipeline.ledger.store import Ledger
from pipeline.report.figures import NOTHING, Findings, findings
from pipeline.report.lastread import read_for_another
from pipeline.report.page import OPENING, Subject, page
from pipeline.report.settings import settings
from pipeline.sheets.files import write_whole


def default_report(config: Config) -> Path:
    """Where the report goes unless the command line says so: beside the output."""
    return config.output.path.with_name(f"{config.output.path.stem}.report.html")


def write_report(
    config: Config,
    ledger: Ledger,
    target: Path,
    holder: str | None,
) -> tuple[Path, Findings]:
    """Write the report as the ledger now stands; gives where it is, and what it tells.

    `holder` is the process that runs the batch. Raises `OutputFault`, and `ConfigFault` where the
    rows were last read for what the config names no more: no page takes the place of theirs then.
    """
    _check_what_it_would_tell(config, ledger)
    _check_that_it_may_be_replaced(target)
    made_at = time.time()
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None
    tally = ledger.tally()
    faulty = _faulty_rows(config) if tally.faulty else ()
    found = findings(ledger, faulty) if tally.rows else NOTHING
    subject = Subject(
        batch=config.name,
        config=config.path.name,
        settings=tuple(settings(config)),
        made_at=made_at,
        zone=zone,
        holder=holder,
    )
    path, _ = write_whole(target, [page(subject, found).encode()])
    return path, found


def _check_what_it_would_tell(config: Config, ledger: Ledger) -> None:
    another = read_for_another(config.workflow, ledger)
    if another is not None:
        run = command_line("run", config.path)
        raise ConfigFault(
            place=f"{config.path.name}, {another.key}",
            wrong=(
                f"the ledger's rows were last read for {another.name}, not for what the config "
                "names now"
            ),
            remedy=f"give `{run}` first, or put {another.name} back",
        )


def _check_that_it_may_be_replaced(target: Path) -> None:
    """Raise `OutputFault` where another file than a report would be written over."""
    opening = OPENING.encode()
    try:
        with target.open("rb") as file:
            is_ours = file.read(len(opening)) == opening
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputFault(
            place=str(target),
            wrong=f"the report can't be written there ({error.strerror})",
            remedy="name another file with -o",
        ) from None
    if not is_ours:
        raise OutputFault(
            place=str(target),
            wrong="there is a file of this name that is no report",
            remedy="name another file with -o",
        )


def _faulty_rows(config: Config) -> tuple[Faulty, ...]:
    """The rows that can't be sent, as the sheet now is: the ledger knows only how many they are."""
    try:
        sheet = sheets.read(source_of(config.input, _columns(config)))
        rows = Rendering(sheet, recipe_of(config))
        return tuple(row for row in rows if isinstance(row, Faulty))
    except (PipelineError, NoSuchColumnError):
        say(f"{config.input.path.name} can't be read now: the rows that miss a cell are not named.")
        return ()


def _columns(config: Config) -> frozenset[str]:
    of_variables = (columns_of(variable) for variable in config.variables.values())
    return frozenset([*config.input.key, *config.input.where, *chain.from_iterable(of_variables)])
