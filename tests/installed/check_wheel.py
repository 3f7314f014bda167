"""The wheel in an environment of its own: a person's first minutes, away from the checkout.

No test of the suite: it fetches the locked packages from the index. `make check-wheel` runs it.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bin_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel, and what it is locked to, alone."""
    folder = tmp_path_factory.mktemp("elsewhere")
    wheel = build_wheel(folder)
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    called([*pip, "--require-hashes", "-r", CHECKOUT / "requirements.lock"], folder)
    called([*pip, "--no-deps", "--no-index", wheel], folder)
    return programs


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, built by what the set-up has locked."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    called(
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, CHECKOUT], folder
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def called(words: list[object], folder: Path) -> "subprocess.CompletedProcess[str]":
    """One call, from within a folder that is not the checkout."""
    return subprocess.run(  # noqa: S603  # pip and our own program, no shell
        [*map(str, words)], cwd=folder, check=True, capture_output=True, text=True
    )


@pytest.mark.parametrize("sheet", ["leads.xlsx", "tickets.csv"])
def test_what_init_writes_runs_without_an_edit(bin_: Path, tmp_path: Path, sheet: str) -> None:
    """`init`, `check`, `run` and a report, on a sheet of one's own: no key and no question."""
    shutil.copy(CHECKOUT / "sample_data" / sheet, tmp_path)
    pipeline = bin_ / "pipeline"
    called([pipeline, "init", sheet, "--workflow", "simulator"], tmp_path)
    config = Path(sheet).with_suffix(".yaml")
    called([pipeline, "check", config], tmp_path)
    ended = called([pipeline, "run", config, "--limit", 3, "--report", "--json"], tmp_path)
    summary = json.loads(ended.stdout)
    assert summary["complete"] == 3
    assert Path(summary["output"]).is_file()
    assert list(tmp_path.glob("*.report.html"))
