"""A ledger whose file goes away while somebody writes to it."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.errors import LedgerLost
from pipeline.ledger.opening import join_ledger, open_ledger
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON
from tests.ledger.builders import SERVICE, SOURCE, WORKFLOW, a_ledger, some_rows

EARLIER = [str(number) for number in range(300)]
"""So many rows are more than one page: SQLite has them in the ledger itself, not beside it."""


def deleted(path: Path) -> None:
    path.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("moved.ledger"))


def replaced(path: Path) -> None:
    path.unlink()
    shutil.copy(path.with_name("backup.ledger"), path)


def an_earlier_ledger(path: Path) -> None:
    """One that was closed, and a backup of it."""
    with a_ledger(path.parent, *EARLIER):
        pass
    shutil.copy(path, path.with_name("backup.ledger"))


def lost(path: Path, happens: Callable[[Path], None]) -> LedgerLost:
    """What is told where this happens to an earlier ledger after more rows were enrolled."""
    # Whoever held it learns so again when it says that it holds it no more.
    with suppress(LedgerLost), open_ledger(path) as ledger:
        enrol(ledger, *EARLIER, "a", "b")
        happens(path)
        with pytest.raises(LedgerLost) as caught:
            ledger.say_reading("digest")
    return caught.value


def enrol(ledger: Ledger, *keys: str) -> None:
    ledger.enrol(some_rows(*keys), SOURCE, SERVICE, WORKFLOW, NOON)


def rows_of(path: Path) -> int:
    """How many rows stand in a ledger, all of whose pages are whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with join_ledger(path) as found:
        assert found is not None
        return found.rows_by_state()[State.PLANNED]


@pytest.mark.parametrize("happens", [deleted, moved, replaced])
def test_what_was_rescued_is_whole_in_its_place(
    tmp_path: Path, happens: Callable[[Path], None]
) -> None:
    """Put where the remedy says, it is the ledger: nothing of the lost one is left in its way."""
    path = tmp_path / "batch.ledger"
    an_earlier_ledger(path)
    told = lost(path, happens)
    assert told.remedy == (
        "all that it held is in batch.ledger.rescued: put that in its place, then give the same "
        "command again"
    )
    path.with_name("batch.ledger.rescued").rename(path)
    assert rows_of(path) == len(EARLIER) + 2
    with open_ledger(path) as ledger:
        enrol(ledger, *EARLIER, "a", "b", "c")
    assert rows_of(path) == len(EARLIER) + 3


def test_a_backup_that_was_put_back_is_left_as_it_is(tmp_path: Path) -> None:
    """Not a byte of it changes, and whoever would rather go on with it can."""
    path = tmp_path / "batch.ledger"
    an_earlier_ledger(path)
    lost(path, replaced)
    assert path.read_bytes() == path.with_name("backup.ledger").read_bytes()
    assert rows_of(path) == len(EARLIER)


def test_what_was_put_back_beside_a_backup_is_told_and_left(tmp_path: Path) -> None:
    """A backup may have come with a -wal of its own: it is not ours to delete."""
    path, wal = tmp_path / "batch.ledger", tmp_path / "batch.ledger-wal"

    def replaced_with_all_beside_it(path: Path) -> None:
        wal.unlink()
        replaced(path)
        wal.write_bytes(b"theirs")

    an_earlier_ledger(path)
    told = lost(path, replaced_with_all_beside_it)
    assert told.remedy == (
        "all that it held is in batch.ledger.rescued: put that in its place and take "
        "batch.ledger-wal away from there, then give the same command again"
    )
    assert wal.read_bytes() == b"theirs"


def test_what_was_rescued_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds what the ledger held; a rescue of another day gives way."""
    path, rescued = tmp_path / "batch.ledger", tmp_path / "batch.ledger.rescued"
    rescued.write_text("of another day")
    an_earlier_ledger(path)
    lost(path, deleted)
    assert stat.S_IMODE(rescued.stat().st_mode) == 0o600
    assert rows_of(rescued) == len(EARLIER) + 2


def test_a_ledger_that_a_link_led_to_is_rescued_where_it_lay(tmp_path: Path) -> None:
    """What is told to be put in its place goes where all of its names lead."""
    linked, path = tmp_path / "linked.ledger", tmp_path / "kept" / "batch.ledger"
    path.parent.mkdir()
    linked.symlink_to(path)
    an_earlier_ledger(path)
    told = lost(linked, lambda _: path.unlink())
    assert told.place == str(path.resolve())
    path.with_name("batch.ledger.rescued").rename(path)
    assert rows_of(linked) == len(EARLIER) + 2


def test_a_rescue_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """Nobody is sent to a file that is not whole, and what is left of the ledger stays."""
    path = tmp_path / "batch.ledger"
    an_earlier_ledger(path)
    path.with_name("batch.ledger.rescued").mkdir()
    told = lost(path, moved)
    assert "what it held can't be saved (" in told.wrong
    assert told.remedy == (
        "if it was moved, move it back; else take batch.ledger-wal away and put a copy of it back"
    )
    path.with_name("moved.ledger").rename(path)
    assert rows_of(path) == len(EARLIER) + 2


def test_a_ledger_that_was_lost_is_not_written_to_again(tmp_path: Path) -> None:
    """Not even where its file comes back: what was rescued would lack what came later."""
    path = tmp_path / "batch.ledger"
    an_earlier_ledger(path)
    with suppress(LedgerLost), open_ledger(path) as ledger:
        moved(path)
        for _ in range(2):
            with pytest.raises(LedgerLost, match="put that in its place"):
                ledger.say_reading("digest")
            path.with_name("moved.ledger").replace(path)
