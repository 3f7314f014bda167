"""A ledger lies only where locks can be trusted."""

from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import pytest

from pipeline.errors import LedgerFault
from pipeline.ledger.holding import Mount, held, mounts, refuse_network_file_system

ROOT: Final = ("/", "ext4")


def mounted(*pairs: tuple[str, str]) -> list[Mount]:
    return [Mount(Path(point), kind) for point, kind in pairs]


@pytest.mark.parametrize(
    ("pairs", "path", "refused"),
    [
        ([ROOT], "/data/batch.ledger", None),
        ([], "/data/batch.ledger", None),
        ([("/", "nfs4")], "/data/batch.ledger", "nfs4"),
        ([ROOT, ("/data", "nfs")], "/data/batch.ledger", "nfs"),
        ([ROOT, ("/mnt/c", "9p")], "/mnt/c/batch.ledger", "9p"),
        ([("/data", "nfs"), ROOT], "/data/batch.ledger", "nfs"),
        ([ROOT, ("/data", "nfs")], "/database/batch.ledger", None),
        ([ROOT, ("/data", "nfs")], "/data", "nfs"),
        ([ROOT, ("/data", "CIFS")], "/data/a/b/c.ledger", "CIFS"),
        ([ROOT, ("/data", "fuse.sshfs"), ("/data/fast", "xfs")], "/data/fast/b.ledger", None),
        ([ROOT, ("/data", "xfs"), ("/data/slow", "smb3")], "/data/slow/b.ledger", "smb3"),
        ([("/data/slow", "smb3"), ROOT, ("/data", "xfs")], "/data/slow/b.ledger", "smb3"),
        ([ROOT, ("/data", "nfs"), ("/data", "ext4")], "/data/b.ledger", None),
        ([ROOT, ("/data", "ext4"), ("/data", "nfs")], "/data/b.ledger", "nfs"),
        ([ROOT, ("/data", "fuse.ntfs-3g")], "/data/b.ledger", None),
    ],
)
def test_a_network_file_system_is_refused(
    pairs: list[tuple[str, str]], path: str, refused: str | None
) -> None:
    """The innermost mount above the ledger counts; of two on one point, the later."""
    if refused is None:
        refuse_network_file_system(Path(path), mounted(*pairs))
        return
    with pytest.raises(LedgerFault) as caught:
        refuse_network_file_system(Path(path), mounted(*pairs))
    assert str(caught.value) == (
        f"{path}: the ledger would lie on a network file system ({refused}); "
        "name a local folder in the config's `ledger`: a lock there can't be trusted"
    )


def test_a_link_does_not_lead_around_the_rule(tmp_path: Path) -> None:
    """What counts is where the file really lies."""
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    far = [Mount(Path("/"), "ext4"), Mount(tmp_path / "far", "nfs")]
    with pytest.raises(LedgerFault):
        refuse_network_file_system(tmp_path / "near" / "batch.ledger", far)


def test_this_machines_mounts_are_known() -> None:
    """The root is mounted, and is of some kind."""
    roots = [mount for mount in mounts() if mount.point == Path("/")]
    assert roots
    assert all(mount.kind for mount in roots)


@pytest.mark.parametrize(
    ("options", "kind"),
    [("rw,relatime", "ext4"), ("rw,errors=remount-ro", "ext4"), ("rw,remote", "cifs")],
)
def test_a_mapped_drive_counts_as_a_network_file_system(
    monkeypatch: pytest.MonkeyPatch, options: str, kind: str
) -> None:
    """Where the system only says that a drive is remote, its own name for it does not matter."""

    def partitions(**_: bool) -> list[object]:
        return [a_partition(options)]

    monkeypatch.setattr(psutil, "disk_partitions", partitions)
    assert mounts() == [Mount(Path("/data"), kind)]


def a_partition(options: str) -> object:
    class Partition:
        mountpoint = "/data"
        fstype = "ext4"
        opts = options

    return Partition()


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """Also within one process, and it is free again afterwards, whatever went wrong."""
    ledger = tmp_path / "batch.ledger"
    with suppress(ValueError), held(ledger) as first:
        assert first
        with held(ledger) as second:
            assert not second
        raise ValueError
    with held(ledger) as third:
        assert third
