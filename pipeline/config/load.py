"""From a file to a frozen Config, or to all its faults at once. Owns the order of the steps.

Must not know which keys there are (`model`) nor how YAML is written (`source`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline.config.checks import Parts, between_sections
from pipeline.config.model import Config, Input, Output, Sections, Webhook, Workflow
from pipeline.config.refusals import take_out_refused
from pipeline.config.sections.sharedledger import take_out_server
from pipeline.config.sections.sources import Outputs, Variables
from pipeline.config.source import Finding, Location, Source, read_source
from pipeline.config.values.fields import ColumnName, FilePath
from pipeline.config.words import found
from pipeline.core.rows.variables import columns_of
from pipeline.errors import ConfigFault

T = TypeVar("T")

_SECTIONS: Final = TypeAdapter(Sections)
_INPUT: Final = TypeAdapter(Input)
_OUTPUT: Final = TypeAdapter(Output)
_WORKFLOW: Final = TypeAdapter(Workflow)
_WEBHOOK: Final = TypeAdapter(Webhook)
_OUTPUTS: Final[TypeAdapter[Outputs]] = TypeAdapter(Outputs)
_VARIABLES: Final[TypeAdapter[Variables]] = TypeAdapter(Variables)
_PATH: Final[TypeAdapter[Path]] = TypeAdapter(FilePath)
_COLUMN: Final[TypeAdapter[str]] = TypeAdapter(ColumnName)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column that the config names, and where it does."""

    column: str
    place: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A config file as far as it is good: a Config exactly where there is no fault."""

    path: Path
    config: Config | None
    faults: tuple[ConfigFault, ...]
    input: Input | None
    """There whenever this section is good, so that the sheet's faults can be told as well."""
    column_uses: tuple[ColumnUse, ...]
    """The columns that the config names, as far as they can be told from a faulty one."""


def parse(path: Path, instead: Path | None = None, *, reads_sheet: bool = True) -> Draft:
    """Read a config file. Raises nothing: what is wrong stands in the draft's faults.

    What the config asks of the sheet itself is judged over the one that is read `instead` of its
    own, where there is one, and not at all where none is read.
    """
    path = Path(os.path.realpath(path.parent)) / path.name
    try:
        source = read_source(path)
    except ConfigFault as fault:
        return Draft(path, None, (fault,), None, ())
    data, refused = take_out_refused(source.data)
    data, server, misplaced = take_out_server(data)
    sections, invalid = _validate(data, path)
    parts = _parts(data, path)
    if parts.input and reads_sheet:
        parts = replace(parts, read=replace(parts.input, path=instead or parts.input.path))
    between = between_sections(parts)
    findings = [*source.findings, *refused, *misplaced, *invalid, *between]
    findings.sort(key=lambda finding: source.line(finding.location))
    return Draft(
        path=path,
        config=_settled(sections, path, server) if sections and not findings else None,
        faults=tuple(source.fault(finding) for finding in findings),
        input=parts.input,
        column_uses=tuple(_column_uses(data, source)),
    )


def _validate(data: Mapping[str, object], path: Path) -> tuple[Sections | None, list[Finding]]:
    try:
        sections = _SECTIONS.validate_python(data, context=path, by_alias=True, by_name=False)
    except ValidationError as error:
        return None, [found(fault) for fault in error.errors(include_url=False)]
    return sections, []


def _settled(sections: Sections, path: Path, server: str | None) -> Config:
    values = {field.name: getattr(sections, field.name) for field in fields(sections)}
    return Config(path=path, server=server, **values)


def _parts(data: Mapping[str, object], path: Path) -> Parts:
    return Parts(
        input=_good(_INPUT, data.get("input"), path),
        read=None,
        output=_good(_OUTPUT, data.get("output") or {}, path),
        workflow=_good(_WORKFLOW, data.get("workflow"), path),
        outputs=_good(_OUTPUTS, data.get("outputs"), path),
        ledger=_good(_PATH, data.get("ledger"), path),
        webhook=_good(_WEBHOOK, data.get("webhook"), path),
        has_simulator="simulator" in data,
    )


def _good(adapter: TypeAdapter[T], value: object, path: Path) -> T | None:
    try:
        return adapter.validate_python(value, context=path, by_alias=True, by_name=False)
    except ValidationError:
        return None


def _column_uses(data: Mapping[str, object], source: Source) -> Iterator[ColumnUse]:
    section = data.get("input")
    inputs = section if isinstance(section, dict) else {}
    keys, where = inputs.get("key"), inputs.get("where")
    named: list[tuple[object, Location]] = [
        *(
            (name, ("input", "key", n))
            for n, name in enumerate(keys if isinstance(keys, list) else [])
        ),
        *((name, ("input", "where", name)) for name in (where if isinstance(where, dict) else {})),
    ]
    for name, location in named:
        column = _good(_COLUMN, name, source.path)
        if column:
            yield ColumnUse(column, source.place(location))
    variables = data.get("variables")
    for name, written in variables.items() if isinstance(variables, dict) else ():
        good = _good(_VARIABLES, {name: written}, source.path) or {}
        for variable in good.values():
            for column in columns_of(variable):
                yield ColumnUse(column, source.place(("variables", name)))
