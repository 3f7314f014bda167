"""May a look wait for the service to tell of an end by itself? Owns the trust in deliveries.

Deliveries must show that they come, and may cease to: docs/decisions/005 says why. Must not know
clocks, nor how a delivery travels: ages and moments are passed in.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, assert_never

AGES_KEPT: Final = 100
"""The newest ends told of, and looks that saw a run still running, tell how old runs get."""
OUTLIERS: Final = 20
"""One of so many may be older than runs usually get: it makes no other wait for longer."""
OVERDUE_FACTOR: Final = 2.0
"""So many times the age that runs usually get at most: then a run is overdue."""
MOST_UNTOLD: Final = 3
"""So many ends in a row that only a look found: deliveries don't come any more."""


LEAST_WAIT_SECONDS: Final = 0.01
"""Less is not worth a wait."""


class Trust(Enum):
    """How far deliveries are trusted."""

    NOT_LISTENING = auto()
    UNPROVEN = auto()
    """None has come yet: the longest watched run is looked at as if none ever came."""
    PROVEN = auto()
    """Only a run that is overdue is looked at."""
    BROKEN = auto()
    """Ends are found that nobody told of: all are looked at as if none ever came."""


@dataclass(frozen=True, slots=True)
class DueLook:
    """A look at a run that is due by the run's age alone."""

    age_seconds: float
    looked_at_age_seconds: float
    """How old the run was when it was last looked at; 0: it was not yet."""
    is_longest_watched: bool
    until_given_up_seconds: float
    """When it has been watched for long enough, a look must tell how it stands."""
    first_seconds: float
    max_seconds: float
    """The bounds of the waits between two looks."""


class Hearing:
    """What was told of, what was found untold, and what follows for a look that is due."""

    def __init__(self) -> None:
        self.trust = Trust.NOT_LISTENING
        self._has_told = False
        """Whether a delivery has come."""
        self._untold = 0
        self._ages: deque[float] = deque(maxlen=AGES_KEPT)
        self._usual_age_seconds = 0.0
        """What runs get at most, but for outliers."""

    @property
    def is_trusted(self) -> bool:
        """Whether looks may wait."""
        return self.trust in {Trust.UNPROVEN, Trust.PROVEN}

    @property
    def may_come_late(self) -> bool:
        """Whether what was not told yet may be told still: where ends are found untold, too."""
        return self._has_told or self.is_trusted

    def listen(self) -> None:
        """From now on the service tells of ends, as far as it is known."""
        self.trust = Trust.UNPROVEN

    def told(self, age_seconds: float | None) -> None:
        """A delivery told of a run of ours; its age where it was not known to have ended."""
        self.trust = Trust.PROVEN
        self._has_told = True
        self._untold = 0
        if age_seconds is not None:
            self._learn(age_seconds)

    def saw_running(self, age_seconds: float) -> None:
        """A look saw a run of this age still running: so old they get, whatever was told yet."""
        if self.is_trusted:
            self._learn(age_seconds)

    def found_untold(self) -> None:
        """A look found the end of a run that should have been told."""
        self._untold += 1
        if self.is_trusted and self._untold >= MOST_UNTOLD:
            self.trust = Trust.BROKEN

    def may_wait_seconds(self, due: DueLook) -> float:
        """For how long this look may still wait; 0: it is to leave now.

        Whatever it is, it is asked again after `max_seconds`, so that a change of trust soon holds.
        """
        match self.trust:
            case Trust.NOT_LISTENING | Trust.BROKEN:
                wait_seconds = 0.0
            case Trust.UNPROVEN:
                wait_seconds = (
                    0.0 if due.is_longest_watched else max(due.first_seconds, due.age_seconds / 2)
                )
            case Trust.PROVEN:
                oldest = max(self._usual_age_seconds, due.looked_at_age_seconds)
                overdue_at = OVERDUE_FACTOR * oldest
                wait_seconds = max(due.first_seconds, overdue_at) - due.age_seconds
            case _:
                assert_never(self.trust)
        wait_seconds = min(wait_seconds, due.max_seconds, due.until_given_up_seconds)
        return wait_seconds if wait_seconds >= LEAST_WAIT_SECONDS else 0.0

    def _learn(self, age_seconds: float) -> None:
        self._ages.append(age_seconds)
        ages = sorted(self._ages)
        self._usual_age_seconds = ages[-1 - len(ages) // OUTLIERS]
