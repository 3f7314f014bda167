"""What of a config may stand in a report that is handed on."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.report.settings import HIDDEN, settings
from tests.world import a_config


def shown(folder: Path, **sections: object) -> Mapping[str, str]:
    return dict(settings(a_config(folder, **sections)))


def with_metadata(name: str, value: object) -> dict[str, object]:
    return {
        "workflow": {
            "id": "WCFG-1",
            "base_url": "http://127.0.0.1:1/api",
            "metadata": {name: value},
        }
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "short"),
        ("Authorization", "Basic x"),
        ("db_password", 1234),
        ("note", "sk-1234"),
        ("note", "Bearer of news"),
        ("note", "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJ"),
        ("note", "https://ops:pass@host/"),
        ("nested", {"inner": {"token": "x"}}),
        ("nested", [{"secret": "x"}]),
    ],
)
def test_what_looks_like_a_credential_is_hidden(tmp_path: Path, name: str, value: object) -> None:
    """By its name or by its form, wherever a person could have put one."""
    told = shown(tmp_path, **with_metadata(name, value))
    assert told[f"workflow.metadata.{name}"] == HIDDEN
    variables = {"Company": "Company", name: {"value": value}}
    assert shown(tmp_path, variables=variables)[f"variables.{name}"] == f"value {HIDDEN}"


@pytest.mark.parametrize(("name", "value"), [("team", "ops"), ("run", 7), ("tags", ["a", "b"])])
def test_what_is_no_credential_is_shown(tmp_path: Path, name: str, value: object) -> None:
    """Who gets the report sees what was sent along."""
    told = shown(tmp_path, **with_metadata(name, value))
    assert told[f"workflow.metadata.{name}"] != HIDDEN


def test_units_are_told_as_a_config_spells_them(tmp_path: Path) -> None:
    """A value can be copied from the report into a config."""
    told = shown(
        tmp_path,
        limits={"rate": "90/min", "max_failures": "10%", "max_credits": 1000},
        polling={"give_up": "90min"},
        retry={"settle": "1h"},
    )
    assert told["limits.rate"] == "90/min"
    assert told["limits.max_failures"] == "10%"
    assert told["limits.max_credits"] == "1000"
    assert told["polling.give_up"] == "90min"
    assert told["retry.settle"] == "1h"


def test_no_folder_is_told(tmp_path: Path) -> None:
    """A path may name the person and their machine."""
    assert not [text for text in shown(tmp_path).values() if str(tmp_path) in text]
