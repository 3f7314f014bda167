"""`init` over sheets as people lay them out: at a terminal it asks, elsewhere it guesses."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.commands import terminal
from pipeline.config.load import parse
from pipeline.config.model import Config
from pipeline.core.rows.variables import FromColumn
from tests.commands.doubting import Program

DATA: Sequence[Sequence[object]] = [
    ("Customers of 2025",),
    (),
    ("Customer No", "Name", "Company", "Notes"),
    *((1000 + n, f"Name {n}", f"Firm {n}" if n else None, None) for n in range(4)),
]
COVER: Sequence[Sequence[object]] = [("Made by", "Anna"), ("On", "12 June")]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COPY_AI_API_KEY", raising=False)


def a_book(**sheets: Sequence[Sequence[object]]) -> Path:
    """The workbook ``export.xlsx`` of these sheets, in this folder."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    path = Path("export.xlsx")
    book.save(path)
    return path


def written() -> Config:
    """The config that was written, without a fault."""
    draft = parse(Path("export.yaml"))
    assert draft.faults == ()
    assert draft.config is not None
    return draft.config


def test_without_a_terminal_the_table_is_guessed_and_it_is_said(program: Program) -> None:
    """Data on the second sheet below a title: both guesses are told, with the flag to change."""
    ended = program("init", a_book(Cover=COVER, Data=DATA), "--workflow", "simulator")
    assert ended.exit == 0, ended.err
    assert "Sheet 'Data' is taken, not 'Cover': --sheet names another." in ended.err
    assert "The headers are taken to stand in row 3: --header-row says otherwise." in ended.err
    assert ended.out == ""
    config = written()
    assert (config.input.sheet, config.input.header_row) == ("Data", 3)
    assert config.input.key == ("Customer No",)
    assert list(config.variables) == ["Customer No", "Name", "Company"]


def test_a_plain_sheet_is_taken_without_a_word(program: Program) -> None:
    """Where there is one sheet with its headers on top, nothing is said of a guess."""
    ended = program("init", a_book(Data=DATA[2:]), "--workflow", "simulator")
    assert ended.err.splitlines() == [
        "Written: export.yaml, over 4 rows and 4 columns.",
        "Next: `pipeline check export.yaml`",
    ]


def test_of_many_sheets_a_few_are_named_and_the_others_counted(program: Program) -> None:
    """A workbook of thirty sheets fills no screen with their names."""
    covers = {f"Cover{n}": COVER for n in range(9)}
    ended = program("init", a_book(**covers, Data=DATA), "--workflow", "simulator")
    assert (
        "Sheet 'Data' is taken, not 'Cover0', 'Cover1', 'Cover2' or 6 more: --sheet names another."
    ) in ended.err


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--sheet", "Cover"], {"sheet": "Cover", "header_row": 1}),
        (["--header-row", "4"], {"sheet": "Data", "header_row": 4}),
        (["--header-row", "none"], {"sheet": "Data", "header_row": None}),
        (["--sheet", "Cover", "--header-row", "2"], "there is no row under the header in row 2"),
        (["--sheet", "Dato"], "did you mean 'Data'?"),
        (["--header-row", "0"], "0 is no header row"),
    ],
)
def test_flags_say_where_the_table_stands(
    program: Program, flags: list[str], expected: Mapping[str, object] | str
) -> None:
    """A person's word goes before the guess; a wrong one is told, and nothing is written."""
    ended = program("init", a_book(Cover=COVER, Data=DATA), "--workflow", "simulator", *flags)
    if isinstance(expected, str):
        assert ended.exit == 2
        assert expected in ended.err
        assert not Path("export.yaml").exists()
    else:
        assert ended.exit == 0, ended.err
        assert {key: getattr(written().input, key) for key in expected} == expected


def test_a_text_file_has_no_sheets(program: Program) -> None:
    """A flag that means nothing is told, and not passed over."""
    Path("export.csv").write_text("Name,Town\nAnna,Ulm\n", encoding="utf-8")
    ended = program("init", "export.csv", "--sheet", "Data")
    assert ended.exit == 2
    assert ended.err == "--sheet: a text file has no sheets; leave it out\n"


