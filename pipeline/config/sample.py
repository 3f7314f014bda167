"""The config that `init` writes. Owns its layout; what it tells of a key comes from the model.

Must not know how a sheet is read: its columns are handed in. A key with a ``#`` right before it
shows its default or an example; prose stands behind ``# ``.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from pipeline.config.filekinds import VALUES_ALONE
from pipeline.config.model import OutputColumns
from pipeline.config.schema import json_schema
from pipeline.config.values.readers import PLACEHOLDER, SIMULATOR

_SIMULATED: Final[Mapping[str, Any]] = {
    "workflow": {"id": "WCFG-simulator", "base_url": SIMULATOR},
    "limits": {"rate": "50/s"},
    "polling": {"first": "1s", "max": "2s"},
    "simulator": {},
}
"""What a config holds that is tried out: nobody should wait a minute to see sixty rows."""

_PLAIN: Final = re.compile(r"(?:\.\./)*[^\W\d_](?:[\w ./-]*\w)?|[0-9]+/?(?:ms|s|min|h|d)")
_READ_AS_ANOTHER: Final = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "none"}
)
"""Words that some YAML reader or other takes for more than text."""

_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON leaves as it is within quotes, and YAML does not."""

_LONGEST_KEY: Final = 1000
"""YAML takes no longer text for a key (yaml.org/spec/1.2.2, 7.4.3) unless a `?` announces it."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a config is written for: where the table stands, and what of it is sent."""

    path: str
    """Relative to the config."""
    sheet: str | None
    """``None``: the file is no workbook."""
    header_row: int | None
    """From 1; ``None``: columns go by their letters."""
    columns: Sequence[str]
    """All of them: no new one may bear the name of one that is there."""
    sent: Sequence[str]
    """Those that become start variables."""
    with_blanks: Collection[str]
    """Those that have blank cells: these are sent as empty text."""
    key: Sequence[str]
    """Those that name a row from one export to the next; none: nothing does."""


def sample_config(table: Table, workflow: str | None) -> str:
    """A commented config for a sheet: each column becomes a start variable, each output a column.

    `workflow` is an id or ``simulator``, with which the batch is as fast as costs nothing; without
    one the config holds a placeholder, which `parse` tells of. The columns of an earlier output are
    no variables, and are left as they are.
    """
    given: dict[str, Any] = {
        "input": _input(table),
        "workflow": {"id": workflow or PLACEHOLDER},
        "variables": _variables(table),
        "outputs": "*",
    }
    if renamed := _renamed_columns(table.columns):
        given["output"] = {"columns": renamed}
    if workflow == SIMULATOR:
        given |= _SIMULATED
    schema = json_schema()
    for key in _faults_over(table):
        del schema["$defs"]["Input"]["properties"][key]
    opening = [
        "# A batch of `pipeline`: `pipeline check` shows what it would do, `pipeline run` does it.",
        "# Keys with a # right before them show their default, or an example.",
    ]
    sections = [
        ["", *_key(key, field, given.get(key), schema["$defs"], "")]
        for key, field in schema["properties"].items()
        if key != "simulator" or key in given
    ]
    return "\n".join([*opening, *(line for section in sections for line in section), ""])


def _faults_over(table: Table) -> tuple[str, ...]:
    """The keys of `input` that are faults over a file of this kind."""
    if table.sheet is None:
        return "sheet", "hidden"
    return ("csv", "hidden") if Path(table.path).suffix.lower() in VALUES_ALONE else ("csv",)


def _input(table: Table) -> dict[str, Any]:
    section: dict[str, Any] = {"path": table.path}
    if table.sheet is not None:
        section["sheet"] = table.sheet
    if table.header_row != 1:
        section["header_row"] = table.header_row or "none"
    if table.key:
        section["key"] = list(table.key)
    return section


def _variables(table: Table) -> dict[str, Any]:
    own = set(OutputColumns().headers.values())
    kept = [column for column in table.sent if column not in own] or table.sent
    return {
        column: {"column": column, "default": ""} if column in table.with_blanks else column
        for column in kept
    }


def _renamed_columns(columns: Sequence[str]) -> dict[str, str]:
    """Other headers for the columns about the run where the sheet has theirs: they hold data."""
    renamed: dict[str, str] = {}
    for key, header in OutputColumns().headers.items():
        number = 2
        while f"{header} {number}" in columns:
            number += 1
        if header in columns:
            renamed[key] = f"{header} {number}"
    return renamed


def _key(
    key: str, field: Mapping[str, Any], given: object, sections: Mapping[str, Any], indent: str
) -> Iterator[str]:
    """The lines of one key: its meaning, then its value, or the keys of its section."""
    section = _section_of(field, sections)
    meaning = field.get("description") or section["description"]
    yield from wrap(meaning, 96, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
    # A section whose keys have no defaults stands whole or not at all.
    is_left_out = given is None and "required" in section and "default" in field
    if "properties" in section and not is_left_out:
        yield f"{indent}{key}:"
        values = given if isinstance(given, dict) else {}
        for inner, inner_field in section["properties"].items():
            yield from _key(inner, inner_field, values.get(inner), sections, f"{indent}  ")
    elif isinstance(given, dict):
        yield f"{indent}{key}:"
        yield from (f"{indent}  {_mapped(name)} {_flow(value)}" for name, value in given.items())
    elif given is not None:
        yield f"{indent}{key}: {_flow(given)}"
    else:
        yield f"{indent}#{key}: {_flow(_shown_value(field))}"


def _section_of(field: Mapping[str, Any], sections: Mapping[str, Any]) -> Mapping[str, Any]:
    """The section behind a key; nothing for a plain value."""
    for form in (field, *field.get("anyOf", ())):
        name = form.get("$ref", "").removeprefix("#/$defs/")
        if name in sections:
            section: Mapping[str, Any] = sections[name]
            return section
    return {}


def _shown_value(field: Mapping[str, Any]) -> object:
    """The default where it tells something, else an example."""
    default = field.get("default")
    return field["examples"][0] if default in (None, []) else default


def _mapped(name: str) -> str:
    """A name as a key, its colon included."""
    text = _flow(name)
    return f"{text}:" if len(text) < _LONGEST_KEY else f"? {text}\n  :"


def _flow(value: object) -> str:
    """A value in one line of YAML."""
    match value:
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            inner = ", ".join(f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items())
            return f"{{{inner}}}"
        case _:
            return json.dumps(value)


def _text(text: str) -> str:
    """Text that any YAML reader takes for this text: quoted unless it is plain words."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _READ_AS_ANOTHER:
        return text
    # A JSON string is a YAML one, but for what YAML wants escaped.
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
