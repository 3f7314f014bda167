"""Paying again that nobody asked for: told first, and refused where nobody can be asked.

The witness is a simulator in a process of its own, which the program takes for the real service.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tests.journeys.running import (
    FAST,
    Simulator,
    a_batch,
    a_simulator,
    pipeline,
    read_rows,
    write_rows,
)

HEADER = ["Company", "Nr"]
REMADE = "5 rows already paid for would be paid for again ("
LOST = "rows.done.csv holds 5 run ids that the ledger batch.ledger does not know"


@pytest.fixture(scope="module", name="simulator")
def _simulator() -> Iterator[Simulator]:
    with a_simulator("--duration", "0s") as simulator:
        yield simulator


@pytest.fixture
def config(tmp_path: Path, simulator: Simulator) -> Path:
    """Five rows that are complete and paid for."""
    path = a_batch(tmp_path, 5, workflow={"id": "WCFG-1", "base_url": simulator.base_url})
    assert pipeline("run", path).exit == 0
    return path


def edit(config: Path, **sections: object) -> None:
    """Change sections of the config."""
    content = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**content, **sections}), "utf-8")


def another_value(config: Path) -> None:
    """Each row is sent with a tone."""
    edit(config, variables={"Company": "Company", "Tone": {"value": "friendly"}})


def another_column(config: Path) -> None:
    """Each row is sent with its number."""
    edit(config, variables={"Company": "Company", "Nr": "Nr"})


def another_workflow(config: Path) -> None:
    """The rows are for another workflow of the same service."""
    content = json.loads(config.read_text("utf-8"))
    edit(config, workflow={**content["workflow"], "id": "WCFG-2"})


def older_rendering(config: Path) -> None:
    """The ledger is one of a program that made other text of the same cells."""
    with closing(sqlite3.connect(config.with_name("batch.ledger"))) as ledger:
        ledger.execute("UPDATE entry SET row_key = 'older ' || row_key, rendering = 1")
        # The rules' version is a part of what a reading is known again by.
        ledger.execute("UPDATE fact SET value = 'older' WHERE name = 'reading'")
        ledger.commit()


@pytest.mark.parametrize(
    "change", [another_value, another_column, another_workflow, older_rendering]
)
def test_finished_rows_that_would_be_new_are_asked_about(
    config: Path, simulator: Simulator, change: Callable[[Path], None]
) -> None:
    """Count and cost are said; without a terminal it is refused, and `--yes` agrees to it."""
    change(config)
    before = simulator.count()["accepted"]
    refused = pipeline("run", config, "--json")
    assert (refused.exit, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert REMADE in line
    # What another workflow's runs cost tells nothing of this one's.
    assert ("(about 10 credits" in line) == (change is not another_workflow)
    assert "--yes" in line
    assert ("this program now makes" in line) == (change is older_rendering)
    assert REMADE in pipeline("check", config).err
    assert simulator.count()["accepted"] == before
    agreed = pipeline("run", config, "--yes", "--json")
    assert agreed.exit == 0, agreed.err
    assert simulator.count()["accepted"] == before + 5
    # They are finished now, and nothing is asked any more.
    assert pipeline("run", config, "--json").summary["requests"]["start"] == 0


def test_refused_it_leaves_the_batch_as_it_was(config: Path, simulator: Simulator) -> None:
    """The edit taken back, the rows are finished as ever, and nothing was paid."""
    before, accepted = config.read_text("utf-8"), simulator.count()["accepted"]
    another_value(config)
    assert pipeline("run", config).exit == 2
    config.write_text(before, "utf-8")
    again = pipeline("run", config, "--json")
    assert (again.exit, again.summary["reused"]) == (0, 5)
    assert simulator.count()["accepted"] == accepted


def test_rows_that_changed_themselves_are_paid_for_unasked(
    config: Path, simulator: Simulator
) -> None:
    """A newer export with one row edited, one new and one gone: two starts, no question."""
    before = simulator.count()["accepted"]
    names = ["Company 4", "Company 0", "Company 1 Inc", "Company 3", "Company new"]
    write_rows(config.with_name("rows.csv"), [[n, k] for k, n in enumerate(names)], HEADER)
    ended = pipeline("run", config, "--json")
    assert ended.exit == 0, ended.err
    assert simulator.count()["accepted"] == before + 2


def test_a_renamed_column_makes_no_row_new(config: Path, simulator: Simulator) -> None:
    """The sheet's header and the config's name for it changed, and what is sent did not."""
    before = simulator.count()["accepted"]
    write_rows(config.with_name("rows.csv"), [[f"Company {n}", n] for n in range(5)], ["Firm", "N"])
    edit(config, variables={"Company": "Firm"})
    ended = pipeline("run", config, "--json")
    assert (ended.exit, ended.summary["reused"]) == (0, 5), ended.err
    assert simulator.count()["accepted"] == before
    # And one that comes in place of another is compared under the new name.
    rows = [["Company new", 9], *([f"Company {n}", n] for n in range(4))]
    write_rows(config.with_name("rows.csv"), rows, ["Firm", "N"])
    ended = pipeline("run", config, "--json")
    assert (ended.exit, ended.summary["requests"]["start"]) == (0, 1), ended.err


@pytest.mark.slow
def test_another_number_format_is_asked_about(tmp_path: Path, simulator: Simulator) -> None:
    """The workbook shows the same numbers otherwise, and what is sent is what it shows."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in [["Company"], [0.5], [0.25]]:
        sheet.append(row)
    book.save(tmp_path / "rows.xlsx")
    path = tmp_path / "batch.yaml"
    content = {
        "input": {"path": "rows.xlsx"},
        "workflow": {"id": "WCFG-1", "base_url": simulator.base_url},
        "variables": {"Company": "Company"},
        "outputs": "*",
        **FAST,
    }
    path.write_text(json.dumps(content), "utf-8")
    assert pipeline("run", path).exit == 0
    before = simulator.count()["accepted"]
    book = load_workbook(tmp_path / "rows.xlsx")
    for number in (2, 3):
        book.worksheets[0].cell(number, 1).number_format = "0%"
    book.save(tmp_path / "rows.xlsx")
    refused = pipeline("run", path)
    assert refused.exit == 2
    assert "2 rows already paid for would be paid for again" in refused.err
    assert "a number format" in refused.err
    assert simulator.count()["accepted"] == before


