"""The configs and sheets that come with the program: what their comments promise is what happens.

All of it runs on a copy, sped up: never in the checkout.
"""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.config.load import parse
from pipeline.config.source import read_source
from tests.journeys.running import Ended, pipeline

CHECKOUT = Path(__file__).parents[2]
CONFIGS = sorted((CHECKOUT / "configs").glob("*.yaml"))
FAULTS = {"leads.yaml": ["workflow.id"]}
"""The keys that a person has to fill in first; the other configs run as they are."""

FASTER: Mapping[str, Mapping[str, str]] = {
    "limits": {"rate": "200/s"},
    "polling": {"first": "10ms", "max": "50ms"},
    "simulator": {"duration": "0s"},
}


def a_copy(folder: Path) -> Path:
    """The configs and the sheets, as they come; gives the configs' folder."""
    shutil.copytree(CHECKOUT / "sample_data", folder / "sample_data")
    (folder / "configs").mkdir()
    for config in CONFIGS:
        shutil.copy(config, folder / "configs")
    return folder / "configs"


def data_of(config: Path) -> dict[str, Any]:
    """What the config says, read as the program reads it."""
    return dict(read_source(config).data)


def sped_up(config: Path) -> Path:
    """The same config with the waits taken out."""
    data = data_of(config)
    for section, keys in FASTER.items():
        data[section] = {**data[section], **keys}
    # JSON is YAML as well.
    config.write_text(json.dumps(data), encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended, Ended]:
    """The folder in which the demo was run twice, and both calls."""
    folder = tmp_path_factory.mktemp("demo")
    config = sped_up(a_copy(folder) / "demo.yaml")
    first, second = (pipeline("run", config, "--json", key=None) for _ in range(2))
    return folder, first, second


def sheet_of(workbook: Path, name: str) -> Worksheet:
    sheet = load_workbook(workbook)[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def rows_of(sheet: Worksheet) -> list[dict[str, object]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_every_config_is_without_faults_but_for_what_a_person_fills_in(config: Path) -> None:
    """A config that comes along is good, and the schema in its first line says so too."""
    expected = FAULTS.get(config.name, [])
    found = [fault.place.rsplit(", ", 1)[-1] for fault in parse(config).faults]
    assert found == expected
    line = config.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line)
    assert match, line
    schema = json.loads((config.parent / match[1]).read_text(encoding="utf-8"))
    errors = Draft202012Validator(schema).iter_errors(data_of(config))
    assert [".".join(map(str, error.absolute_path)) for error in errors] == expected


def test_the_config_for_real_use_lacks_the_workflow_and_nothing_else(tmp_path: Path) -> None:
    """`check` asks for the workflow's id in one line; with it, every column is found."""
    config = a_copy(tmp_path) / "leads.yaml"
    unfinished = pipeline("check", config)
    assert unfinished.exit == 2
    assert len(unfinished.err.strip().splitlines()) == 1
    assert "workflow.id" in unfinished.err
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("WCFG-…", "WCFG-1"), encoding="utf-8")
    finished = pipeline("check", config)
    assert finished.exit == 0, finished.err


def test_the_demo_completes_every_ready_row_and_skips_the_others(
    demo: tuple[Path, Ended, Ended],
) -> None:
    """Without a key: each ready row has the outputs of its own run, and no other row was sent."""
    folder, first, _ = demo
    assert first.exit == 0, first.err
    rows = rows_of(sheet_of(folder / "out" / "leads.done.xlsx", "Leads"))
    ready = [row for row in rows if row["Ready"] == "yes"]
    assert 40 <= len(ready) < len(rows)
    for row in rows:
        assert row["Status"] == ("complete" if row["Ready"] == "yes" else "skipped")
        assert row["Error"] is None
    for row in ready:
        assert str(row["Company"]) in str(row["Email"])
        assert str(row["Last name"]) in str(row["Email"])
        assert isinstance(row["Score"], int)
    assert len({row["Run ID"] for row in ready}) == len(ready)
    assert first.summary["complete"] == first.summary["requests"]["start"] == len(ready)
    assert first.summary["skipped"] == len(rows) - len(ready)
    assert first.summary["credits"] == sum(int(str(row["Credits"])) for row in ready)


