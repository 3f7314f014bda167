"""A wrong sheet, as the person meets it who gave the command: one line, and nothing was done."""

from pathlib import Path

import pytest

from tests.commands.arranging import (
    CELL,
    QUICK,
    Arrange,
    a_batch,
    a_workbook,
    beside,
    rows,
    said,
    without_its_sheet,
    workbook,
    workbook_file,
)
from tests.commands.conftest import Call, Refused

COMPOUND = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)
"""What Excel makes of a workbook with a password begins like this."""

RUN = ("run", "batch.yaml")

KEYED = "{path: leads.csv, key: [Company]}"

WRONG = {
    "missing": (said(*RUN, input="{path: laeds.csv}"), "laeds.csv", "'leads.csv'"),
    "missing by the flag": (
        said(*RUN, "--input", "laeds.csv"),
        "laeds.csv: there is no such file",
        "'leads.csv'",
    ),
    "missing, by a name without its ending": (
        said(*RUN, input="{path: leads}"),
        "leads: there is no such file",
        "did you mean 'leads.csv'?",
    ),
    "missing, with an output of a kind": (
        said(*RUN, input="{path: lead}", output="{path: out.csv}"),
        "lead: there is no such file",
        "did you mean 'leads.csv'?",
    ),
    "a folder without an ending": (
        beside(lambda folder: (folder / "in").mkdir(), *RUN, input="{path: in}"),
        "in: this is a folder",
        "name a file",
    ),
    "a folder to begin with": (
        beside(lambda folder: (folder / "in").mkdir(), "init", "in", "-o", "new.yaml"),
        "in: this is a folder",
        "name a file",
    ),
    "nothing to begin with": (
        said("init", "leads", "-o", "new.yaml"),
        "leads: there is no such file",
        "did you mean 'leads.csv'?",
    ),
    "in a folder that is missing": (
        said(*RUN, input="{path: in/leads.csv}"),
        "in/leads.csv",
        "mend the path",
    ),
    "hidden rows of a text file by the flag": (
        beside(
            lambda folder: (folder / "leads.xlsx").write_bytes(a_workbook()),
            *RUN,
            "--input",
            "leads.csv",
            input="{path: leads.xlsx, hidden: skip}",
        ),
        "batch.yaml, line 1, input.hidden: a text file has no hidden rows",
        "save the sheet as .xlsx",
    ),
    "a sheet of a text file by the flag": (
        beside(
            lambda folder: (folder / "leads.xlsx").write_bytes(a_workbook()),
            *RUN,
            "--input",
            "leads.csv",
            input="{path: leads.xlsx, sheet: Leads}",
        ),
        "batch.yaml, line 1, input.sheet: a text file has no sheets",
        "leave it out",
    ),
    "a folder": (
        beside(lambda folder: (folder / "in.csv").mkdir(), *RUN, "--input", "in.csv"),
        "in.csv: this is a folder",
        "name a file",
    ),
    "unknown kind": (said(*RUN, input="{path: leads.pdf}"), "leads.pdf", ".csv"),
    "empty": (rows(""), "leads.csv: it is empty", "fill it in"),
    "no rows": (rows("Company,Nr\n"), "leads.csv: there is no row", "fill in rows"),
    "a workbook that is called text": (
        rows(a_workbook()),
        "leads.csv: by its content it is a workbook of the kind .xlsx",
        "name it leads.xlsx",
    ),
    "an .xlsx that is called .xls": (
        beside(
            lambda folder: (folder / "leads.xls").write_bytes(a_workbook()),
            *("init", "leads.xls", "-o", "new.yaml"),
        ),
        "leads.xls: by its content it is a workbook of the kind .xlsx",
        "name it leads.xlsx",
    ),
    "blank header": (rows(f"\n{CELL},1\n"), "leads.csv: the header in row 1", "mend header_row"),
    "unclosed quote": (rows(f'Company\n"{CELL}\n'), "leads.csv, line 2", "close it"),
    "not text": (rows(f"Company\n{CELL}\0\n"), "leads.csv, line 2", "CSV UTF-8"),
    "no encoding": (rows(b"Company\n\x81\xff\n"), "leads.csv", "CSV UTF-8"),
    "header beyond the end": (
        rows(f"Company\n{CELL}\n", input="{path: leads.csv, header_row: 9}"),
        "leads.csv: header_row 9 is beyond its last row",
        "mend header_row",
    ),
    "wrong sheet": (workbook(sheet="Leeds"), "leads.xlsx: there is no sheet 'Leeds'", "'Leads'?"),
    "header beyond the end of a sheet": (
        workbook(header_row=9),
        "leads.xlsx, sheet Leads: header_row 9",
        "mend header_row",
    ),
    "text for a workbook": (workbook_file(b"Company\n"), "leads.xlsx", "save it as .xlsx"),
    "empty workbook": (workbook_file(b""), "leads.xlsx: the file is empty", "save it as .xlsx"),
    "cut-off workbook": (workbook_file(a_workbook()[:1500]), "leads.xlsx", "let it be repaired"),
    "workbook without its rows": (
        workbook_file(without_its_sheet(a_workbook())),
        "leads.xlsx: the workbook is damaged",
        "let it be repaired",
    ),
    "a formula in a new column": (
        workbook_file(a_workbook(last_column=3, last_header="Email", formula="=1+1")),
        "Leads!C2: the input has a column 'Email' that holds something else",
        "rename it there",
    ),
    "no room for new columns": (
        workbook_file(a_workbook(last_column=16_384)),
        "sheet Leads: with the new columns",
        "delete columns",
    ),
    "password": (workbook_file(COMPOUND), "leads.xlsx: it is protected", "without a password"),
    "blank key": (
        rows(f"Company,Nr\n{CELL},1\n,2\n", input=KEYED),
        "leads.csv!A3: the key is blank",
        "a key of its own",
    ),
    "key twice": (
        rows(f"Company,Nr\n{CELL},1\n{CELL},2\n", input=KEYED),
        "leads.csv!A3: the key stands twice: it is that of row 2",
        "a key of its own",
    ),
    "a column of the user's": (
        rows(f"Company,Email\nAcme,{CELL}\n"),
        "leads.csv!B2: the input has a column 'Email'",
        "in batch.yaml",
    ),
}


