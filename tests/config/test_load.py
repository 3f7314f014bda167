"""From a file to a Config, or to all its faults."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from pipeline.config.load import ColumnUse, Draft
from pipeline.config.model import Limits, Output, OutputColumns, Polling, Retry, Simulator
from pipeline.core.money.budget import FailureLimit
from pipeline.core.rows.variables import Fixed, FromColumn, FromTemplate
from pipeline.core.timing.backoff import LookWaits
from pipeline.core.timing.pacing import Rate

CONTRACT = """\
name: lead-emails
input:
  path: ../sample_data/leads.xlsx
  sheet: Leads
  header_row: 1
  key: [Lead ID]
  where: {Ready: "yes"}
  duplicates: each
output:
  path: ../out/leads.xlsx
  columns: {status: Status, run_id: Run ID, credits: Credits, error: Error}
workflow:
  id: WCFG-1
  base_url: https://api.copy.ai/api
  api_key_env: COPY_AI_API_KEY
  metadata: {team: ops}
variables:
  Company: Company
  Website: {column: URL, default: ""}
  Pitch: {template: "{{ row['First name'] }} of {{ row.Company }}"}
  Tone: {value: friendly}
outputs:
  Email: Generated email
  Score: analysis.score
limits:
  rate: 60/min
  burst: 1
  max_in_flight: 500
  max_failures: 20
