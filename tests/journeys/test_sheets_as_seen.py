"""A workbook is sent as the person who made it sees it."""

import json
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.journeys.running import pipeline, write_config


def a_workbook(path: Path) -> Path:
    """Three rows: plain ones, of which the second is hidden, and one with an open formula."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["Company", "Customer", "Share", "Signed", "Total"])
    for number in (2, 3, 4):
        sheet.append([f"Company {number}", 100 + number, 0.125, 45293, number])
        sheet.cell(number, 2).number_format = "00000"
        sheet.cell(number, 3).number_format = "0.0%"
        sheet.cell(number, 4).number_format = "d mmm yyyy"
    sheet["E4"] = "=B4*2"
    sheet.row_dimensions[3].hidden = True
    workbook.save(path)
    return path


VARIABLES = {
    "Customer": "Customer",
    "Share": "Share",
    "Signed": "Signed",
    "Signed as seen": {"column": "Signed", "format": "shown"},
    "Signed as stored": {"column": "Signed", "format": "raw"},
    "Both": {"template": "{{ row.Customer }}: {{ row.Total }}", "format": "shown"},
}


def test_what_is_sent_is_what_a_person_sees(tmp_path: Path) -> None:
    """Formats, dates in three forms, hidden rows counted, and the cell of an open formula named."""
    a_workbook(tmp_path / "rows.xlsx")
    config = write_config(tmp_path / "batch.yaml", input={"path": "rows.xlsx"}, variables=VARIABLES)
    ended = pipeline("check", config, "--json")
    assert ended.exit == 0, ended.err
    found = json.loads(ended.out)
    assert [request["startVariables"] for request in found["requests"]] == [
        {
            "Customer": f"0010{number}",
            "Share": "12.5%",
            "Signed": "2024-01-02",
            "Signed as seen": "2 Jan 2024",
            "Signed as stored": "45293",
            "Both": f"0010{number}: {number}",
        }
        for number in (2, 3)
    ]
    assert {key: found[key] for key in ("rows", "start", "hidden", "skipped", "faulty")} == {
        "rows": 3,
        "start": 2,
        "hidden": 1,
        "skipped": 0,
        "faulty": 1,
    }
    told = "Sheet!E4: the formula was never calculated; open and save it in Excel"
    assert told in ended.err
    text = pipeline("check", config).out
    assert "hidden rows: 1, sent like the others" in text


def test_hidden_rows_are_skipped_where_they_are_to_be(tmp_path: Path) -> None:
    """They cost nothing, and stand in the output as skipped."""
    a_workbook(tmp_path / "rows.xlsx")
    config = write_config(tmp_path / "batch.yaml", input={"path": "rows.xlsx", "hidden": "skip"})
    assert "hidden rows: 1, skipped" in pipeline("check", config).out
    ended = pipeline("run", config, "--json")
    assert ended.exit == 0, ended.err
    assert (ended.summary["complete"], ended.summary["skipped"]) == (2, 1)
