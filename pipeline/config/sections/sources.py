"""What the variables and the new columns are made from. Owns these two sections' keys.

Each may be written short or long, and exactly one form is right at a time. Must not know YAML.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.dataclasses import dataclass

from pipeline.config.values.fields import (
    SECTION,
    CellText,
    ColumnName,
    NewColumnName,
    OutputPath,
    TemplateText,
    Text,
)
from pipeline.config.values.readers import read_json
from pipeline.config.values.units import ValueFault, echo
from pipeline.core.model import Form
from pipeline.core.rows.variables import Fixed, FromColumn, FromTemplate, Variable

_GOES_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "default": ("column",),
    "required": ("column",),
    "format": ("column", "template"),
}
"""The sources that a further key may stand beside."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
    config=ConfigDict(
        **SECTION,
        json_schema_extra={
            "oneOf": [{"required": [source]} for source in ("column", "template", "value")],
            "dependentSchemas": {
                key: {"anyOf": [{"required": [source]} for source in sources]}
                for key, sources in _GOES_WITH.items()
            },
        },
    ),
)
class VariableSource:
    """Where a start variable comes from: exactly one of column, template and value."""

    column: ColumnName = Field(
        default="", description="The column whose cell is sent.", examples=["URL"]
    )
    default: CellText | None = Field(
        default=None, description="Sent where the cell is blank.", examples=[""]
    )
    required: bool = Field(
        default=True,
        strict=True,
        description="Without a default: whether a blank cell fails the row, or is sent as it is.",
    )
    format: Form = Field(
        default="iso",
        description="How cells are sent: raw as they are stored, shown as their number formats "
        "show them, iso likewise but for dates and times, which are in ISO 8601.",
    )
    template: TemplateText = Field(
        default=FromTemplate(""),
        description="A text that is made from several columns.",
        examples=["{{ row['First name'] }} of {{ row.Company }}"],
        json_schema_extra={"default": ""},
    )
    value: Annotated[Any, AfterValidator(read_json)] = Field(
        default=None, description="The same for each row: any value.", examples=["friendly"]
    )


def _read_variable(value: object, handler: ValidatorFunctionWrapHandler) -> Variable:
    """A variable in its short form, a column's name, or in its long one."""
    if isinstance(value, FromColumn | FromTemplate | Fixed):
        return value
    if not isinstance(value, dict):
        value = {"column": value}
    source: VariableSource = handler(value)
    given = [key for key in ("column", "template", "value") if key in value]
    if len(given) != 1:
        wrong = f"{' and '.join(given)} stand together" if given else "it has no source"
        raise ValueFault(wrong, "give exactly one of column, template and value")
    for key, sources in _GOES_WITH.items():
        if key in value and given[0] not in sources:
            raise ValueFault(f"{key} goes with a {' or a '.join(sources)} only", "leave it out")
    match given[0]:
        case "column":
            return FromColumn(source.column, source.default, source.required, source.format)
        case "template":
            return replace(source.template, form=source.format)
        case _:
            return Fixed(source.value)


_WRITTEN_VARIABLE = Annotated[
    VariableSource, WrapValidator(_read_variable, json_schema_input_type=str | VariableSource)
]


def _read_outputs(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    if value == "*":
        return value
    if not isinstance(value, Mapping) or not value:
        wrong = f"{'an empty section' if value == {} else echo(value)} names no outputs"
        raise ValueFault(wrong, 'write "*" for all, or a line for each: new column: output')
    columns: dict[str, str] = handler(value)
    if len(columns) < len(value):
        wrong = "two new columns differ in their white space only"
        raise ValueFault(wrong, "give one of them another name")
    return columns


_WRITTEN_OUTPUTS = Annotated[
    dict[NewColumnName, OutputPath],
    WrapValidator(_read_outputs),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "*"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"type": "string", "minLength": 1},
                },
            ]
        }
    ),
]

# Declared as what comes out, validated as what is written.
Variables: TypeAlias = Annotated[
    Mapping[str, Variable],
    GetPydanticSchema(
        lambda _, handler: handler(Annotated[dict[Text, _WRITTEN_VARIABLE], Field(min_length=1)])
    ),
]
Outputs: TypeAlias = Annotated[
    Mapping[str, str] | Literal["*"],
    GetPydanticSchema(lambda _, handler: handler(_WRITTEN_OUTPUTS)),
]