def test_a_text_file_with_a_title_is_found_as_well(program: Program) -> None:
    """What a report writes above its headers is no header, in any dialect."""
    text = "Export of customers\n\nName;Town;Since\nAnna;Ulm;2.6.2025\nBen;Bonn;3.6.2025\n"
    Path("export.csv").write_text(text, encoding="utf-8")
    ended = program("init", "export.csv", "--workflow", "simulator")
    assert ended.exit == 0, ended.err
    assert written().input.header_row == 3
    assert list(written().variables) == ["Name", "Town", "Since"]
    assert program("check", "export.yaml").exit == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty; fill it in, or name another"),
        (
            "Name,Town\n",
            "there is no row under the header in row 1; fill in rows, or mend --header-row",
        ),
    ],
)
def test_where_nothing_can_be_taken_no_guess_is_told(
    program: Program, text: str, told: str
) -> None:
    """One line, which names the flag of this command, and no key of a config that is not there."""
    Path("export.csv").write_text(text, encoding="utf-8")
    ended = program("init", "export.csv")
    assert ended.exit == 2
    assert ended.err == f"{Path.cwd()}/export.csv: {told}\n"


FORMULAS: Sequence[Sequence[object]] = [
    ("Name", "Pitch", "Notes"),
    ("Anna", "=A2", None),
    ("Ben", "=A3", None),
]


def test_a_column_of_formulas_that_were_never_calculated_is_no_empty_one(program: Program) -> None:
    """It is told as what it is, with the remedy, and is sent: `check` then names each cell."""
    ended = program("init", a_book(Data=FORMULAS), "--workflow", "simulator")
    assert ended.exit == 0, ended.err
    assert (
        "Data!B2, and 1 more in this column: the formula was never calculated; "
        "open and save it in Excel\n"
    ) in ended.err
    assert written().variables == {"Name": FromColumn("Name"), "Pitch": FromColumn("Pitch")}
    assert "Data!B3: the formula was never calculated" in program("check", "export.yaml").err


def test_headers_that_are_numbers_are_named_as_they_are_shown(program: Program) -> None:
    """Shares, years and numbers with zeros before them: the config that was written runs."""
    path = a_book(Data=[("SKU", 0.1, 2024, 12), ("a", 5, 6, 7), ("b", 7, 8, 9)])
    book = load_workbook(path)
    for cell, code in {"B1": "0%", "C1": "#,##0", "D1": "00000"}.items():
        book["Data"][cell].number_format = code
    book.save(path)
    assert program("init", path, "--workflow", "simulator", "--header-row", "1").exit == 0
    assert list(written().variables) == ["SKU", "10%", "2,024", "00012"]
    ended = program("run", "export.yaml")
    assert ended.exit == 0, ended.err
    # The output names them so as well: none of our columns may stand over one of them.
    ended = program("run", "export.yaml", "--input", "export.done.xlsx")
    assert ended.exit == 0, ended.err


def test_at_a_terminal_such_a_column_says_what_is_in_it(program: Program) -> None:
    """A person is not told that nothing stands there."""
    ended = program.answering("", "", "", "")("init", a_book(Data=FORMULAS))
    assert "    2  Pitch: a formula that was never calculated\n" in ended.err
    assert "    3  Notes (nothing in it)\n" in ended.err


def test_numbers_alone_have_a_guess_and_a_way_out(program: Program) -> None:
    """A sheet without headers is told as such, with the flag that says so."""
    Path("export.csv").write_text("1,2\n3,4\n5,6\n", encoding="utf-8")
    ended = program("init", "export.csv", "--workflow", "simulator")
    assert "No row looks like headers: row 1 is taken for them." in ended.err


def test_a_person_is_asked_and_enter_takes_the_guess(program: Program) -> None:
    """Five times Enter give what would have been guessed, with the workflow left to fill in."""
    ended = program.answering("", "", "", "", "")("init", a_book(Cover=COVER, Data=DATA))
    assert ended.exit == 0, ended.err
    (fault,) = parse(Path("export.yaml")).faults
    assert fault.place.endswith(", workflow.id")
    text = Path("export.yaml").read_text(encoding="utf-8").replace("WCFG-…", "WCFG-1")
    Path("export.yaml").write_text(text, encoding="utf-8")
    assert (written().input.sheet, written().input.header_row) == ("Data", 3)
    assert written().input.key == ("Customer No",)


