"""An output that no run gave is told at once: most likely its name is wrong."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.doubting import Program
from tests.journeys.running import a_batch, read_rows, write_config

LACKING = "Outputs: "
NAMES = [*"abcdefg"]


def gave(config: Path, *names: str, first_row: int = 2) -> None:
    """Let the runs of the batch, from this row on, have given these outputs."""
    outputs = json.dumps(dict.fromkeys(names, "text"))
    with closing(sqlite3.connect(config.with_name("batch.ledger"))) as ledger, ledger:
        ledger.execute(
            "UPDATE attempt SET outputs = ? WHERE entry_id IN "
            "(SELECT id FROM entry WHERE row_number >= ?)",
            (outputs, first_row),
        )


def lines(err: str) -> list[str]:
    """What was said of outputs."""
    return [line for line in err.splitlines() if line.startswith(LACKING)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (1, "the one run that completed gave no 'Emial' (column Nope); it gave 'Language', "),
        (2, "none of the 2 runs that completed gave 'Emial' (column Nope); they gave 'Lang"),
    ],
)
def test_a_mistyped_output_is_told_after_the_pilot(
    tmp_path: Path, program: Program, rows: int, told: str
) -> None:
    """In one line, with what the runs gave; mended, the cells are filled in for nothing."""
    config = a_batch(tmp_path, 4, outputs={"Nope": "Emial", "Email": "Generated email"})
    ended = program("run", config, "--limit", rows)
    assert ended.exit == 0
    (line,) = lines(ended.err)
    assert line.startswith(f"Outputs: {told}")
    write_config(config, outputs={"Nope": "Generated email"})
    mended = program("export", config)
    assert lines(mended.err) == []
    assert sum(bool(row["Nope"]) for row in read_rows(tmp_path / "rows.done.csv")) == rows


def test_an_output_that_one_run_gave_is_no_mistake(tmp_path: Path, program: Program) -> None:
    """A workflow may leave an output out at times: the row's own Error tells it."""
    config = a_batch(tmp_path, 3)
    assert lines(program("run", config).err) == []
    gave(config, "Other")
    gave(config, "Generated email", first_row=4)
    assert lines(program("export", config).err) == []
    gave(config, "Other")
    assert len(lines(program("export", config).err)) == 1


def test_where_nothing_completed_nothing_is_lacking(tmp_path: Path, program: Program) -> None:
    """Runs that failed give no outputs."""
    config = a_batch(tmp_path, 2, simulator={"duration": "0s", "fail": 1})
    assert lines(program("run", config).err) == []


def test_no_more_names_are_told_than_are_read(tmp_path: Path, program: Program) -> None:
    """Of seven columns and seven outputs, five each; of no output, that there was none."""
    config = a_batch(tmp_path, 2, outputs={f"New {name}": f"no {name}" for name in NAMES})
    program("run", config)
    gave(config, *NAMES)
    (line,) = lines(program("export", config).err)
    assert "'no e' (column New e), …; they gave 'a', 'b', 'c', 'd', 'e', …: mend" in line
    gave(config)
    (line,) = lines(program("export", config).err)
    assert "they gave nothing: mend" in line
    assert line.endswith("` fills them in, free.")
    write_config(config, outputs="*")
    assert lines(program("export", config).err) == []


def test_rows_that_share_a_run_count_it_once(tmp_path: Path, program: Program) -> None:
    """It is runs that are counted, not rows."""
    config = a_batch(
        tmp_path, 1, input={"path": "rows.csv", "duplicates": "once"}, outputs={"N": "n"}
    )
    (tmp_path / "rows.csv").write_text("Company,Nr\nA,1\nA,1\nA,1\n", encoding="utf-8")
    (line,) = lines(program("run", config).err)
    assert "the one run that completed" in line
