"""Where a ledger is held, and what tells a copy from the original."""

from pathlib import Path

import machineid
import pytest

from pipeline.ledger.whereabouts import Move, Whereabouts
from tests.ledger.builders import a_ledger


@pytest.mark.parametrize(
    ("last", "now", "move"),
    [
        ((None, None), ("here", "1:1"), Move.NONE),
        (("here", "1:1"), ("here", "1:1"), Move.NONE),
        (("here", "1:1"), ("here", "1:2"), Move.NONE),
        (("here", "1:1"), ("there", "1:1"), Move.NONE),
        (("here", "1:1"), ("there", "1:2"), Move.COPIED),
        (("here", "1:1"), (None, "1:1"), Move.NONE),
        (("here", "1:1"), (None, "1:2"), Move.UNTOLD),
        ((None, "1:1"), ("there", "1:2"), Move.UNTOLD),
        ((None, "1:1"), (None, "1:2"), Move.UNTOLD),
    ],
)
def test_a_copy_is_another_file_on_another_machine(
    last: tuple[str | None, str | None], now: tuple[str | None, str | None], move: Move
) -> None:
    """One of the two changes by itself; without a machine's id it can't be told."""
    assert Whereabouts(*now).since(Whereabouts(*last)) is move


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    """A machine whose id can't be read for once is not forgotten while the file stays."""
    with a_ledger(tmp_path) as ledger:
        assert Whereabouts.kept_in(ledger) == Whereabouts(None, None)
        for now, kept in [
            (Whereabouts("here", "1:1"), Whereabouts("here", "1:1")),
            (Whereabouts(None, "1:1"), Whereabouts("here", "1:1")),
            (Whereabouts(None, "1:2"), Whereabouts(None, "1:2")),
            (Whereabouts("there", "1:2"), Whereabouts("there", "1:2")),
        ]:
            now.keep_in(ledger)
            assert Whereabouts.kept_in(ledger) == kept


def test_the_machines_own_id_is_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a digest: the id would tell the machine to whoever is handed the ledger."""
    monkeypatch.setattr(machineid, "id", lambda **_: "0b5e4d3a-the-id-itself")
    here = Whereabouts.of(tmp_path)
    assert here.machine is not None
    assert "0b5e4d3a" not in here.machine
    monkeypatch.setattr(machineid, "id", lambda **_: "another")
    there = Whereabouts.of(tmp_path)
    assert (there.machine != here.machine, there.inode) == (True, here.inode)


def test_another_file_is_another_inode(tmp_path: Path) -> None:
    """A copy beside the original is told from it."""
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    assert Whereabouts.of(tmp_path / "a").inode != Whereabouts.of(tmp_path / "b").inode


@pytest.mark.parametrize(
    "error",
    [
        machineid.MachineIdNotFound("none"),
        PermissionError(),
        UnicodeDecodeError("a", b"", 0, 1, ""),
    ],
)
def test_a_machine_without_an_id_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A container may have none, or one that can't be read."""

    def fails(**_: object) -> str:
        raise error

    monkeypatch.setattr(machineid, "id", fails)
    assert Whereabouts.of(tmp_path).machine is None