def test_beside_each_column_stands_what_it_holds(program: Program) -> None:
    """The first cell that holds anything: the first row may be blank just there."""
    ended = program.answering("", "", "", "")("init", a_book(Data=DATA))
    assert "    3  Company: Firm 1\n" in ended.err
    assert "    4  Notes (nothing in it)\n" in ended.err


def test_what_a_person_answers_is_in_the_config(program: Program) -> None:
    """Each wrong answer is told, and asked for again; the right one counts."""
    answers = ["WCFG 1", "WCFG-1", "9", "2", "x", "3", "4,8", "1-3", "4", "2 3"]
    ended = program.answering(*answers)("init", a_book(Cover=COVER, Data=DATA))
    assert ended.exit == 0, ended.err
    for wrong in (
        "holds a space",
        "9 is not among them; write numbers from 1 to 2",
        "'x' is no header row",
        "8 is not among them; write numbers from 1 to 4",
        "a row is blank there, or two rows are alike",
    ):
        assert wrong in ended.err
    config = written()
    assert config.workflow.id == "WCFG-1"
    assert list(config.variables) == ["Customer No", "Name", "Company"]
    assert config.input.key == ("Name", "Company")


def test_a_sheet_and_a_column_may_be_answered_by_name(program: Program) -> None:
    """Whoever sees a list types what they see, in whichever letters; one sheet is one."""
    answers = ["WCFG-1", "1,2", "Dato", "data", "3", "Name, customer no", "Name,company"]
    ended = program.answering(*answers)("init", a_book(Cover=COVER, Data=DATA))
    assert ended.exit == 0, ended.err
    assert "one sheet is wanted; write its number or its name" in ended.err
    assert "'Dato' is no number and no name of these; write its number or its name" in ended.err
    assert written().input.sheet == "Data"
    assert list(written().variables) == ["Name", "Customer No"]
    assert written().input.key == ("Name", "Company")


def test_whoever_leaves_the_questions_leaves_no_config(program: Program) -> None:
    """A terminal that is closed is no answer."""
    ended = program.answering("")("init", a_book(Cover=COVER, Data=DATA))
    assert ended.exit == 2
    assert "nothing was written" in ended.err
    assert not Path("export.yaml").exists()


@pytest.mark.parametrize(
    ("called", "found", "expected"),
    [
        ("/usr/bin/pipeline", "/usr/bin/pipeline", "pipeline check 'a b.yaml'"),
        ("{here}/.venv/bin/pipeline", None, ".venv/bin/pipeline check 'a b.yaml'"),
        (
            "{here}/.venv/bin/pipeline",
            "/usr/bin/pipeline",
            ".venv/bin/pipeline check 'a b.yaml'",
        ),
        ("/opt/tools/pipeline", None, "/opt/tools/pipeline check 'a b.yaml'"),
        ("/x/pipeline/__main__.py", None, "/opt/python3 -m pipeline check 'a b.yaml'"),
    ],
)
def test_the_next_command_works_where_it_is_typed(
    monkeypatch: pytest.MonkeyPatch, called: str, found: str | None, expected: str
) -> None:
    """The program is named as it was called, unless the shell finds this very one."""
    monkeypatch.setattr(sys, "argv", [called.format(here=Path.cwd()), "init"])
    monkeypatch.setattr(sys, "executable", "/opt/python3")
    monkeypatch.setattr(terminal.shutil, "which", lambda _: found)
    assert terminal.command_line("check", "a b.yaml") == expected


@pytest.mark.parametrize(
    ("sheet", "config"),
    [
        ("-Leads? neu.csv", "Leads- neu.yaml"),
        (".hidden.csv", "hidden.yaml"),
        ("x..csv", "x.yaml"),
        ("???.csv", "batch.yaml"),
        (f"{'見込み客' * 15}.csv", f"{('見込み客' * 15)[:50]}.yaml"),
    ],
)
def test_whatever_a_sheet_is_called_its_config_can_be_run(
    program: Program, sheet: str, config: str
) -> None:
    """The batch is called like its config, and that name stands in names of files."""
    Path(sheet).write_text("Company\nAda\n", encoding="utf-8")
    assert program("init", f"./{sheet}", "--workflow", "simulator").exit == 0
    assert program("check", config).exit == 0
