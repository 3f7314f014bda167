"""Whether a ledger could stand at a path. Owns the look before anything is made there.

Must not know what a ledger holds.
"""

import os
from pathlib import Path

from pipeline.errors import LedgerFault
from pipeline.ledger.holding import mounts, refuse_network_file_system


def check_place(ledger: Path) -> None:
    """That a ledger is there, or could be made; makes nothing.

    Raises `LedgerFault` where a folder is in its place, where its folder can't be made or written
    to, or where it would lie on a network file system.
    """
    refuse_network_file_system(ledger, mounts())
    folder = next(parent for parent in ledger.absolute().parents if parent.exists())
    if ledger.is_dir():
        wrong = "the ledger can't be opened: this is a folder"
    elif not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        wrong = f"the ledger can't be made: nothing can be written to {folder}"
    else:
        return
    raise LedgerFault(
        place=str(ledger),
        wrong=wrong,
        remedy="name a file in a folder that you may write to in the config's `ledger`",
    )