def test_the_demo_given_again_starts_nothing(demo: tuple[Path, Ended, Ended]) -> None:
    """The second call reuses every row, and ends as well as the first."""
    _, first, second = demo
    assert second.exit == 0, second.err
    assert second.summary["requests"]["start"] == 0
    assert second.summary["reused"] == first.summary["complete"] > 0
    for figure in ("complete", "skipped", "credits"):
        assert second.summary[figure] == first.summary[figure]


def test_the_demos_workbook_is_the_export_with_new_columns_at_its_right_end(
    demo: tuple[Path, Ended, Ended],
) -> None:
    """Text, dates, formulas, formats, filter, header and the other sheet are as they were."""
    folder = demo[0]
    source = CHECKOUT / "sample_data" / "leads.xlsx"
    for name in ("Leads", "Notes"):
        before, after = sheet_of(source, name), sheet_of(folder / "out" / "leads.done.xlsx", name)
        for row in before.iter_rows():
            for cell in row:
                same = after[cell.coordinate]
                assert same.value == cell.value, cell.coordinate
                assert same.data_type == cell.data_type, cell.coordinate
                assert same.number_format == cell.number_format, cell.coordinate
        assert after.freeze_panes == before.freeze_panes
        assert after.auto_filter.ref == before.auto_filter.ref
    leads = sheet_of(folder / "out" / "leads.done.xlsx", "Leads")
    outputs = data_of(CHECKOUT / "configs" / "demo.yaml")["outputs"]
    new = [*outputs, "Status", "Run ID", "Credits", "Error"]
    assert [cell.value for cell in leads[1]][13:] == new
    assert leads.freeze_panes == "B2"
    assert leads.auto_filter.ref == "A1:M62"


def test_the_sample_export_is_as_untidy_as_a_real_one() -> None:
    """What the demo is shown to cope with stands in its sheet, cached values of formulas too."""
    source = CHECKOUT / "sample_data" / "leads.xlsx"
    rows = rows_of(sheet_of(source, "Leads"))
    cached = load_workbook(source, data_only=True)["Leads"]
    assert any(str(row["Lead ID"]).startswith("00") for row in rows)
    assert any(str(row["Weighted value"]).startswith("=") for row in rows)
    assert all(isinstance(cell.value, int | float) for cell in cached["M"][1:])
    ready = [row for row in rows if row["Ready"] == "yes"]
    assert any(row["Website"] is None for row in ready)
    assert any(row["Company"] is None for row in rows if row not in ready)
    plain = Counter(json.dumps({**row, "Weighted value": ""}, default=str) for row in ready)
    assert max(plain.values()) > 1
    assert sum(not str(row["Last name"]).isascii() for row in rows) > 10


@pytest.mark.slow
def test_failures_are_told_row_by_row(tmp_path: Path) -> None:
    """Exit 1: a sentence for each row that is not complete; given again, nothing is sent."""
    config = sped_up(a_copy(tmp_path) / "failures.yaml")
    ended = pipeline("run", config, "--json", key=None)
    assert ended.exit == 1, ended.err
    rows = _tickets(tmp_path / "out" / "failures.csv")
    statuses = Counter(row["Status"] for row in rows)
    assert set(statuses) == {"complete", "failed"}
    assert {status: ended.summary[status] for status in statuses} == statuses
    for row in rows:
        assert bool(row["Summary"]) == (row["Status"] == "complete")
        assert bool(row["Error"]) == (row["Status"] != "complete"), row["Error"]
    blank = [row for row in rows if not (row["Kunde"] and row["Anliegen"])]
    assert len(blank) == 2
    for row in blank:
        assert row["Status"] == "failed"
        assert " is empty; " in row["Error"]
        assert not row["Run ID"]
        assert not row["Credits"]
    errors = [row["Error"] for row in rows]
    assert any(error.startswith("The service refused this row") for error in errors)
    again = pipeline("run", config, "--json", key=None)
    assert again.exit == 1
    assert again.summary["requests"]["start"] == 0


def _tickets(path: Path) -> list[Mapping[str, str]]:
    """The rows of the sheet, which must still be what a German spreadsheet saves."""
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == 26
    return list(
        csv.DictReader(content.decode("utf-8-sig").splitlines(keepends=True), delimiter=";")
    )
