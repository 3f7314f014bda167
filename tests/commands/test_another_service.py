"""A config that names another service or workflow than the ledger's rows were last read for."""

import json
import os
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
def test_what_was_done_elsewhere_is_not_done_here(
    tried_out: Path, program: Program, workflow: dict[str, str], told: str
) -> None:
    """No row and no credit of the simulator's stands for one of the service, and it is said why."""
    write_config(tried_out, workflow=workflow)
    ended = program("status", tried_out, "--json")
    figures = json.loads(ended.out)
    assert ended.exit == 0
    assert (figures["rows"], figures["complete"], figures["credits"]) == (0, 0, 0)
    (line, *_) = ended.err.splitlines()
    assert line == (
        f"The ledger's rows were last read for {told}, not for what the config names now: none "
        f"is counted before the next `run`; `pipeline check {tried_out}` tells what is done."
    )


@pytest.mark.parametrize(
    ("workflow", "key", "told"),
    [
        (REAL, "workflow.base_url", "the bundled simulator"),
        (OTHER, "workflow.id", "the workflow WCFG-1"),
    ],
)
def test_no_empty_report_takes_the_place_of_a_batch_that_was_done(
    tried_out: Path, program: Program, workflow: dict[str, str], key: str, told: str
) -> None:
    """A report is of what the config names, or it is refused in a line, and nothing is written."""
    assert program("report", tried_out).exit == 0
    page = tried_out.with_name("rows.done.report.html")
    before = page.read_bytes()
    write_config(tried_out, workflow=workflow)
    ended = program("report", tried_out, "--json")
    assert (ended.exit, ended.out) == (2, "")
    assert ended.err == (
        f"batch.yaml, {key}: the ledger's rows were last read for {told}, not for what the config "
        f"names now; give `pipeline run {tried_out}` first, or put {told} back\n"
    )
    assert page.read_bytes() == before
    aside = tried_out.with_name("aside.html")
    assert program("report", tried_out, "-o", aside).exit == 2
    assert not aside.exists()


def test_a_run_for_another_workflow_can_be_reported_at_its_end(
    tried_out: Path, program: Program
) -> None:
    """`run --report` has entered the rows for what its config names, so the page is of that."""
    write_config(tried_out, workflow=OTHER)
    assert program("run", tried_out, "--report").exit == 0
    assert "<b>3</b> complete" in tried_out.with_name("rows.done.report.html").read_text("utf-8")


def test_the_same_service_again_counts_what_was_done(tried_out: Path, program: Program) -> None:
    """Once `run` has entered the rows, they are counted, and nothing is said of another service."""
    write_config(tried_out, workflow=OTHER)
    assert program("run", tried_out).exit == 0
    ended = program("status", tried_out, "--json")
    assert (json.loads(ended.out)["complete"], ended.err) == (3, "")


@pytest.mark.parametrize(
    ("workflow", "told"), [(REAL, "the bundled simulator"), (OTHER, "the workflow WCFG-1")]
)
def test_what_a_batch_that_runs_costs_is_told_whatever_the_config_names_now(
    tried_out: Path, program: Program, workflow: dict[str, str], told: str
) -> None:
    """Its counts and credits are the ledger's own, and it is said of which service they are."""
    as_it_ran = program("status", tried_out, "--json").out
    write_config(tried_out, workflow=workflow)
    with open_ledger(tried_out.with_name("batch.ledger")):
        ended = program("status", tried_out, "--json")
    assert (ended.exit, json.loads(ended.out)) == (0, json.loads(as_it_ran))
    assert json.loads(ended.out)["complete"] == 3
    assert ended.err == (
        f"The ledger's rows were last read for {told}, not for what the config names now: these "
        f"counts and credits are of {told}.\nThe batch is running, in process {os.getpid()}.\n"
    )
