"""One process at a time, and only where locks can be trusted. Must not know what is held."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from pipeline.errors import LedgerFault

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs"}
    | {"afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ncpfs", "ocfs2", "fuse.sshfs"}
    | {"9p", "drvfs", "vboxsf", "prl_fs", "vmhgfs", "fuse.vmhgfs-fuse"}
    | {"fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.ceph", "fuse.davfs", "macfuse.sshfs"}
)
"""Where SQLite's locks and write-ahead log can't be trusted (sqlite.org/wal.html, section 1)."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str


def mounts() -> list[Mount]:
    """The file systems of this machine, as the operating system names them."""
    return [
        Mount(
            Path(partition.mountpoint),
            "cifs" if "remote" in partition.opts.split(",") else partition.fstype,
        )
        for partition in psutil.disk_partitions(all=True)
    ]


def refuse_network_file_system(path: Path, mounted: Iterable[Mount]) -> None:
    """Raise `LedgerFault` where the innermost mount above `path` is a network file system."""
    parents = [path.resolve(), *path.resolve().parents]
    above = [mount for mount in mounted if mount.point in parents]
    if not above:
        return
    # Of two mounts on one point the later one hides the earlier.
    innermost = max(enumerate(above), key=lambda pair: (len(pair[1].point.parts), pair[0]))[1]
    if innermost.kind.lower() in NETWORK_FILE_SYSTEMS:
        raise LedgerFault(
            place=str(path),
            wrong=f"the ledger would lie on a network file system ({innermost.kind})",
            remedy="name a local folder in the config's `ledger`: a lock there can't be trusted",
        )


def lock_path(ledger: Path) -> Path:
    """The file whose lock says that a process holds the ledger; it may stay behind, unlocked.

    It lies where the ledger really lies: the same one, whatever links lead there.
    """
    ledger = ledger.resolve()
    return ledger.with_name(f"{ledger.name}-lock")


@contextmanager
def held(ledger: Path) -> Iterator[bool]:
    """Hold the ledger for this process while the block runs; gives False where another does.

    Raises `LedgerFault` where no lock can be had at all.
    """
    lock = FileLock(lock_path(ledger), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        raise LedgerFault(
            place=str(lock_path(ledger)),
            wrong=f"the ledger can't be locked ({error.strerror})",
            remedy="make room or mend the rights of this file and its folder, then give the same "
            "command again",
        ) from error
    try:
        yield True
    finally:
        lock.release()
