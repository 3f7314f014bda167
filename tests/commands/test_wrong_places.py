"""Wrong places and command lines: one line that tells what to do, and nothing was done."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger.opening import open_ledger
from tests.commands.arranging import KEY, Arrange, beside, said
from tests.commands.conftest import Refused


def write(name: str, content: str = "") -> "Arrange":
    """Put a file into the folder."""

    def put(folder: Path) -> list[str]:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return []

    return put


def a_foreign_database(folder: Path) -> None:
    """A database of another program's."""
    with closing(sqlite3.connect(folder / "batch.ledger")) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def a_ledger_of_version(version: int) -> "Arrange":
    """A ledger that another version of the program wrote."""

    def put(folder: Path) -> list[str]:
        with open_ledger(folder / "batch.ledger"):
            pass
        with closing(sqlite3.connect(folder / "batch.ledger")) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        (folder / "batch.ledger-lock").unlink(missing_ok=True)
        return []

    return put


def a_ledger_cut_short(folder: Path) -> None:
    """A ledger whose copy to another disk broke off."""
    with open_ledger(folder / "batch.ledger"):
        pass
    with (folder / "batch.ledger").open("r+b") as file:
        file.truncate(20_000)
    (folder / "batch.ledger-lock").unlink(missing_ok=True)


RUN = ("run", "batch.yaml")

WRONG_PLACES = {
    "output in a file": (
        said(*RUN, output="{path: leads.csv/out.csv}"),
        "leads.csv/out.csv",
        "name a folder that can be written to",
    ),
    "output on a mount that takes no files": (
        said(*RUN, output="{path: /proc/out.csv}"),
        "/proc/out.csv: nothing can be written to /",
        "name a folder that can be written to",
    ),
    "ledger on a mount that takes no files": (
        said(*RUN, ledger="/proc/batch.ledger"),
        "/proc/batch.ledger: the ledger can't be made: nothing can be written to /",
        "name a file in a folder that you may write to",
    ),
    "output is a folder": (
        beside(lambda folder: (folder / "out.csv").mkdir(), output="{path: out.csv}"),
        "out.csv: this is a folder",
        "name a file",
    ),
    "output over the input by the flag": (
        said(*RUN, "--output", "leads.csv"),
        "leads.csv: the output would be written over the input",
        "name another file",
    ),
    "output of another kind by the flag": (
        said(*RUN, "--output", "out.xlsx"),
        "out.xlsx: the output must be of the input's kind, .csv",
        "name it out.csv",
    ),
    "output of another kind by the input's name": (
        said(*RUN, "--output", "leads.yaml"),
        "leads.yaml: the output must be of the input's kind, .csv",
        "name it leads.done.csv",
    ),
    "output is this folder": (said(*RUN, "--output", "."), ": this is a folder", "name a file"),
    "ledger is text": (
        beside(write("batch.ledger", "not a ledger at all\n" * 100)),
        "batch.ledger: this file is no ledger, or a damaged one",
        "name another file in the config's `ledger`",
    ),
    "ledger is a folder": (
        beside(lambda folder: (folder / "batch.ledger").mkdir()),
        "batch.ledger: the ledger can't be opened",
        "in the config's `ledger`",
    ),
    "ledger in a file": (
        said(*RUN, ledger="leads.csv/batch.ledger"),
        "leads.csv/batch.ledger: ",
        "in the config's `ledger`",
    ),
    "ledger is another database": (
        beside(a_foreign_database),
        "batch.ledger: this file is not a ledger",
        "name another file",
    ),
    "ledger of a newer program": (
        beside(a_ledger_of_version(99)),
        "batch.ledger: the ledger was written by a newer program (schema 99)",
        "update this program",
    ),
    "ledger is damaged": (
        beside(a_ledger_cut_short),
        "batch.ledger: the ledger is damaged",
        "put back a copy of it",
    ),
    "nothing to export": (
        said("export", "batch.yaml"),
        "batch.ledger: there is no ledger yet",
        "pipeline run batch.yaml",
    ),
    "config to write is there": (
        said("init", "leads.csv", "-o", "batch.yaml"),
        "batch.yaml: there is a file of this name already",
        "; name another with -o",
    ),
    "config in place of the sheet": (
        said("init", "batch.yaml"),
        "batch.yaml: a file of the kind .yaml can't be read",
        "name a file of the kind",
    ),
    "config to write has no folder": (
        said("init", "leads.csv", "-o", "there/new.yaml"),
        "there/new.yaml: its folder is not there",
        "name a file in a folder that is there, with -o",
    ),
    "state of the simulator is no state": (
        beside(write("state", "nothing of the kind\n"), "simulate", "--state", "state"),
        "state",
        "; ",
    ),
}

