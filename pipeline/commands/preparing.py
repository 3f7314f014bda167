"""What every command needs before it begins: config, sheet, rows and key, with all faults at once.

Must not know what is done with them.
"""

import argparse
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from pipeline import sheets
from pipeline.commands.ledgers import refuse_shared
from pipeline.commands.terminal import say
from pipeline.commands.working import told_while
from pipeline.config.api_key import find_key
from pipeline.config.filekinds import default_output
from pipeline.config.load import Draft, parse
from pipeline.config.model import Config, Input
from pipeline.core.model import Sheet
from pipeline.core.rows.cells import RENDERING_VERSION, NoSuchColumnError, find_column
from pipeline.core.rows.rendering import Rendering, badly_named_rows
from pipeline.core.rows.variables import Recipe
from pipeline.errors import ConfigFault, FaultGroup, InputFault, PipelineError
from pipeline.ledger.opening import check_place
from pipeline.sheets import Source, TextForm

FAULTS_OF_A_KIND: Final = 10
"""So many cells are named one by one; then it is said how many more there are."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says over the config."""

    input: Path | None = None
    output: Path | None = None


def add_sheet_arguments(parser: argparse.ArgumentParser) -> None:
    """The config, and what the command line says over it."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the batch's YAML file")
    parser.add_argument(
        "--input", type=Path, metavar="PATH", help="read this sheet, not the config's"
    )
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="write this file, not the config's"
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A config and its sheet, read without a fault."""

    config: Config
    source: Source
    digest: str
    """The input's SHA-256 when it was read."""
    sheet: Sheet
    own_output: Path
    """The output that the config names, whatever the command line says."""
    overrides: Overrides
    """What the command line said."""
    reading: str
    """By what the ledger knows this reading again: a digest of all that it is made of."""
    rows: Rendering
    """The sheet's rows, rendered anew each time that they are gone through."""


def load_config(path: Path, overrides: Overrides) -> Config:
    """The config alone, of a batch whose ledger is a file. Raises `FaultGroup`, `LedgerFault`."""
    config = load_any_config(path, overrides)
    refuse_shared(config, "this command")
    return config


def load_any_config(path: Path, overrides: Overrides) -> Config:
    """The config alone, wherever its ledger is kept. Raises `FaultGroup`."""
    draft = parse(path, reads_sheet=False)
    if draft.config is None:
        raise FaultGroup(draft.faults)
    return _overridden(draft.config, overrides)


def prepare(path: Path, overrides: Overrides) -> Prepared:
    """Load the config, read its sheet and render the rows. Raises `FaultGroup`, nothing else."""
    draft = parse(path, overrides.input)
    config = _overridden(draft.config, overrides) if draft.config else None
    input_ = _overridden_input(draft.input, overrides) if draft.input else None
    faults: list[PipelineError] = list(draft.faults)
    sheet_read = None
    with _collected_in(faults):
        sheet_read = _read(source_of(input_, _columns(draft))) if input_ else None
    if sheet_read is not None and input_ is not None:
        faults += _column_faults(draft, sheet_read[1])
        faults += _row_key_faults(sheet_read[1], input_)
    if config is not None:
        with _collected_in(faults):
            sheets.check_target(source_of(config.input, _columns(draft)), config.output.path)
        with _collected_in(faults):
            if config.server is None:
                check_place(config.ledger)
        with _collected_in(faults):
            find_key(config, os.environ)
    if faults or config is None or draft.config is None or sheet_read is None:
        raise FaultGroup(faults)
    digest, sheet = sheet_read
    source = source_of(config.input, _columns(draft))
    return Prepared(
        config=config,
        source=source,
        digest=digest,
        sheet=sheet,
        reading=_reading(config, source, digest),
        rows=Rendering(sheet, recipe_of(config)),
        own_output=draft.config.output.path,
        overrides=overrides,
    )


