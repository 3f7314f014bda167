"""What `check` shows of a sheet before anything is paid for."""

import json
import os
from pathlib import Path

import pytest

from pipeline.ledger.holding import held
from pipeline.ledger.opening import open_ledger
from tests.commands.arranging import QUICK, a_batch
from tests.commands.conftest import Call
from tests.commands.doubting import Program, cut_off

ROWS = "Company,Town\nAcme,Ulm\n,Bonn\nInitech,\nHooli,Ulm\nAcme,Ulm\n"
VARIABLES = (
    "{Company: Company, Town: {column: Town, default: ''}, Tone: {value: [kind, short]}, "
    'Both: {template: "{{ row.Company }} of {{ row.Town }}"}}'
)


def test_each_variable_is_shown_over_all_rows_that_can_be_sent(call: Call, tmp_path: Path) -> None:
    """How many values are filled, empty and different, what each is made of, and the first ones."""
    a_batch(tmp_path, ROWS, variables=VARIABLES)
    ended = call("check", "batch.yaml", "--json")
    assert ended.exit == 0, ended.err
    assert json.loads(ended.out)["samples"] == [
        {
            "variable": "Company",
            "source": "column Company",
            "filled": 4,
            "empty": 0,
            "different": 3,
            "values": ["Acme", "Initech", "Hooli"],
        },
        {
            "variable": "Town",
            "source": "column Town",
            "filled": 3,
            "empty": 1,
            "different": 2,
            "values": ["Ulm"],
        },
        {
            "variable": "Tone",
            "source": "the same for each row",
            "filled": 4,
            "empty": 0,
            "different": 1,
            "values": [["kind", "short"]],
        },
        {
            "variable": "Both",
            "source": "template {{ row.Company }} of {{ row.Town }}",
            "filled": 4,
            "empty": 0,
            "different": 3,
            "values": ["Acme of Ulm", "Initech of ", "Hooli of Ulm"],
        },
    ]


def test_what_a_run_would_do_fits_a_terminal(call: Call, tmp_path: Path) -> None:
    """The counts of thousands of rows, and all that stands beside them: 80 columns at most."""
    rows = "".join(f"Company {n % 1500}\n" for n in range(3000))
    a_batch(tmp_path, f"Company\n{rows}", input="{path: leads.csv, duplicates: once}")
    told = call("check", "batch.yaml").out.splitlines()
    assert "rows: 1500 to start, 0 done, 0 to watch, 0 unconfirmed, 0 skipped, 0 faulty" in told
    assert "shared: 1500 equal to one that is started" in told
    assert max(map(len, told)) <= 80


def test_no_value_is_handed_on_that_a_terminal_would_obey(call: Call, tmp_path: Path) -> None:
    """Control characters of both sets: escapes in the request, question marks in the table."""
    a_batch(tmp_path, "Company\na\x1b[2Jb\x9b2Jc\x7fd\n")
    out = call("check", "batch.yaml").out
    request, sample = [line for line in out.split("\n") if "[2J" in line]
    assert request.endswith(r'"a\u001b[2Jb\u009b2Jc\u007fd"')
    assert sample.endswith("  a?[2Jb?2Jc?d")


def test_a_cap_is_told_with_what_was_spent_at_the_service_that_is_named_now(
    call: Call, tmp_path: Path
) -> None:
    """After a trial at the simulator nothing is spent of what the real service may cost."""
    capped = {**QUICK, "limits": "{max_credits: 1000, rate: 500/s}"}
    a_batch(tmp_path, ROWS, variables=VARIABLES, **capped)
    assert call("run", "batch.yaml").exit == 1
    assert "limits.max_credits is 1,000, 8 spent" in call("check", "batch.yaml").out
    real = "{id: WCFG-1, base_url: 'https://service.example/api'}"
    real_one = {**capped, "workflow": real, "simulator": None}
    a_batch(tmp_path, ROWS, variables=VARIABLES, **real_one)
    assert "limits.max_credits is 1,000, 0 spent" in call("check", "batch.yaml").out


