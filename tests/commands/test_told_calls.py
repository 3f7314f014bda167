"""The calls that the program tells of a config in another folder work where they are typed."""

import json
import re
import shlex
from pathlib import Path

import pytest

from pipeline.cli import parser_for
from pipeline.commands import movinginput
from pipeline.errors import OutputFault
from tests.commands.doubting import Program, cut_off
from tests.journeys.running import a_batch, write_config, write_rows

FAILING = {"simulator": {"duration": "0s", "fail": 1}}


def told(text: str) -> list[list[str]]:
    """The words of each call of the program in back quotes; a terminal may have broken lines."""
    calls = re.findall(r"`(?:\S*/)?pipeline ([^`]+)`", " ".join(text.split()))
    return [shlex.split(call) for call in calls]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below the one that the person is in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pipeline"])
    deeper = tmp_path / "june leads"
    deeper.mkdir()
    return deeper


def see_that_they_work(calls: list[list[str]], verbs: set[str]) -> None:
    """They are these, the program takes them, and they name the config from here."""
    assert {verb for verb, *_ in calls} == verbs
    for call in calls:
        config = parser_for(call).parse_args(call).config
        assert config.exists(), call
        assert not config.is_absolute(), "a path is told as short as it can be typed"


def test_what_helps_rows_that_failed_is_told_as_it_is_typed(folder: Path, program: Program) -> None:
    """A retry for those that failed at the service."""
    config = a_batch(folder, 2, **FAILING)
    see_that_they_work(told(program("run", config).err), {"retry"})


@pytest.mark.parametrize("verb", ["resolve", "statement", "report", "export"])
def test_where_nothing_was_begun_the_beginning_is_told(
    folder: Path, program: Program, verb: str
) -> None:
    """Without a ledger, `run` makes one."""
    config = a_batch(folder, 2)
    see_that_they_work(told(program(verb, config).err), {"run"})


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (["run", "batch.yaml", "--limits"], "run"),
        (["run"], "run"),
        (["resolve", "batch.yaml", "too", "many"], "resolve"),
        (["resolve", "batch.yaml"], "run"),
        (["statement", "batch.yaml"], "run"),
        (["report", "batch.yaml"], "run"),
        (["export", "batch.yaml"], "run"),
        (["worker", "batch.yaml"], "run"),
    ],
    ids=" ".join,
)
def test_a_call_is_told_by_the_path_that_the_program_was_called_by(
    tmp_path: Path,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    verb: str,
) -> None:
    """No shell need find `pipeline`: what is told works where it is typed next."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", [str(tmp_path / "bin" / "pipeline")])
    a_batch(tmp_path, 2)
    line = program(*words).err
    assert f"`bin/pipeline {verb} " in line
    assert "`pipeline" not in line


def test_who_has_rows_in_doubt_is_told_how_to_decide(folder: Path, program: Program) -> None:
    """By the call that leaves them, and by `resolve`, with the free way where there is one."""
    config = cut_off(folder, retry={"unconfirmed": "hold"}).path
    see_that_they_work(told(program("run", config).err), {"resolve"})
    see_that_they_work(told(program("resolve", config).err), set())
    write_config(config, retry={"unconfirmed": "reconcile"})
    see_that_they_work(told(program("resolve", config).err), {"run"})


def june(folder: Path) -> list[object]:
    """The flags of a call over another sheet than the config's, of two rows."""
    write_rows(folder / "june.csv", [["Acme", 1], ["Bolt", 2]], ["Company", "Nr"])
    return ["--input", folder / "june.csv", "--output", folder / "june.done.csv"]


def see_that_they_read_june(err: str, verbs: set[str]) -> None:
    """They are these, over the sheet that the call read; none would touch the config's own."""
    calls = told(err)
    see_that_they_work(calls, verbs)
    for call in calls:
        assert parser_for(call).parse_args(call).input.name == "june.csv", call


def test_a_remedy_acts_on_the_sheet_that_the_call_read(folder: Path, program: Program) -> None:
    """The retry that is told starts that sheet's rows again, and none of the config's own."""
    config = a_batch(folder, 3, **FAILING)
    first = program("run", config, *june(folder), "--json")
    see_that_they_read_june(first.err, {"retry"})
    (call,) = told(first.err)
    again = program(*call, "--json")
    assert json.loads(again.out)["requests"]["start"] == 2
    assert json.loads(again.out)["output"] == json.loads(first.out)["output"]


@pytest.mark.parametrize("verb", ["resolve", "export"])
def test_the_beginning_is_told_of_the_sheet_that_was_read(
    folder: Path, program: Program, verb: str
) -> None:
    """Whoever named a sheet meant that one."""
    config = a_batch(folder, 2)
    flags = june(folder) if verb == "export" else june(folder)[:2]
    see_that_they_read_june(program(verb, config, *flags).err, {"run"})


def test_an_output_that_no_run_gave_is_exported_where_it_was_written(
    folder: Path, program: Program
) -> None:
    """Not beside the config's sheet, which this call did not read."""
    config = a_batch(folder, 2, outputs={"Nope": "Emial"})
    err = program("run", config, *june(folder)).err
    see_that_they_read_june(err, {"export"})
    (call,) = told(err)
    assert parser_for(call).parse_args(call).output.name == "june.done.csv"


def test_cells_of_another_sheet_are_named_by_its_output(folder: Path, program: Program) -> None:
    """`check` takes no sheet but the config's: its answer would be about other cells."""
    config = a_batch(folder, 2)
    flags = june(folder)
    write_rows(folder / "june.csv", [["Acme", 1], ["", 2]], ["Company", "Nr"])
    err = program("run", config, *flags).err
    assert "cost nothing: the column Error names the cells; mend" in err
    assert told(err) == []


def test_who_has_rows_in_doubt_of_another_sheet_is_told_how_to_decide(
    folder: Path, program: Program
) -> None:
    """`resolve` reads the same sheet, and so does the call that looks again."""
    config = cut_off(folder, retry={"unconfirmed": "hold"}).path
    flags = ["--input", (folder / "rows.csv").rename(folder / "june.csv")]
    a_batch(folder, 1, retry={"unconfirmed": "hold"})
    see_that_they_read_june(program("run", config, *flags).err, {"resolve"})
    write_config(config, retry={"unconfirmed": "reconcile"})
    see_that_they_read_june(program("resolve", config, *flags).err, {"run"})


def test_an_output_that_can_not_be_written_is_told_with_its_export(
    folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are in the ledger: one call writes them."""
    config = a_batch(folder, 2)
    fault = OutputFault(place="rows.done.csv", wrong="the disk is full", remedy="make room")

    def written(*_: object) -> None:
        raise fault

    monkeypatch.setattr(movinginput, "_written", written)
    see_that_they_work(told(program("run", config).err), {"export"})
    see_that_they_read_june(program("run", config, *june(folder)).err, {"export"})


def test_a_config_whose_name_looks_like_a_flag_is_told_as_a_path(
    folder: Path, program: Program
) -> None:
    """What was called as `report -- ./-leads.yaml` is told so that it is taken."""
    config = write_config(folder.parent / "-leads.yaml")
    write_rows(folder.parent / "rows.csv", [["Company 1"]], ["Company"])
    ended = program("report", "--", f"./{config.name}")
    assert told(ended.err) == [["run", "./-leads.yaml"]]
    see_that_they_work(told(ended.err), {"run"})
