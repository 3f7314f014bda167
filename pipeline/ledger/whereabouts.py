"""Where a ledger is held: on which machine, in which file. Owns what tells that it is a copy.

Must not know what is done about a copy. The machine's own id is never kept, only a digest of it.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

import machineid

from pipeline.ledger.store import Ledger

DIGESTED_FOR: Final = "pipeline"
"""Other programs that keep digests of the machine's id keep other ones."""


class Move(Enum):
    """What became of a ledger since it was last held."""

    NONE = "it is where it was, or was moved within one machine"
    COPIED = "machine and file are others"
    UNTOLD = "the file is another, and whether the machine is can't be told"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A machine and a file on it, as far as they are known."""

    machine: str | None
    """A digest of the machine's id; ``None``: it has none that can be read."""
    inode: str | None
    """Device and inode of the file; ``None`` where none were ever kept."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """Where the file at this path is now."""
        status = path.stat()
        return cls(_machine(), f"{status.st_dev}:{status.st_ino}")

    @classmethod
    def kept_in(cls, ledger: Ledger) -> Self:
        """Where the ledger says that it was last held."""
        return cls(ledger.fact("machine"), ledger.fact("inode"))

    def keep_in(self, ledger: Ledger) -> None:
        """Let the ledger say so from now on."""
        last = self.kept_in(ledger)
        # The machine of a file that stayed is known, though its id can't be read this time.
        machine = self.machine or (last.machine if last.inode == self.inode else None)
        ledger.say_facts({"machine": machine, "inode": self.inode})

    def since(self, last: "Whereabouts") -> Move:
        """What became of the ledger that is here now and was there last.

        One of the two may change by itself: a file is moved or put back from a backup, a device
        gets another number, a machine another id.
        """
        if last.inode is None or self.inode == last.inode:
            return Move.NONE
        if self.machine is None or last.machine is None:
            return Move.UNTOLD
        return Move.NONE if self.machine == last.machine else Move.COPIED


def _machine() -> str | None:
    try:
        return machineid.hashed_id(DIGESTED_FOR)
    except (machineid.MachineIdNotFound, OSError, ValueError):
        return None