def test_the_samples_fit_a_terminal_whatever_the_cells_hold(call: Call, tmp_path: Path) -> None:
    """No line of the table is wider than 80 columns, and no cell breaks it."""
    long = "word " * 60
    a_batch(tmp_path, f'Company,Nr\n"{long}\n{long}",1\n"x\n\ty",2\n')
    ended = call("check", "batch.yaml")
    lines = ended.out.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("variable"))
    table = lines[first : first + 2]
    assert table[0].split() == ["variable", "filled", "empty", "differ", "such", "as"]
    assert table[1].startswith("Company        2       0       2  word word")
    assert table[1].endswith("x y")
    assert all(len(line) <= 80 for line in table)


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("simulator", "POST /workflow/WCFG-1/run (to the bundled simulator)"),
        ("https://host.example/api/", "POST https://host.example/api/workflow/WCFG-1/run"),
    ],
)
def test_a_request_is_shown_as_one_can_read_it(
    call: Call, tmp_path: Path, base_url: str, shown: str
) -> None:
    """With its address; the simulator has none until it runs."""
    a_batch(tmp_path, ROWS, variables=VARIABLES, workflow=f"{{id: WCFG-1, base_url: {base_url!r}}}")
    assert call("check", "batch.yaml").out.startswith(f"{shown}\n{{")


def test_a_status_tells_of_no_call_where_none_was_made(call: Call, tmp_path: Path) -> None:
    """`run` says what its call did; `status` looks at the ledger, and did nothing."""
    a_batch(tmp_path, ROWS, variables=VARIABLES, **QUICK)
    assert "this call: " in call("run", "batch.yaml").out
    assert "this call" not in call("status", "batch.yaml").out
    assert json.loads(call("status", "batch.yaml", "--json").out)["requests"] == {
        "start": 0,
        "poll": 0,
        "list": 0,
    }


def test_a_start_that_is_on_its_way_is_no_doubt(tmp_path: Path, program: Program) -> None:
    """While the batch runs it is to be watched; where the process died, it is in doubt."""
    batch = cut_off(tmp_path, 2)
    with open_ledger(tmp_path / "batch.ledger"):
        running = program("check", batch.path)
    assert "0 to start, 0 done, 2 to watch, 0 unconfirmed" in running.out
    assert running.err == f"The batch is running, in process {os.getpid()}.\n"
    died = program("check", batch.path)
    assert "0 to start, 0 done, 0 to watch, 2 unconfirmed" in died.out
    assert "running" not in died.err


@pytest.mark.parametrize("verb", ["check", "status", "report"])
def test_a_look_never_takes_the_ledger_from_a_batch_that_begins(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Where nobody is at work the lock is not tried: a `run` of that moment would be refused."""
    batch = cut_off(tmp_path, 2)
    monkeypatch.setattr("pipeline.ledger.opening.held", _not_tried)
    assert program(verb, batch.path).exit == 0


def _not_tried(path: Path) -> None:
    raise AssertionError(path)


@pytest.mark.parametrize("verb", ["check", "status"])
def test_no_process_is_named_that_is_not_known(tmp_path: Path, program: Program, verb: str) -> None:
    """A batch that has the lock, and has not yet said who it is, is told without a number."""
    batch = cut_off(tmp_path, 2)
    with held(tmp_path / "batch.ledger"):
        ended = program(verb, batch.path)
    assert ended.exit == 0
    assert "None" not in ended.err


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_every_row_that_can_not_be_sent_is_told_by_its_cell(
    call: Call, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """Sheet, cell and what to do, a line each, on stderr; what stands in cells is on stdout."""
    a_batch(tmp_path, "Company,Nr\nAcme,1\n,2\nInitech,3\n,4\n")
    ended = call("check", "batch.yaml", *flags)
    remedy = "Company is empty; fill it in, or give Company a default"
    assert ended.err.splitlines() == [f"leads.csv!A{row}: {remedy}" for row in (3, 5)]
    assert "Acme" in ended.out


def test_a_sheet_of_which_no_row_can_be_sent_has_no_samples(call: Call, tmp_path: Path) -> None:
    """Nothing to send is no fault of `check`."""
    a_batch(tmp_path, "Company,Nr\n,1\n")
    ended = call("check", "batch.yaml")
    assert ended.exit == 0
    assert "0 to start" in ended.out
