"""The schema for editors says what `parse` says."""

import json
from collections.abc import Callable
from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipeline.config.load import Draft
from pipeline.config.schema import json_schema

EXAMPLE = """\
name: lead-emails
input:
  path: ../sample_data/leads.xlsx
  sheet: Leads
  header_row: none
  key: [Lead ID]
  where: {Ready: "yes", Row: 5, Done: false}
  hidden: skip
  duplicates: each
output:
  path: ../out/leads.xlsx
  columns: {status: Status, run_id: Run ID, credits: null, error: Error}
workflow:
  id: WCFG-1
  base_url: https://api.copy.ai/api
  api_key_env: COPY_AI_API_KEY
  metadata: {team: ops}
variables:
  Company: Company
  Website: {column: URL, default: ""}
  Pitch: {template: "{{ row['First name'] }} of {{ row.Company }}", format: shown}
  Signed: {column: Signed on, format: shown}
  Tone: {value: [friendly, 1, null]}
outputs:
  Email: Generated email
limits:
  rate: 60/min
  max_failures: 10%
polling: {rate: 20/s, first: 0, max: 60s, jitter: 0.3, give_up: 1h}
retry:
webhook: {listen: "127.0.0.1:8765", public_url: "https://example.org/hooks"}
ledger: ../out/lead-emails.ledger
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_shipped_schema_is_the_models() -> None:
    """After a change: `python -m pipeline.config.schema > pipeline/config/schema.json`."""
    shipped = files("pipeline.config").joinpath("schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == json_schema()


def test_the_documented_example_is_valid_for_both(
    validator: Draft202012Validator, parsed_text: Callable[[str], Draft]
) -> None:
    """An editor underlines nothing that `parse` takes."""
    assert parsed_text(EXAMPLE).faults == ()
    validator.validate(yaml.safe_load(EXAMPLE))


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("nmae", "x"),
        ("input", "{}"),
        ("input", "{path: a.csv, header_row: 0}"),
        ("input", "{path: a.csv, duplicates: never}"),
        ("input", "{path: a.csv, csv: {delimiter: ''}}"),
        ("input", "{path: a.csv, csv: {quote: nothing}}"),
        ("input", "{path: a.csv, csv: {encoding: 5}}"),
        ("workflow", "{id: a/b}"),
        ("workflow", "{id: WCFG-…}"),
        ("workflow", "{id: A, base_url: 'ftp://x'}"),
        ("workflow", "{id: A, api_key_env: lower}"),
        ("workflow", "{id: A, metadata: {pipeline_attempt: x}}"),
        ("variables", "{}"),
        ("variables", "{A: 5}"),
        ("variables", "{A: {column: A, value: 1}}"),
        ("variables", "{A: {value: 1, default: x}}"),
        ("variables", "{A: {column: A, format: us}}"),
        ("variables", "{A: {value: 1, format: raw}}"),
        ("input", "{path: a.csv, hidden: shown}"),
        ("outputs", "Email"),
        ("outputs", "{}"),
        ("limits", "{rate: 60}"),
        ("limits", "{max_credits: -5}"),
        ("limits", "{max_failures: 0}"),
        ("polling", "{first: 5m}"),
        ("polling", "{jitter: 2}"),
        ("retry", "{settle: half a minute}"),
        ("webhook", "{}"),
        ("webhook", "{listen: 8765, public_url: 'https://example.org'}"),
        ("webhook", "{listen: '127.0.0.1:8765', public_url: 'https://example.org/?a=b'}"),
    ],
)
def test_a_wrong_config_is_wrong_for_both(
    validator: Draft202012Validator, parsed: Callable[..., Draft], section: str, text: str
) -> None:
    """An editor underlines what `parse` refuses; keys that nothing carries out yet among it."""
    good = {"input": {"path": "a.csv"}, "workflow": {"id": "A"}, "outputs": "*"}
    good |= {"variables": {"A": "B"}}
    assert validator.is_valid(good)
    assert not validator.is_valid(good | {section: yaml.safe_load(text)})
    assert parsed(**{section: text}).faults


def test_every_key_says_what_it_means(validator: Draft202012Validator) -> None:
    """A key without a description would be a blank line in `init` and in the reference."""
    parts = [validator.schema, *validator.schema["$defs"].values()]
    fields = [field for part in parts for field in part.get("properties", {}).values()]
    sections = [form for field in fields for form in (field, *field.get("anyOf", ()))]
    assert len(fields) > 40
    assert all("description" in field or "$ref" in str(field) for field in fields)
    assert all(
        "description" in validator.schema["$defs"][section["$ref"].rpartition("/")[2]]
        for section in sections
        if "$ref" in section and not section["$ref"].endswith("JsonValue")
    )
