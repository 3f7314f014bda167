"""A sheet may be larger than memory: what is held does not grow with its rows as they stand."""

import csv
import tracemalloc
from pathlib import Path
from typing import Final

import pytest

from pipeline.commands.enrolling import enrol
from pipeline.commands.preparing import Overrides, prepare
from pipeline.commands.writing import write_output
from pipeline.core.model import State
from pipeline.ledger.opening import open_ledger
from tests.journeys.running import write_config

FEW: Final = 9_000
"""So many that all that is held of a few rows at a time is held."""
MANY: Final = 18_000
MOST_BYTES_A_ROW: Final = 200
"""What is kept of a row while it is told from its equals: a digest of 16 bytes, its object, and its
place in a table, which doubles now and then."""
CELL: Final = "x" * 300


def peak_of(folder: Path, rows: int) -> int:
    """The most bytes that Python held from the first byte read to the output in place."""
    folder.mkdir()
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Company", "Note"])
        writer.writerows([f"Company {n}", CELL] for n in range(rows))
    config = write_config(folder / "batch.yaml", variables={"Company": "Company", "Note": "Note"})
    tracemalloc.start()
    try:
        prepared = prepare(config, Overrides())
        with open_ledger(prepared.config.ledger) as ledger:
            enrol(prepared, ledger)
            write_output(prepared, ledger, prepared.config.output.path)
            assert ledger.tally().count(State.PLANNED) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_grows_by_less_than_a_row(tmp_path: Path) -> None:
    """Reading, enrolling and writing hold a digest of each row, and not its cells."""
    few, many = (peak_of(tmp_path / str(rows), rows) for rows in (FEW, MANY))
    assert (many - few) / (MANY - FEW) < MOST_BYTES_A_ROW
