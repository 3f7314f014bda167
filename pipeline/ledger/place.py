"""Whether a ledger could stand at a path. Owns the look before anything is made there.

Must not know what a ledger holds.
"""

from pathlib import Path

from pipeline.errors import LedgerFault
from pipeline.ledger.holding import mounts, refuse_network_file_system
from pipeline.system import try_to_write


def check_place(ledger: Path) -> None:
    """That a ledger is there, or could be made; leaves nothing behind.

    Raises `LedgerFault` where a folder is in its place, where its folder can't be made or written
    to, or where it would lie on a network file system.
    """
    refuse_network_file_system(ledger, mounts())
    folder = next(parent for parent in ledger.absolute().parents if parent.exists())
    if ledger.is_dir():
        raise _can_not_stand(ledger, "the ledger can't be opened: this is a folder")
    try:
        try_to_write(folder)
    except OSError as error:
        why = f"nothing can be written to {folder} ({error.strerror})"
        raise _can_not_stand(ledger, f"the ledger can't be made: {why}") from None


def _can_not_stand(ledger: Path, wrong: str) -> LedgerFault:
    return LedgerFault(
        place=str(ledger),
        wrong=wrong,
        remedy="name a file in a folder that you may write to in the config's `ledger`",
    )
