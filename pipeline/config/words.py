"""What is wrong with a value, in words for a person. Owns the wording of the validation's faults.

Must not know YAML. The validation's own words never reach anybody, and no value is told unless one
of our own readers chose to tell it: where a key was pasted can't be foreseen.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, get_args

from pydantic.dataclasses import is_pydantic_dataclass as is_section
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipeline.config.model import Sections
from pipeline.config.sections.sources import VariableSource
from pipeline.config.source import Finding, Location
from pipeline.config.values.units import ValueFault

_EXPECTED: Final = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number that has an end",
    "bool_type": "true or false",
    "dict_type": "a section: lines of key: value, indented",
    "mapping_type": "a section: lines of key: value, indented",
    "dataclass_type": "a section: lines of key: value, indented",
    "tuple_type": "a list: [one, two]",
    "list_type": "a list: [one, two]",
    "too_short": "a section with at least one line",
    "greater_than_equal": "a number of at least {ge}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
}
"""Pydantic's type of error, and what was expected there."""


def found(error: ErrorDetails) -> Finding:
    """A fault of the validation as a place, what is wrong and a remedy."""
    location = tuple(step for step in error["loc"] if step != "[key]")
    details = error.get("ctx", {})
    cause = details.get("error")
    if error["input"] is None:
        remedy = cause.remedy if isinstance(cause, ValueFault) else _write_example(location)
        return Finding(location, "no value stands here", remedy)
    if isinstance(cause, ValueFault):
        return Finding(location, cause.wrong, cause.remedy)
    match error["type"]:
        case "missing":
            return Finding(location, "this key is missing", _write_example(location))
        case "unexpected_keyword_argument":
            return Finding(location, "there is no such key", _name_nearest(location))
        case kind if kind in _EXPECTED:
            expected = _EXPECTED[kind].format(**details)
            return Finding(location, f"this is not {expected}", _write_example(location))
        case _:
            return Finding(location, "this is not as expected", _write_example(location))


def _write_example(location: Location) -> str:
    field = _field(location)
    if field is None:
        return "see the reference of the config"
    key = location[-1]
    if field.examples:
        example = json.dumps(field.examples[0], ensure_ascii=False)
    elif isinstance(field.json_schema_extra, Mapping):
        example = str(field.json_schema_extra["default"])
    elif field.default_factory or field.is_required():
        return f"here goes: {_meaning(field).rstrip('.')}"
    else:
        example = json.dumps(field.default, ensure_ascii=False)
    return f"write it like {key}: {example}"


def _meaning(field: FieldInfo) -> str:
    """What the key says of itself, or the section behind it."""
    return field.description or _section_behind(field).__doc__ or ""


def _name_nearest(location: Location) -> str:
    *outer, key = location
    known = tuple(_fields(tuple(outer)))
    near = get_close_matches(str(key).casefold(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"


def _field(location: Location) -> FieldInfo | None:
    return _fields(location[:-1]).get(str(location[-1])) if location else None


def _fields(location: Location) -> dict[str, FieldInfo]:
    """The keys of a section, by their names in YAML; none where no section is."""
    if location[:1] == ("variables",):
        return _by_name(VariableSource) if len(location) == len(("variables", "a name")) else {}
    section: type = Sections
    for step in location:
        field = _by_name(section).get(str(step))
        section = _section_behind(field) if field else object
    return _by_name(section)


def _section_behind(field: FieldInfo) -> type:
    # A section that may be left out stands there as one that may be None.
    forms = (field.annotation, *get_args(field.annotation))
    return next((form for form in forms if isinstance(form, type)), object)


def _by_name(section: type) -> dict[str, FieldInfo]:
    if not is_section(section):
        return {}
    fields = section.__pydantic_fields__
    return {str(field.validation_alias or name): field for name, field in fields.items()}
