"""The rows of a text file are read anew each time, from a file that must stay as it was."""

import os
from pathlib import Path

import pytest

from pipeline.sheets import InputChanged, read
from tests.sheets.builders import a_file, a_source

TEXT = 'Name,City\nAda,"Lon\ndon"\n\nBob\n'
ROWS = [(2, ("Ada", "Lon\ndon")), (4, ("Bob", None))]


def test_rows_can_be_gone_through_again_and_beside_each_other(tmp_path: Path) -> None:
    """Each going through is one of its own, and none is left open that was given up."""
    rows = read(a_source(a_file(tmp_path, TEXT))).rows
    assert len(rows) == len(ROWS)
    assert next(iter(rows)).number == ROWS[0][0]
    for one, other in zip(rows, rows, strict=True):
        assert (one.number, one.values) == (other.number, other.values)
    assert [(row.number, row.values) for row in rows] == ROWS


def longer(path: Path) -> None:
    path.write_text(f"{TEXT}Eve,Bern\n", encoding="utf-8")


def replaced(path: Path) -> None:
    other = a_file(path.parent, TEXT, "other.csv")
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)


def saved_again(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("change", [longer, replaced, saved_again])
def test_rows_of_another_moment_are_never_taken_for_those_that_were_read(
    tmp_path: Path, change: object
) -> None:
    """However the file was changed, it is told with its name and what to do."""
    path = a_file(tmp_path, TEXT)
    rows = read(a_source(path)).rows
    assert callable(change)
    change(path)
    with pytest.raises(InputChanged) as caught:
        list(rows)
    assert str(caught.value).startswith(f"{path}: it changed after it was read")


def test_a_change_while_the_rows_pass_by_is_told_at_their_end(tmp_path: Path) -> None:
    """Whoever goes to the end knows that all rows were of one file."""
    path = a_file(tmp_path, TEXT)
    rows = iter(read(a_source(path)).rows)
    next(rows)
    longer(path)
    with pytest.raises(InputChanged):
        list(rows)