WRONG_COMMAND_LINES = {
    "unknown command": (said("rnu", "batch.yaml"), "pipeline rnu: ", "did you mean run?"),
    "unknown flag": (
        said(*RUN, "--fast"),
        "pipeline run: there is no flag --fast",
        "see `pipeline run --help`",
    ),
    "shortened flag": (
        said(*RUN, "--out", "x.csv"),
        "pipeline run: there is no flag --out",
        "see `pipeline run --help`",
    ),
    "flag to come": (
        said("status", "batch.yaml", "--online"),
        "pipeline status: there is no flag --online",
        "--help",
    ),
    "unknown flag before": (said("--fast"), "pipeline: ", "see `pipeline --help`"),
    "workflow of no kind": (
        said("init", "leads.csv", "-o", "new.yaml", "--workflow", "a b/c"),
        "--workflow: the workflow's id holds a space",
        "tab API",
    ),
    "no config": (said("run"), "pipeline run: the following arguments are required: CONFIG", "--"),
    "key by a flag": (said(*RUN, f"--api-key={KEY}"), "pipeline run: ", "--help"),
    "key by a flag in two": (said("--api-key", KEY, *RUN), "pipeline: ", "the commands are init"),
    "two configs": (said(*RUN, "other.yaml"), "pipeline run: ", "see `pipeline run --help`"),
    "limit 0": (said(*RUN, "--limit", "0"), "--limit: '0' ", "write 1 or more"),
    "limit below 0": (said(*RUN, "--limit=-1"), "--limit: '-1' ", "write 1 or more"),
    "limit in words": (said(*RUN, "--limit", "ten"), "--limit: 'ten' ", "1 or more"),
    "port in words": (said("simulate", "--port", "web"), "argument --port: ", "--help"),
    "no such port": (said("simulate", "--port", "70000"), "--port 70000: ", "any that is free"),
    "bad duration": (said("simulate", "--duration", "5"), "--duration: ", "ms, s, min"),
    "bad limit": (said("simulate", "--limit", "100"), "--limit: ", "N/s, N/min"),
    "fault without its share": (
        said("simulate", "--fault", "lost_reply"),
        "--fault: 'lost_reply' has no share",
        "write lost_reply=0.1",
    ),
    "share beyond 1": (said("simulate", "--fail", "2"), "--fail: ", "0 to 1"),
    "line break": (said("run", "a\nb.yaml"), "a b.yaml: there is no such file", "batch.yaml"),
}


@pytest.mark.parametrize(("arrange", "place", "remedy"), WRONG_PLACES.values(), ids=WRONG_PLACES)
def test_a_wrong_place_is_refused_in_one_line(
    refused: Refused, arrange: Arrange, place: str, remedy: str
) -> None:
    """The path, what is wrong with it and the remedy; and nothing else happened."""
    (line,) = refused(arrange)
    assert place in line.removesuffix(remedy)
    assert remedy in line


@pytest.mark.parametrize(
    ("arrange", "place", "remedy"), WRONG_COMMAND_LINES.values(), ids=WRONG_COMMAND_LINES
)
def test_a_wrong_command_line_is_refused_in_one_line(
    refused: Refused, arrange: Arrange, place: str, remedy: str
) -> None:
    """The command, what is wrong and the remedy; and nothing else happened."""
    (line,) = refused(arrange)
    assert place in line
    assert remedy in line
