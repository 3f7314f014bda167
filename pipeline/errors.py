"""Every error a person can meet, and the exit codes. Owns the wording's three parts.

The tree::

    PipelineError               one line to a person: place, what is wrong, remedy
    ├── UsageFault              the command line
    ├── ConfigFault             the YAML file, its key and line
    ├── InputFault              the sheet that is read, its cell
    ├── OutputFault             the sheet that is written
    ├── LedgerFault             the ledger's file, or who holds it
    │   └── LedgerLost          it could not be written any more
    ├── RemoteFault             the service refused a call that is no start and no look
    └── FaultGroup              several of the above, told at once
"""

from collections.abc import Sequence
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command; of several that hold, the first in this order wins."""

    WRONG = 2
    """The config, the input, the key or the command line is wrong: nothing was started."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C, resumable."""
    TERMINATED = 143
    """Stopped by SIGTERM, resumable."""
    STOPPED = 3
    """Stopped early and resumable: rows are still pending or running."""
    UNFINISHED = 1
    """Ended, with rows that failed, expired or stayed unconfirmed."""
    OK = 0
    """Every row is complete or skipped."""


class PipelineError(Exception):
    """What is wrong, where, and what to do: one line, to a person.

    Never holds the key or the content of a user's cell.
    """

    exit: Exit = Exit.WRONG

    def __init__(self, *, place: str, wrong: str, remedy: str) -> None:
        super().__init__(place, wrong, remedy)
        self.place = place
        self.wrong = wrong
        self.remedy = remedy

    @property
    def problems(self) -> tuple["PipelineError", ...]:
        """The errors this one stands for: itself, or a group's members."""
        return (self,)

    def __str__(self) -> str:
        # A path or a word of the command line may hold line breaks.
        return " ".join(f"{self.place}: {self.wrong}; {self.remedy}".splitlines())


class UsageFault(PipelineError):
    """The command line is wrong."""


class ConfigFault(PipelineError):
    """The config file, or what it names outside the sheets, is wrong."""


class InputFault(PipelineError):
    """The sheet to read is wrong."""


class OutputFault(PipelineError):
    """The sheet to write can't be written."""


class LedgerFault(PipelineError):
    """The ledger can't be opened, is held by another process, or could not be written."""


class LedgerLost(LedgerFault):
    """The ledger could not be written while the batch ran: what was recorded is resumable."""

    exit = Exit.STOPPED


class RemoteFault(PipelineError):
    """The service refused a call on which no row depends: a webhook's, a check's."""


class FaultGroup(PipelineError):
    """Several faults, told at once, a line each."""

    def __init__(self, problems: Sequence[PipelineError]) -> None:
        super().__init__(place="", wrong="", remedy="")
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[PipelineError, ...]:
        """The group's members, in the order they were found."""
        return self._problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self._problems)
