"""The first ten minutes: a sheet and nothing else, and what the program makes of it."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.running import pipeline

SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "sample_data").iterdir()
    if path.suffix in {".xlsx", ".csv"}
)


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_init_writes_for_the_simulator_runs_without_an_edit(
    tmp_path: Path, sample: Path
) -> None:
    """Three commands, no key and no editor: each row of the sheet has its outputs."""
    shutil.copy(sample, tmp_path)
    config = f"{sample.stem}.yaml"
    made = pipeline("init", sample.name, "--workflow", "simulator", cwd=tmp_path, key=None)
    assert made.exit == 0, made.err
    checked = pipeline("check", config, cwd=tmp_path, key=None)
    assert checked.exit == 0, checked.err
    ran = pipeline("run", config, "--json", cwd=tmp_path, key=None)
    assert ran.exit == 0, ran.err
    assert ran.summary["complete"] == ran.summary["rows"] > 20
    assert (tmp_path / f"{sample.stem}.done{sample.suffix}").exists()


def test_what_init_writes_without_a_workflow_lacks_that_and_the_key_alone(tmp_path: Path) -> None:
    """`check` asks for the id, then for the key, and has nothing else to say."""
    shutil.copy(SAMPLES[0], tmp_path)
    config = tmp_path / f"{SAMPLES[0].stem}.yaml"
    assert pipeline("init", SAMPLES[0].name, cwd=tmp_path, key=None).exit == 0
    (lacking,) = pipeline("check", config, key=None).err.splitlines()
    assert ", workflow.id: " in lacking
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("WCFG-…", "WCFG-1"), encoding="utf-8")
    (lacking,) = pipeline("check", config, key=None).err.splitlines()
    assert "COPY_AI_API_KEY" in lacking
    assert pipeline("check", config).exit == 0
