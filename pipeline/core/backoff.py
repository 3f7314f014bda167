"""When to look again. Owns the Backoff. Must not know clocks or chance: both are passed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """How the waits between two looks grow, in seconds; jitter is a share of the wait."""

    first_seconds: float
    max_seconds: float
    jitter: float


def next_look_seconds(age_seconds: float, backoff: Backoff, chance: float) -> float:
    """Seconds from now to the next look at a run of this age.

    The wait is half of the run's age, between `first_seconds` and `max_seconds`: a run is seen to
    end at most half as late again as it ran, for a number of looks that grows with the logarithm
    of its age. `chance` is uniform in [0, 1) and spreads the wait by ± `jitter`.
    """
    wait = min(max(age_seconds / 2, backoff.first_seconds), backoff.max_seconds)
    return wait * (1 + backoff.jitter * (2 * chance - 1))


def try_again_seconds(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row (from 1): 1, 2, 4 … 60, less up to a half.

    The "full jitter" of Brooker, "Exponential Backoff And Jitter" (2015), kept above one half so
    that a service that asked for rest gets some.
    """
    return float(min(60, 2 ** (min(failures, 7) - 1)) * (1 - chance / 2))
