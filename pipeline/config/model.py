"""The config's sections and keys: meaning, unit, default and example of each stand here, once.

From these fields come the validation, the JSON Schema, what `init` writes and the nearest known
name in a fault. A section's meaning is its docstring. Must not know YAML. Where a key's name in
YAML lacks the unit, it is the alias.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    Field,
    GetPydanticSchema,
    ValidationInfo,
    field_validator,
)
from pydantic.dataclasses import dataclass

from pipeline.config.filekinds import default_output
from pipeline.config.sections.behaviour import Faults, Limits, Polling, Retry, Simulator, Webhook
from pipeline.config.sections.sources import Outputs, Variables
from pipeline.config.sections.textform import Csv
from pipeline.config.values.fields import (
    SECTION,
    BaseUrl,
    BatchName,
    CellText,
    ColumnName,
    EnvironmentName,
    FilePath,
    HeaderRow,
    NewColumnName,
    OrDefaults,
    Text,
    WorkflowId,
)
from pipeline.config.values.readers import KEY_VARIABLE, SIMULATOR, read_metadata
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.model import Duplicates, HiddenRows, Json
from pipeline.core.rows.writing import About

__all__ = [
    "Config",
    "Csv",
    "Faults",
    "Input",
    "Limits",
    "Output",
    "OutputColumns",
    "Polling",
    "Retry",
    "Sections",
    "Simulator",
    "Webhook",
    "Workflow",
]

NOT_GIVEN = Path()
"""A path whose default hangs on another key; never seen beyond the validation."""


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Input:
    """The sheet to read; it is never written to."""

    path: FilePath = Field(
        description="The sheet: .xlsx, .xlsm, .csv, .tsv (also read: .xls, .xlsb, .ods).",
        examples=["../sample_data/leads.xlsx"],
    )
    sheet: Text | None = Field(
        default=None,
        description="The sheet's name in the workbook; by default the first.",
        examples=["Leads"],
    )
    header_row: HeaderRow = Field(
        default=1,
        description="The row of the headers; with none, columns go by their letters: A, B, C.",
    )
    key: tuple[ColumnName, ...] = Field(
        default=(),
        description="Columns that name a row from one export to the next.",
        examples=[["Lead ID"]],
    )
    where: Mapping[ColumnName, CellText] = Field(
        default_factory=dict,
        description="Only rows whose cells show these texts are sent; the others are skipped.",
        examples=[{"Ready": "yes"}],
    )
    hidden: HiddenRows = Field(
        default="include",
        description="Rows that the sheet hides, by hand or by a filter: include sends them like "
        "the others, with skip they are skipped, which takes an .xlsx or .xlsm.",
    )
    duplicates: Duplicates = Field(
        default="each",
        description="Rows that are sent alike, whatever their key: each has a run of its own; with "
        "once they share one, and it is paid for once.",
    )
    csv: OrDefaults[Csv] = Field(default_factory=Csv)


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class OutputColumns:
    """Headers of the columns about the run; null leaves one out."""

    status: NewColumnName | None = Field(default="Status", description="How the row stands.")
    run_id: NewColumnName | None = Field(
        default="Run ID", description="The service's id of the run."
    )
    credits: NewColumnName | None = Field(
        default="Credits", description="What all attempts for the row cost together, in credits."
    )
    error: NewColumnName | None = Field(
        default="Error", description="Why the row failed, in words for the sheet's owner."
    )

    @property
    def headers(self) -> Mapping[About, str]:
        """The columns that are left in, and their headers, from the left."""
        headers = {cast("About", field.name): getattr(self, field.name) for field in fields(self)}
        return {name: header for name, header in headers.items() if header is not None}


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Output:
    """The copy of the input that gets the new columns."""

    path: FilePath = Field(
        default_factory=Path,
        description="The file to write; by default <input's name>.done beside the input.",
        examples=["../out/leads.xlsx"],
    )
    columns: OrDefaults[OutputColumns] = Field(default_factory=OutputColumns)


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Workflow:
    """The workflow that is run for each row, and how it is reached."""

    id: WorkflowId = Field(
        description="The workflow's id: in copy.ai, open the workflow, tab API.",
        examples=["WCFG-0123"],
    )
    base_url: BaseUrl = Field(
        default="https://api.copy.ai/api",
        description="The service's address; simulator starts the bundled one, which needs no key.",
    )
    api_key_env: EnvironmentName = Field(
        default=KEY_VARIABLE,
        description="The environment variable that holds the key; also read from a file .env.",
    )
    metadata: Annotated[
        Mapping[str, Json],
        GetPydanticSchema(
            lambda _, handler: handler(Annotated[dict[str, Any], AfterValidator(read_metadata)])
        ),
    ] = Field(
        default_factory=dict,
        description="Sent along with each start.",
        examples=[{"team": "ops"}],
        json_schema_extra={"propertyNames": {"not": {"const": TOKEN_FIELD}}},
    )

    @property
    def is_simulated(self) -> bool:
        """Whether the bundled simulator takes the service's place."""
        return self.base_url == SIMULATOR

    @property
    def service(self) -> str:
        """The service's address, in one spelling: what the ledger knows it by."""
        return self.base_url.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Sections:
    """A whole config file, as its keys say."""

    name: BatchName = Field(
        default_factory=str,
        validate_default=True,
        description="Names the ledger and the report; by default this file's own name.",
        examples=["lead-emails"],
    )
    input: Input = Field(examples=[{"path": "leads.xlsx"}])
    output: OrDefaults[Output] = Field(default_factory=Output, validate_default=True)
    workflow: Workflow = Field(examples=[{"id": "WCFG-0123"}])
    variables: Variables = Field(
        description="What each row becomes for the workflow: start variable on the left, "
        "the column that it is made from on the right.",
        examples=[{"Company": "Company"}],
    )
    outputs: Outputs = Field(
        description='The new columns: header on the left, output of the run on the right; or "*" '
        "for all.",
        examples=["*"],
    )
    limits: OrDefaults[Limits] = Field(default_factory=Limits)
    polling: OrDefaults[Polling] = Field(default_factory=Polling)
    retry: OrDefaults[Retry] = Field(default_factory=Retry)
    webhook: Webhook | None = Field(
        default=None,
        description="Ends of runs by push, so that few polls are needed; by default runs are "
        "polled alone.",
        examples=[{"listen": "127.0.0.1:8765", "public_url": "https://example.org/hooks"}],
    )
    simulator: OrDefaults[Simulator] = Field(default_factory=Simulator)
    ledger: FilePath = Field(
        default_factory=Path,
        validate_default=True,
        description="What was started and what came back; by default <name>.ledger beside this "
        "file. With postgresql://host/database several machines share it (docs/cluster.md).",
        examples=["../out/lead-emails.ledger"],
    )

    @field_validator("name", mode="before")
    @classmethod
    def _named_for_the_file(cls, value: object, info: ValidationInfo) -> object:
        return value or (Path(info.context).stem if info.context else value)

    @field_validator("output")
    @classmethod
    def _beside_the_input(cls, output: Output, info: ValidationInfo) -> Output:
        if output.path != NOT_GIVEN or "input" not in info.data:
            return output
        return replace(output, path=default_output(info.data["input"].path))

    @field_validator("ledger", mode="before")
    @classmethod
    def _beside_the_file(cls, value: object, info: ValidationInfo) -> object:
        if info.context is None or value not in (None, NOT_GIVEN):
            return value
        return Path(info.context).with_name(f"{info.data.get('name', 'batch')}.ledger")


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Config(Sections):
    """A config without a fault: all paths absolute, all defaults in place."""

    path: Path
    """The file that it was read from."""
    server: str | None = None
    """Where the ledger is kept that several machines share; ``None``: it is a file."""
