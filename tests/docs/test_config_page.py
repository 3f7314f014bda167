"""What the pages say of the config is what the program takes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from docs.making.__main__ import CHECKOUT, pages
from pipeline.config.load import parse
from pipeline.config.schema import json_schema

SMALLEST = {
    "input": {"path": "leads.xlsx"},
    "workflow": {"id": "WCFG-0123"},
    "variables": {"Company": "Company"},
    "outputs": "*",
}
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _examples() -> Iterator[tuple[str, str]]:
    for page in pages():
        for number, text in enumerate(YAML.findall(page.read_text(encoding="utf-8")), 1):
            yield f"{page.relative_to(CHECKOUT)} {number}", text


EXAMPLES = dict(_examples())


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_in_a_page_is_a_good_config(tmp_path: Path, text: str) -> None:
    """A reader who copies it, and fills in the sections that it leaves out, gets no fault."""
    given = yaml.safe_load(text)
    path = tmp_path / "leads.yaml"
    missing = {key: value for key, value in SMALLEST.items() if key not in given}
    path.write_text(f"{text}\n{yaml.safe_dump(missing) if missing else ''}", encoding="utf-8")
    assert [str(fault) for fault in parse(path).faults] == []


def test_the_smallest_config_of_the_page_is_one() -> None:
    """No section of it can be left out."""
    assert yaml.safe_load(EXAMPLES["docs/config.md 1"]) == SMALLEST
    assert set(json_schema()["required"]) == set(SMALLEST)


def test_every_key_of_the_schema_is_told() -> None:
    """No key and no default is missing in the reference."""
    page = (CHECKOUT / "docs" / "config.md").read_text(encoding="utf-8")
    schema = json_schema()
    for section in (schema, *schema["$defs"].values()):
        for key, field in section.get("properties", {}).items():
            rows = re.findall(rf"^\| `(?:\w+\.)?{key}` \|.*$", page, re.MULTILINE)
            assert rows, key
            default = field.get("default")
            assert default in (None, [], "") or any(
                f"| `{spelled}` |".lower() in row.lower()
                for row in rows
                for spelled in (default, json.dumps(default))
            ), key
