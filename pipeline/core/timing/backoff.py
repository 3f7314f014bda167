"""How long to wait. Owns the LookWaits, and each rule by which a wait grows.

A wait for the next look at a run as long as nothing is learnt of such runs (`next_look_seconds`),
after a look that told nothing of it (`look_again_seconds`), for a whole class of calls after
refusals (`rest_seconds`) and after silence (`try_again_seconds`). Must not know clocks or chance:
both are passed in.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookWaits:
    """The bounds of the waits between looks, in seconds; jitter is by what share they spread."""

    first_seconds: float
    max_seconds: float
    jitter: float


def next_look_seconds(age_seconds: float, waits: LookWaits, chance: float) -> float:
    """Seconds from now to the next look at a run of this age, where no more is known of it.

    The wait is half of the run's age, between `first_seconds` and `max_seconds`: a run is seen to
    end at most half as late again as it ran, for a number of looks that grows with the logarithm
    of its age. `chance` is uniform in [0, 1) and spreads the wait by ± `jitter`, within the bounds.
    """
    return _spread(age_seconds / 2, waits, chance)


def look_again_seconds(in_vain: int, waits: LookWaits, chance: float) -> float:
    """Seconds to the next look after so many looks in a row (from 1) that told nothing of a run.

    What they were to tell is still to be known, so the first comes soon; each doubles the wait.
    """
    return _spread(waits.first_seconds * 2 ** min(in_vain - 1, 30), waits, chance)


def _spread(wait_seconds: float, waits: LookWaits, chance: float) -> float:
    wait = min(max(wait_seconds, waits.first_seconds), waits.max_seconds)
    low = max(wait * (1 - waits.jitter), waits.first_seconds)
    high = min(wait * (1 + waits.jitter), waits.max_seconds)
    return low + (high - low) * chance


def rest_seconds(refusals: int, chance: float) -> float:
    """Seconds to wait after so many refusals in a row (from 1) that do not say how long.

    0.02, 0.1, 0.2, 0.4 … 60, less up to a half: a single one may be chance, and is to cost next to
    nothing; what a service refuses for its rate alone, it takes again within a moment, and one that
    goes on to refuse is asked ever more seldom.
    """
    wait = 0.02 if refusals == 1 else min(60.0, 0.1 * 2 ** (min(refusals, 12) - 2))
    return float(wait * (1 - chance / 2))


def try_again_seconds(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row (from 1): 1, 2, 4 … 60, less up to a half.

    The "full jitter" of Brooker, "Exponential Backoff And Jitter" (2015), kept above one half so
    that a service that asked for rest gets some.
    """
    return float(min(60, 2 ** (min(failures, 7) - 1)) * (1 - chance / 2))
