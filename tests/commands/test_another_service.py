"""A config that names another service or workflow than the ledger's rows were last read for."""

import json
from pathlib import Path

import pytest

from pipeline.ledger.opening import open_ledger
from tests.commands.doubting import Program
from tests.journeys.running import a_batch, write_config

REAL = {"id": "WCFG-1", "base_url": "https://api.copy.ai/api"}
OTHER = {"id": "WCFG-2", "base_url": "simulator"}


@pytest.fixture
def tried_out(tmp_path: Path, program: Program) -> Path:
    """Three rows that are complete at the simulator."""
    config = a_batch(tmp_path, 3)
    assert program("run", config).exit == 0
    return config


@pytest.mark.parametrize(
    ("workflow", "told"), [(REAL, "the bundled simulator"), (OTHER, "the workflow WCFG-1")]
)
@pytest.mark.parametrize("command", ["status", "report"])
def test_what_was_done_elsewhere_is_not_done_here(
    tried_out: Path, program: Program, command: str, workflow: dict[str, str], told: str
) -> None:
    """No row and no credit of the simulator's stands for one of the service, and it is said why."""
    write_config(tried_out, workflow=workflow)
    ended = program(command, tried_out, "--json")
    figures = json.loads(ended.out)
    assert ended.exit == 0
    assert (figures["rows"], figures["complete"], figures["credits"]) == (0, 0, 0)
    (line, *_) = ended.err.splitlines()
    assert line == (
        f"The ledger's rows were last read for {told}, not for what the config names now: none "
        f"is counted before the next `run`; `pipeline check {tried_out}` tells what is done."
    )


def test_the_same_service_again_counts_what_was_done(tried_out: Path, program: Program) -> None:
    """Once `run` has entered the rows, they are counted, and nothing is said of another service."""
    write_config(tried_out, workflow=OTHER)
    assert program("run", tried_out).exit == 0
    ended = program("status", tried_out, "--json")
    assert (json.loads(ended.out)["complete"], ended.err) == (3, "")


def test_a_batch_that_begins_at_the_service_is_told_as_running(
    tried_out: Path, program: Program
) -> None:
    """Also while `run` still asks, and has not entered a row."""
    write_config(tried_out, workflow=REAL)
    with open_ledger(tried_out.with_name("batch.ledger")):
        ended = program("status", tried_out)
    assert ended.exit == 0
    assert "The batch is running, in process" in ended.err
    assert ended.out.startswith("batch: 0 rows: none\n")