def test_a_trial_at_the_simulator_is_followed_by_the_service_unasked(
    tmp_path: Path, simulator: Simulator
) -> None:
    """What the bundled simulator gave was never paid for."""
    path = a_batch(tmp_path, 5)
    assert pipeline("run", path).exit == 0
    before = simulator.count()["accepted"]
    content = json.loads(path.read_text("utf-8"))
    del content["simulator"]
    content["workflow"] = {"id": "WCFG-1", "base_url": simulator.base_url}
    path.write_text(json.dumps(content), "utf-8")
    ended = pipeline("run", path, "--json")
    assert ended.exit == 0, ended.err
    assert simulator.count()["accepted"] == before + 5


def remove(ledger: Path) -> None:
    """The ledger is gone, with all that belongs to it."""
    for path in ledger.parent.glob(f"{ledger.name}*"):
        path.unlink()


def empty(ledger: Path) -> None:
    """Somebody made room."""
    remove(ledger)
    ledger.touch()


@pytest.mark.parametrize("lose", [remove, empty])
def test_a_lost_ledger_is_noticed_by_the_output(
    config: Path, simulator: Simulator, lose: Callable[[Path], None]
) -> None:
    """Run ids that no ledger knows: refused without a terminal, and nothing is started."""
    lose(config.with_name("batch.ledger"))
    before = simulator.count()["accepted"]
    output = config.with_name("rows.done.csv").read_bytes()
    for _ in range(2):
        refused = pipeline("run", config, "--json")
        assert (refused.exit, refused.out) == (2, "")
        (line,) = refused.err.splitlines()
        assert LOST in line
    assert LOST in pipeline("check", config).err
    assert simulator.count()["accepted"] == before
    assert config.with_name("rows.done.csv").read_bytes() == output
    agreed = pipeline("run", config, "--yes", "--limit", 2, "--json")
    assert agreed.exit == 0, agreed.err
    # It was agreed to: what is left goes on without a question, whatever the output holds.
    config.with_name("rows.done.csv").write_bytes(output)
    rest = pipeline("run", config, "--json")
    assert rest.exit == 0, rest.err
    assert simulator.count()["accepted"] == before + 5
    assert {row["Status"] for row in read_rows(config.with_name("rows.done.csv"))} == {"complete"}


@pytest.mark.slow
def test_a_lost_ledger_is_noticed_where_the_call_names_other_sheets(
    config: Path, simulator: Simulator
) -> None:
    """The next month's export has an output of its own: what was paid stands in the config's."""
    remove(config.with_name("batch.ledger"))
    shutil.copy(config.with_name("rows.csv"), config.with_name("june.csv"))
    before = simulator.count()["accepted"]
    june = ("--input", config.with_name("june.csv"), "--output", config.with_name("june.done.csv"))
    refused = pipeline("run", config, *june)
    assert refused.exit == 2
    assert LOST in refused.err
    assert simulator.count()["accepted"] == before
    agreed = pipeline("run", config, *june, "--yes")
    assert agreed.exit == 0, agreed.err
    assert simulator.count()["accepted"] == before + 5
    assert pipeline("run", config, *june).exit == 0


@pytest.mark.slow
def test_an_older_copy_of_the_ledger_is_noticed_as_well(config: Path, simulator: Simulator) -> None:
    """Put back from a backup, it does not know what was paid for since."""
    ledger, backup = config.with_name("batch.ledger"), config.with_name("backup")
    shutil.copy(ledger, backup)
    write_rows(config.with_name("rows.csv"), [[f"Company {n}", n] for n in range(8)], HEADER)
    assert pipeline("run", config).exit == 0
    before = simulator.count()["accepted"]
    remove(ledger)
    shutil.copy(backup, ledger)
    refused = pipeline("run", config)
    assert refused.exit == 2
    assert "rows.done.csv holds 3 run ids that the ledger batch.ledger does not know" in refused.err
    assert simulator.count()["accepted"] == before


def test_at_the_simulator_nothing_is_asked(tmp_path: Path) -> None:
    """It costs nothing, whatever was edited or lost."""
    path = a_batch(tmp_path, 5)
    assert pipeline("run", path).exit == 0
    another_value(path)
    assert pipeline("run", path, "--json").summary["requests"]["start"] == 5
    remove(path.with_name("batch.ledger"))
    assert pipeline("run", path, "--json").summary["requests"]["start"] == 5