def read_again(prepared: Prepared) -> Prepared:
    """The same config over the sheet as it now is. Raises `PipelineError`."""
    digest, sheet = _read(prepared.source)
    faults = list(_row_key_faults(sheet, prepared.config.input))
    if faults:
        raise FaultGroup(faults)
    try:
        rows = Rendering(sheet, recipe_of(prepared.config))
    except NoSuchColumnError as error:
        place = str(prepared.source.path)
        raise InputFault(place=place, wrong=error.wrong, remedy=error.remedy) from None
    reading = _reading(prepared.config, prepared.source, digest)
    return replace(prepared, digest=digest, sheet=sheet, reading=reading, rows=rows)


def _read(source: Source) -> tuple[str, Sheet]:
    """The file's SHA-256 and its sheet."""
    with told_while(f"Reading {source.path.name}"):
        digest, sheet = sheets.digest(source.path), sheets.read(source)
    for remark in sheet.remarks:
        say(remark)
    return digest, sheet


def _reading(config: Config, source: Source, digest: str) -> str:
    made_of = (digest, replace(source, mapped=frozenset()), recipe_of(config), RENDERING_VERSION)
    return hashlib.sha256(repr(made_of).encode(errors="backslashreplace")).hexdigest()


def source_of(input_: Input, mapped: frozenset[str]) -> Source:
    """The sheet that an input names, of which these columns are sent."""
    csv = input_.csv
    form = TextForm(csv.delimiter, csv.encoding, csv.quote)
    return Source(input_.path, input_.sheet, input_.header_row, mapped=mapped, form=form)


def _columns(draft: Draft) -> frozenset[str]:
    """The columns that rows are made of, and those that may be filled in place.

    Of these, a formula that was never calculated must be seen: it is the user's, and no blank.
    """
    used = frozenset(use.column for use in draft.column_uses)
    if draft.config is None:
        return used
    about = asdict(draft.config.output.columns).values()
    outputs = () if draft.config.outputs == "*" else draft.config.outputs
    return used.union(outputs, (header for header in about if header is not None))


def recipe_of(config: Config) -> Recipe:
    """How the config's rows become start variables."""
    return Recipe(
        service=config.workflow.service,
        workflow_id=config.workflow.id,
        variables=config.variables,
        key=config.input.key,
        where=config.input.where,
        hidden=config.input.hidden,
        duplicates=config.input.duplicates,
    )


def _overridden(config: Config, overrides: Overrides) -> Config:
    input_, output_path = _overridden_input(config.input, overrides), overrides.output
    # An output that was named for the config's input is named for this one instead.
    if overrides.input is not None and config.output.path == default_output(config.input.path):
        output_path = output_path or default_output(input_.path)
    config = replace(config, input=input_)
    if output_path is not None:
        config = replace(config, output=replace(config.output, path=output_path.absolute()))
    return config


def _overridden_input(input_: Input, overrides: Overrides) -> Input:
    return replace(input_, path=overrides.input.absolute()) if overrides.input else input_


@contextmanager
def _collected_in(faults: list[PipelineError]) -> Iterator[None]:
    """Keep what goes wrong within the block, so that the next step can be tried as well."""
    try:
        yield
    except PipelineError as error:
        faults += error.problems


def _column_faults(draft: Draft, sheet: Sheet) -> Iterator[ConfigFault]:
    for use in draft.column_uses:
        try:
            find_column(sheet.columns, use.column)
        except NoSuchColumnError as error:
            yield ConfigFault(place=use.place, wrong=error.wrong, remedy=error.remedy)


def _row_key_faults(sheet: Sheet, input_: Input) -> Iterator[InputFault]:
    """The rows that the key does not name; none where its columns are not there to be read."""
    recipe = Recipe(service="", workflow_id="", variables={}, key=input_.key, where=input_.where)
    try:
        badly_named = badly_named_rows(sheet, recipe)
        faults = list(islice(badly_named, FAULTS_OF_A_KIND))
        others = sum(1 for _ in badly_named)
    except NoSuchColumnError:
        return
    for cell, wrong in faults:
        yield InputFault(
            place=cell,
            wrong=wrong,
            remedy="give every row a key of its own, or leave out `input.key`",
        )
    if others:
        yield InputFault(
            place=sheet.name,
            wrong=f"{others} more rows have a bad key",
            remedy="mend those that are named, then check again",
        )
