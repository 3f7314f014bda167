"""The kinds of value that a key may hold. Owns their reading and their form in the JSON Schema.

Must not know which key holds which kind: that is `model`'s. Values are read as a person writes them
only where they come from a file, whose path is then the validation's context: a section that is
made in code is given its final values.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)

from pipeline.config.values.readers import (
    LISTEN_PATTERN,
    Listen,
    read_base_url,
    read_batch_name,
    read_cell_text,
    read_delimiter,
    read_encoding,
    read_environment_name,
    read_header_row,
    read_listen,
    read_name,
    read_new_name,
    read_output_path,
    read_public_url,
    read_quote,
    read_workflow_id,
)
from pipeline.config.values.templates import read_template
from pipeline.config.values.units import (
    DURATION_PATTERN,
    PERCENT_PATTERN,
    RATE_PATTERN,
    ValueFault,
    read_duration_seconds,
    read_failure_limit,
    read_rate,
)
from pipeline.core.money.budget import FailureLimit
from pipeline.core.rows.variables import FromTemplate
from pipeline.core.timing.pacing import Rate

SECTION = ConfigDict(
    extra="forbid", validate_by_name=True, validate_by_alias=True, allow_inf_nan=False
)
"""Of each section: unknown keys are faults; in code, fields go by their names with the unit."""


def _written(read: Callable[[object], object]) -> BeforeValidator:
    def reading(value: object, info: ValidationInfo) -> object:
        return value if info.context is None else read(value)

    return BeforeValidator(reading)


def _read_path(value: object, info: ValidationInfo) -> object:
    if info.context is None or isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueFault("no path stands here", "write a path, relative to this file's folder")
    # Not `resolve`: an input that is a link keeps its output beside the link.
    return Path(os.path.normpath(Path(info.context).parent / value))


def _empty_section(value: object) -> object:
    return {} if value is None else value


Section = TypeVar("Section")
OrDefaults: TypeAlias = Annotated[Section, BeforeValidator(_empty_section)]
"""A section whose keys are all optional may stand empty."""

_ONE_SIGN = {"type": "string", "minLength": 1, "maxLength": 1}

Text: TypeAlias = Annotated[str, Field(min_length=1)]
Whole: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]
Amount: TypeAlias = Annotated[float, Field(strict=True, ge=0)]
Share: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1)]

FilePath: TypeAlias = Annotated[
    Path, BeforeValidator(_read_path), WithJsonSchema({"type": "string", "minLength": 1})
]
CellText: TypeAlias = Annotated[
    str, BeforeValidator(read_cell_text), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
ColumnName: TypeAlias = Annotated[
    str, BeforeValidator(read_name), WithJsonSchema({"type": "string", "minLength": 1})
]
NewColumnName: TypeAlias = Annotated[
    str, BeforeValidator(read_new_name), WithJsonSchema({"type": "string", "minLength": 1})
]
OutputPath: TypeAlias = Annotated[
    str, BeforeValidator(read_output_path), WithJsonSchema({"type": "string", "minLength": 1})
]
BatchName: TypeAlias = Annotated[str, AfterValidator(read_batch_name)]
HeaderRow: TypeAlias = Annotated[
    int | None,
    _written(read_header_row),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "none"}]}),
]
Delimiter: TypeAlias = Annotated[
    str | None,
    _written(read_delimiter),
    WithJsonSchema({"anyOf": [_ONE_SIGN, {"const": "tab"}, {"type": "null"}]}),
]
Quote: TypeAlias = Annotated[
    str | None,
    _written(read_quote),
    WithJsonSchema({"anyOf": [_ONE_SIGN, {"const": "none"}]}),
]
EncodingName: TypeAlias = Annotated[
    str | None,
    _written(read_encoding),
    WithJsonSchema({"type": ["string", "null"], "minLength": 1}),
]
WorkflowId: TypeAlias = Annotated[
    str, _written(read_workflow_id), WithJsonSchema({"type": "string", "pattern": r"^[^\s/…]+$"})
]
BaseUrl: TypeAlias = Annotated[
    str,
    _written(read_base_url),
    WithJsonSchema({"type": "string", "pattern": r"^(simulator|https?://[^?#@\s]+)$"}),
]
PublicUrl: TypeAlias = Annotated[
    str,
    _written(read_public_url),
    WithJsonSchema({"type": "string", "pattern": r"^https?://[^?#@\s]+$"}),
]
ListenAt: TypeAlias = Annotated[
    Listen,
    _written(read_listen),
    WithJsonSchema({"type": "string", "pattern": rf"^{LISTEN_PATTERN}$"}),
]
EnvironmentName: TypeAlias = Annotated[
    str,
    _written(read_environment_name),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z_][A-Z0-9_]*$"}),
]
StartRate: TypeAlias = Annotated[
    Rate, _written(read_rate), WithJsonSchema({"type": "string", "pattern": RATE_PATTERN})
]
Seconds: TypeAlias = Annotated[
    float,
    _written(read_duration_seconds),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": 0}]}),
]
Failures: TypeAlias = Annotated[
    FailureLimit | None,
    _written(read_failure_limit),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": PERCENT_PATTERN},
                {"type": "null"},
            ]
        }
    ),
]
TemplateText: TypeAlias = Annotated[
    FromTemplate, _written(read_template), WithJsonSchema({"type": "string", "minLength": 1})
]