@pytest.mark.parametrize(("arrange", "place", "remedy"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_is_refused_in_one_line(
    refused: Refused, arrange: Arrange, place: str, remedy: str
) -> None:
    """The file, the place in it, the remedy; and nothing else happened."""
    (line,) = refused(arrange)
    assert place in line.removesuffix(remedy)
    assert remedy in line


def test_every_column_of_the_users_is_named_at_once(refused: Refused) -> None:
    """Two headers of ours stand in the input over other words: a line each."""
    lines = refused(rows("Company,Error,Email\nAcme,mine,mine too\n"))
    assert sorted(line.split(": ")[0] for line in lines) == ["leads.csv!B2", "leads.csv!C2"]


def test_many_bad_keys_are_counted_and_not_all_told(refused: Refused) -> None:
    """Ten are named by their cells, and of the others it is said how many they are."""
    lines = refused(rows("Company\n" + "Acme\n" * 40, input=KEYED))
    assert len(lines) == 11
    assert "29 more rows have a bad key" in lines[-1]


@pytest.mark.parametrize("key", ["sheet: Leads", "hidden: skip"])
def test_what_only_a_workbook_has_is_judged_over_the_sheet_that_is_read(
    call: Call, tmp_path: Path, key: str
) -> None:
    """A workbook by the flag is read, and the batch then looked at, over a config's text file."""
    a_batch(tmp_path, input=f"{{path: leads.csv, {key}}}", **QUICK)
    (tmp_path / "june.xlsx").write_bytes(a_workbook())
    ended = call(*RUN, "--input", "june.xlsx")
    assert ended.exit == 0, ended.err
    assert (tmp_path / "june.done.xlsx").exists()
    ended = call("status", "batch.yaml")
    assert ended.exit == 0, ended.err
    assert f"a text file has no {'sheets' if 'sheet' in key else 'hidden rows'}" in call(*RUN).err