polling: {rate: 20/s, first: 5s, max: 60s, jitter: 0.3, give_up: 1h}
retry: {failed: 0, unconfirmed: reconcile, settle: 30s}
ledger: ../out/lead-emails.ledger
"""


def test_the_contracts_example_is_read_as_it_says(
    parsed_text: Callable[[str], Draft], tmp_path: Path
) -> None:
    """Every key of the documented example arrives, in its final type."""
    config = parsed_text(CONTRACT).config
    assert config.name == "lead-emails"
    assert config.path == tmp_path / "leads.yaml"
    assert config.input.path == tmp_path.parent / "sample_data" / "leads.xlsx"
    assert (config.input.sheet, config.input.header_row) == ("Leads", 1)
    assert config.input.key == ("Lead ID",)
    assert config.input.where == {"Ready": "yes"}
    assert config.output.path == tmp_path.parent / "out" / "leads.xlsx"
    assert config.workflow.metadata == {"team": "ops"}
    assert config.variables == {
        "Company": FromColumn("Company"),
        "Website": FromColumn("URL", default=""),
        "Pitch": FromTemplate(
            "{{ row['First name'] }} of {{ row.Company }}", ("Company", "First name")
        ),
        "Tone": Fixed("friendly"),
    }
    assert config.outputs == {"Email": "Generated email", "Score": "analysis.score"}
    assert config.limits.max_failures == FailureLimit(count=20)
    assert config.ledger == tmp_path.parent / "out" / "lead-emails.ledger"


def test_what_is_left_out_takes_the_documented_default(
    parsed: Callable[..., Draft], tmp_path: Path
) -> None:
    """The defaults are those of the contract."""
    config = parsed().config
    assert config.name == "leads"
    assert config.input.sheet is None
    assert config.input.header_row == 1
    assert (config.input.key, config.input.where) == ((), {})
    assert config.output == Output(
        path=tmp_path / "leads.done.xlsx",
        columns=OutputColumns(status="Status", run_id="Run ID", credits="Credits", error="Error"),
    )
    assert config.workflow.base_url == "https://api.copy.ai/api"
    assert config.workflow.api_key_env == "COPY_AI_API_KEY"
    assert not config.workflow.is_simulated
    assert config.limits == Limits(
        rate=Rate(60, 60.0), burst=1, max_in_flight=500, max_failures=None
    )
    assert config.polling == Polling(
        rate=Rate(20, 1.0), first_seconds=5, max_seconds=60, jitter=0.3, give_up_seconds=3600
    )
    assert config.polling.look_waits == LookWaits(5, 60, 0.3)
    assert config.retry == Retry(failed=0, unconfirmed="reconcile", settle_seconds=30)
    assert config.simulator == Simulator(seed=1, duration_seconds=2, credits=2, fail=0)
    assert config.ledger == tmp_path / "leads.ledger"


def test_sections_may_stand_empty_and_a_name_moves_the_ledger(
    parsed: Callable[..., Draft], tmp_path: Path
) -> None:
    """A section whose keys are all commented out is its defaults; the ledger goes by the name."""
    config = parsed(name="spring", limits="", polling="", output="{columns: }").config
    assert config.limits == Limits()
    assert config.output.columns == OutputColumns()
    assert config.ledger == tmp_path / "spring.ledger"


@pytest.mark.parametrize(
    ("source", "output"),
    [("a.csv", "a.done.csv"), ("a.XLSX", "a.done.XLSX"), ("a.xls", "a.done.xlsx")],
)
def test_the_output_is_named_for_the_input(
    parsed: Callable[..., Draft], source: str, output: str
) -> None:
    """By default it stands beside the input; formats that are only read become .xlsx."""
    assert parsed(input=f"{{path: {source}}}").config.output.path.name == output


def test_a_config_does_not_change(parsed: Callable[..., Draft]) -> None:
    """Nobody downstream needs to check again."""
    with pytest.raises(FrozenInstanceError):
        parsed().config.limits.burst = 2


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("yes", "yes"),
        ('"yes"', "yes"),
        ("on", "on"),
        ("true", "TRUE"),
        ("False", "FALSE"),
        ("5", "5"),
        ("5.0", "5"),
        ("1e3", "1000"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-31", "2024-01-31"),
        ('""', ""),
    ],
)
def test_where_compares_with_what_the_cell_shows(
    parsed: Callable[..., Draft], written: str, shown: str
) -> None:
    """Only true and false are truth values, and nothing becomes a date or a sexagesimal."""
    draft = parsed(input=f"{{path: a.csv, where: {{Ready: {written}}}}}")
    assert draft.config.input.where == {"Ready": shown}


def test_a_key_is_its_text_whatever_it_looks_like(parsed: Callable[..., Draft]) -> None:
    """A column may be called 2024, true or no."""
    config = parsed(variables='{2024: "2024", true: "true", no: no}').config
    assert list(config.variables) == ["2024", "true", "no"]


@pytest.mark.parametrize(
    ("section", "text", "key", "value"),
    [
        ("input", "{path: a.csv, header_row: none}", "header_row", None),
        ("output", "{columns: {credits: null}}", "columns", OutputColumns(credits=None)),
        ("workflow", "{id: WCFG-1, base_url: simulator}", "is_simulated", True),
        ("workflow", "{id: A, base_url: 'http://[::1]:1/x/'}", "base_url", "http://[::1]:1/x"),
        ("workflow", "{id: A, base_url: 'http://[::1]:1'}", "base_url", "http://[::1]:1"),
        ("limits", "{max_failures: 10%}", "max_failures", FailureLimit(percent=10)),
        ("limits", "{max_failures: null}", "max_failures", None),
        ("polling", "{first: 0}", "first_seconds", 0),
        ("polling", "{give_up: 1d}", "give_up_seconds", 86400),
        ("variables", "{T: {value: null}}", "__getitem__", Fixed(None)),
        ("variables", "{T: {value: [1, {a: true}]}}", "__getitem__", Fixed([1, {"a": True}])),
        ("variables", "{T: {column: ' A  b ', required: false}}", "__getitem__",
         FromColumn("A b", required=False)),
        ("variables", "{T: {column: A, default: 0}}", "__getitem__", FromColumn("A", default="0")),
    ],
)  # fmt: skip
def test_values_arrive_in_their_final_form(
    parsed: Callable[..., Draft], section: str, text: str, key: str, value: object
) -> None:
    """Each documented form of a value is taken."""
    found = getattr(parsed(**{section: text}).config, section)
    assert (found["T"] if key == "__getitem__" else getattr(found, key)) == value


def test_all_faults_come_at_once_in_the_order_of_the_file(parsed: Callable[..., Draft]) -> None:
    """Faults of the form, of values, of refused keys and between sections are told together."""
    draft = parsed(
        input="{path: leads.xlsx, path: b.xlsx}",
        output="{columns: {error: Status}}",
        limits="{rate: 60, burst: 0}",
        webhook="{listen: 1, public_url: 'https://me'}",
        workflow="{id: A, token: SECRET}",
        simulator="{}",
    )
    assert [fault.place for fault in draft.faults] == [
        "leads.yaml, line 1, input.path",
        "leads.yaml, line 2, workflow.token",
        "leads.yaml, line 5, output.columns.error",
        "leads.yaml, line 6, limits.rate",
        "leads.yaml, line 6, limits.burst",
        "leads.yaml, line 7, webhook.listen",
        "leads.yaml, line 8, simulator",
    ]


def test_a_faulty_config_still_tells_its_sheet_and_columns(parsed: Callable[..., Draft]) -> None:
    """What is good by itself is there, so that the sheet's faults can be told as well."""
    draft = parsed(
        input='{path: a.csv, key: [Lead ID], where: {Ready: "yes"}}',
        variables="{A: Company, B: {template: '{{ row.URL }}'}, C: 5}",
        limits="{rate: 60}",
    )
    assert draft.config is None
    assert draft.input.path.name == "a.csv"
    assert draft.column_uses == (
        ColumnUse("Lead ID", "leads.yaml, line 1, input.key"),
        ColumnUse("Ready", "leads.yaml, line 1, input.where.Ready"),
        ColumnUse("Company", "leads.yaml, line 3, variables.A"),
        ColumnUse("URL", "leads.yaml, line 3, variables.B"),
    )
