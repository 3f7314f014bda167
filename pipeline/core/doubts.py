"""An attempt in doubt: what tells its run from others, and how long absence does not count.

Owns tokens, digests of input, and the `settle`. Must not know lists of runs, nor clocks: moments
are seconds of a clock that never goes back, and are passed in.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

from pipeline.core.model import Json, Token

InputDigest = NewType("InputDigest", str)
"""Start variables, as far as one can ask whether two runs were given the same."""

TOKEN_FIELD: Final = "pipeline_attempt"  # noqa: S105 - a name, no secret
"""The key in a start's metadata under which its token travels."""


def token_of(ledger_token: str, entry_id: int, number: int) -> Token:
    """The token of an attempt; no two ledgers share theirs, so no two attempts do."""
    return Token(f"{ledger_token}-{entry_id}-{number}")


def ledger_token_of(token: Token) -> str:
    """What the tokens of the ledger that made this one begin with."""
    return token.partition("-")[0]


def digest_of(variables: Mapping[str, Json]) -> InputDigest:
    """Equal for equal start variables, in whatever order they are spelled."""
    canonical = json.dumps(variables, sort_keys=True, separators=(",", ":"))
    return InputDigest(hashlib.sha256(canonical.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt that may have begun a run."""

    entry_id: int
    token: Token
    input: InputDigest
    since: float
    """When its connection was known to be dead; for one of an earlier call, when this one began."""


@dataclass(frozen=True, slots=True)
class Settle:
    """How long absence does not count, and so when a list is worth reading."""

    seconds: float
    """How long the service may lag behind a connection that died."""
    contact_at: float | None
    """When the service was first heard of in this call; ``None``: not yet."""

    def is_over(self, since: float, began_at: float, newest_control_at: float | None) -> bool:
        """Whether a list begun at this moment would show the run of a doubt since then, if any.

        A run of ours from after the doubtful moment shows that the list is up to date; without
        one, the time counts double.
        """
        if self.contact_at is None:
            return False
        times = 1 if _is_later(newest_control_at, since) else 2
        return began_at >= self._over_at(since, times)

    def due_at(
        self, since: float, last_sweep_at: float | None, newest_control_at: float | None
    ) -> float | None:
        """When the list is worth a sweep for a doubt; ``None``: no more within this call.

        Sweeps for one doubt after the other keep half a settle of distance.
        """
        settled_at, surely_at = self._over_at(since, 1), self._over_at(since, 2)
        last_at = float("-inf") if last_sweep_at is None else last_sweep_at
        if last_at >= surely_at:
            return None
        if last_at < settled_at and _is_later(newest_control_at, since):
            return max(settled_at, last_at + self.seconds / 2)
        return surely_at

    def _over_at(self, since: float, times: int) -> float:
        # One sum for both: rounded in two ways, the last sweep would come a hair too early.
        begins_at = since if self.contact_at is None else max(since, self.contact_at)
        return begins_at + times * self.seconds


def _is_later(newest_control_at: float | None, since: float) -> bool:
    return newest_control_at is not None and newest_control_at > since
