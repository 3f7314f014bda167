"""The config's keys, as Markdown. Owns the tables' form; what they tell comes from the model."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import yaml

from pipeline.config.refusals import NOT_YET
from pipeline.config.schema import json_schema
from pipeline.config.values.units import DURATION_PATTERN, PERCENT_PATTERN, RATE_PATTERN

Field: TypeAlias = Mapping[str, Any]

HEAD: Final = "| key | value | default | what it is |\n|---|---|---|---|"

KIND_OF_PATTERN: Final = {
    RATE_PATTERN: "rate",
    DURATION_PATTERN: "duration",
    PERCENT_PATTERN: "share",
}
KIND_OF_TYPE: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "section",
}


def keys() -> str:
    """A table of the whole file's keys, then one for each section that has keys of its own."""
    schema = json_schema()
    sections = schema["$defs"]
    parts = [f"### The whole file\n\n{_table(_top_rows(schema, sections))}"]
    for key, field in schema["properties"].items():
        section = _section_behind(field, sections)
        if section:
            rows = _rows(section, sections, "")
            parts.append(f"### `{key}`\n\n{_prose(section['description'])}\n\n{_table(rows)}")
        if key == "variables":
            rows = _rows(sections["VariableSource"], sections, "")
            parts.append(f"### `variables`, each in its long form\n\n{_table(rows)}")
    return "\n\n".join(parts)


def keys_to_come() -> str:
    """A table of what is known and refused, or that there is no such key."""
    if not NOT_YET:
        return "There is no such key at present: all that stand above are carried out."
    rows = [
        f"| {_code('.'.join(part.replace('*', '<name>') for part in refused.location))} "
        f"| {refused.what} | {refused.remedy} |"
        for refused in NOT_YET
    ]
    return "\n".join(["| key | what is not supported yet | until then |", "|---|---|---|", *rows])


def _table(rows: Iterable[str]) -> str:
    return "\n".join([HEAD, *rows])


def _top_rows(section: Field, sections: Field) -> Iterator[str]:
    """A row for each key of a section, and none for the keys of sections within it."""
    required = section.get("required", ())
    for key, field in section["properties"].items():
        inner = _section_behind(field, sections)
        yield _row(key, field, inner, is_required=key in required)


def _rows(section: Field, sections: Field, within: str) -> Iterator[str]:
    """A row for each key; the keys of a section within this one follow it, by their whole names."""
    required = section.get("required", ())
    for key, field in section["properties"].items():
        inner = _section_behind(field, sections)
        yield _row(within + key, field, inner, is_required=key in required)
        if inner:
            yield from _rows(inner, sections, f"{within}{key}.")


def _row(name: str, field: Field, inner: Field, *, is_required: bool) -> str:
    meaning = field.get("description") or inner["description"]
    cells = (
        _code(name),
        "section" if inner else _kind(field),
        "must be given" if is_required else _default(field),
        f"{_prose(meaning)}{_example(field)}",
    )
    return f"| {' | '.join(cells)} |"


def _section_behind(field: Field, sections: Field) -> Field:
    for form in (field, *field.get("anyOf", ())):
        name = form.get("$ref", "").removeprefix("#/$defs/")
        if name in sections:
            section: Field = sections[name]
            return section
    return {}


def _kind(field: Field) -> str:
    forms = field.get("anyOf", [field])
    kinds = dict.fromkeys(kind for form in forms if (kind := _kind_of_form(form)))
    # Where null is the default, it is the same as to leave the key out.
    can_be_left_empty = {"type": "null"} in forms and field.get("default") is not None
    return " or ".join([*kinds, *(["null"] if can_be_left_empty else [])])


def _kind_of_form(form: Field) -> str:
    if "pattern" in form:
        return KIND_OF_PATTERN.get(form["pattern"], "text")
    if "enum" in form:
        return " or ".join(_code(choice) for choice in form["enum"])
    if "const" in form:
        return "" if form["const"] == 0 else _code(_written(form["const"]))
    if form.get("maximum") == 1:
        return "0 to 1"
    types = form.get("type", "any value")
    names = [types] if isinstance(types, str) else types
    kinds = " or ".join(KIND_OF_TYPE.get(name, name) for name in names if name != "null")
    return f"{kinds} from {form['minimum']}" if "minimum" in form else kinds


def _default(field: Field) -> str:
    default = field.get("default")
    return "" if default in (None, [], "") else _code(_written(default))


def _example(field: Field) -> str:
    examples = [_code(_written(example)) for example in field.get("examples", ())]
    return f" Example: {' or '.join(examples)}" if examples else ""


def _written(value: object) -> str:
    """A value in one line of YAML: text without quotes where it is read as itself."""
    if isinstance(value, str) and value and _is_read_as_itself(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_read_as_itself(text: str) -> bool:
    try:
        return bool(yaml.safe_load(text) == text)
    except yaml.YAMLError:
        return False


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _prose(text: str) -> str:
    """Plain text as Markdown that shows it as it is."""
    return re.sub(r"[<>*_|\[\]]", r"\\\g<0>", text)
