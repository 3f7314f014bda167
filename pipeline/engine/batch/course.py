"""The course of one call, from its first start to its last. Owns what is counted over all of it.

A call with a pilot works on its batch twice, and is one call to the person who made it. Must not
know what they are asked in between, nor what a limit is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Course:
    """What a call may send, and what came of it so far."""

    limit: int | None = None
    """New attempts that it may still make; ``None``: any number."""
    pilot: int | None = None
    """So many of them are its pilot's; ``None``: it has none, or none any more."""
    failures: int = 0
    """Rows that failed in it."""
    rows: int = 0
    """All rows that it sends or watches, those of its pilot and the rest."""
    told_changes: Mapping[str, str] = field(default_factory=dict)
    """What was changed of its limits, as far as a person was told that it holds."""
    _begun: int = 0
    """Rows that were sent or watched before the work under way began."""
    _planned: int = 0
    """Rows that waited for their turn as that began."""

    @property
    def limit_now(self) -> int | None:
        """New attempts that may be made before a person is asked, or in all."""
        return self.limit if self.pilot is None else self.pilot

    @property
    def is_pilot(self) -> bool:
        """Whether more may be sent once what is sent now has ended."""
        return self.pilot is not None

    def begin(self, planned: int, under_way: int) -> None:
        """The work begins with so many rows that wait for their turn, and so many to watch."""
        # What a pilot left under way is among what was begun.
        self._begun = max(self._begun, under_way)
        self._planned = planned
        to_send = planned if self.limit is None else min(planned, self.limit)
        self.rows = self._begun + to_send

    def end(self, planned: int) -> None:
        """The work has ended, and so many rows wait for their turn."""
        self._begun += self._planned - planned

    def end_pilot(self) -> None:
        """Let the rest follow."""
        assert self.pilot is not None
        self.limit = None if self.limit is None else self.limit - self.pilot
        self.pilot = None
