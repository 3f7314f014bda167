"""How a text file is spelled, as the config says it. Owns `input.csv`. Must not know YAML."""

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from pipeline.config.values.fields import SECTION, Delimiter, EncodingName, Quote
from pipeline.config.values.units import ValueFault


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Csv:
    """How a .csv or .tsv file is spelled; what is left out is found in the file."""

    delimiter: Delimiter = Field(
        default=None,
        description="What stands between fields, one sign or tab; by default it is found.",
        examples=[";"],
    )
    encoding: EncodingName = Field(
        default=None,
        description="How letters are spelled in bytes; by default it is found.",
        examples=["windows-1252"],
    )
    quote: Quote = Field(
        default='"',
        validate_default=True,
        description="What stands around quoted fields, one sign; with none, no sign quotes.",
        examples=["'"],
    )

    @field_validator("quote")
    @classmethod
    def _is_not_the_delimiter(cls, quote: str | None, info: ValidationInfo) -> str | None:
        if quote is not None and quote == info.data.get("delimiter"):
            raise ValueFault("quote and delimiter are the same", "mend one of them")
        return quote
