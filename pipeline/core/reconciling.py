"""Whether a run exists for an attempt in doubt. Owns what a list of runs shows, and what not.

Adopts strictly and sends again leniently: a run becomes an attempt's own by its token, or by an
equal input where that can mean no other; and an attempt counts as never begun only where the list
has proved itself on runs that are known to exist. Must not know how the list is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from pipeline.core.doubts import TOKEN_FIELD, Doubt, InputDigest, Settle, digest_of
from pipeline.core.model import Observation, RunId, Token


@dataclass(frozen=True, slots=True)
class Control:
    """A run of ours that is known to exist: a list that can be trusted shows it."""

    run_id: RunId
    token: Token
    input: InputDigest
    accepted_at: float | None = None
    """When this call read its acceptance; ``None``: an earlier call did."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A run as the list shows it, as far as it helps to tell whose it is."""

    run_id: RunId
    token: Token | None
    input: InputDigest | None


def listed(seen: Observation) -> Listed:
    """What an item of the list says of whose run it is."""
    token = (seen.metadata or {}).get(TOKEN_FIELD)
    return Listed(
        run_id=seen.run_id,
        token=Token(token) if isinstance(token, str) else None,
        input=None if seen.input is None else digest_of(seen.input),
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of runs, as far as one sweep read it."""

    began_at: float
    """When its first page was asked for."""
    runs: Mapping[RunId, Listed]
    is_whole: bool
    """Whether the distinct runs read are as many as the service says there are."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Which listed runs have an owner at the moment of judgement, by the ledger."""

    runs: AbstractSet[RunId]
    """Runs that belong to an attempt."""
    tokens: AbstractSet[Token]
    """Tokens of attempts that this ledger knows, those in doubt left out."""
    ledger_token: str
    starting: AbstractSet[InputDigest]
    """Inputs of starts under way: one of the listed runs may turn out to be theirs."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """This run is the attempt's own."""

    run_id: RunId


@dataclass(frozen=True, slots=True)
class NeverBegun:
    """The list shows that no run was begun."""


class Hold(Enum):
    """Nothing is shown either way: the row is held. Why, for the person who owns the sheet."""

    NO_LIST = "the service gives no list of runs"
    NOT_WHOLE = "the service's list of runs could not be read as a whole"
    NO_CONTROL = "the service's list does not show the runs that are known to exist"
    NO_ECHO = "the service's list does not show what runs were started with"
    TOO_EARLY = "its run may still begin"
    UNCLAIMED_EQUAL = "the service has runs of equal input that may be its own"
    UNKNOWN_INPUT = "the service has runs that do not show what they were started with"
    RUN_TAKEN = "its run was taken for that of another row"
    EQUAL_STARTING = "a row of equal input is being started"


Verdict: TypeAlias = Adopt | NeverBegun | Hold


@dataclass(frozen=True, slots=True)
class _Echo:
    """What comes back in the list of what runs were started with, as known runs show."""

    has_tokens: bool
    has_inputs: bool


def judge(
    doubts: Sequence[Doubt],
    listing: Listing,
    controls: Sequence[Control],
    claims: Claims,
    settle: Settle,
) -> dict[int, Verdict]:
    """What the list shows of each doubt, by its entry's id."""
    verdicts: dict[int, Verdict] = {}
    found: list[Control] = []
    by_token = {run.token: run for run in listing.runs.values() if run.token is not None}
    for doubt in doubts:
        run = by_token.get(doubt.token)
        if run is None:
            continue
        if run.run_id in claims.runs:
            verdicts[doubt.entry_id] = Hold.RUN_TAKEN
            continue
        verdicts[doubt.entry_id] = Adopt(run.run_id)
        found.append(Control(run.run_id, doubt.token, doubt.input))
    adopted = {control.run_id for control in found}
    left = [doubt for doubt in doubts if doubt.entry_id not in verdicts]
    # A run that was just found by its token is known to exist as well as any.
    echo = _echo(listing, controls or found, claims)
    if isinstance(echo, Hold):
        return verdicts | dict.fromkeys((doubt.entry_id for doubt in left), echo)
    unclaimed = [
        run
        for run in listing.runs.values()
        if run.run_id not in adopted and not _is_claimed(run, claims, echo)
    ]
    newest = max((c.accepted_at for c in controls if c.accepted_at is not None), default=None)
    for equals in _by_input(left).values():
        is_settled = all(settle.is_over(doubt.since, listing.began_at, newest) for doubt in equals)
        answers: Sequence[Verdict] = [Hold.TOO_EARLY] * len(equals)
        if is_settled:
            answers = _judge_equals(equals, unclaimed, echo, claims)
        verdicts |= {d.entry_id: answer for d, answer in zip(equals, answers, strict=True)}
    return verdicts


def _judge_equals(
    doubts: Sequence[Doubt], unclaimed: Sequence[Listed], echo: _Echo, claims: Claims
) -> Sequence[Verdict]:
    """A verdict on each of the settled doubts of one input: a token alone tells them apart."""
    # A run whose input is not shown, or can't be compared, may be of any input.
    if any(run.input is None or not echo.has_inputs for run in unclaimed):
        return [Hold.UNKNOWN_INPUT] * len(doubts)
    candidates = [run for run in unclaimed if run.input == doubts[0].input]
    if not candidates:
        return [NeverBegun()] * len(doubts)
    if echo.has_tokens or any(run.token is not None for run in candidates):
        # Ours would bear its token, but someone's run that bears none may be ours after all.
        return [Hold.UNCLAIMED_EQUAL] * len(doubts)
    if doubts[0].input in claims.starting:
        return [Hold.EQUAL_STARTING] * len(doubts)
    if len(candidates) != len(doubts):
        return [Hold.UNCLAIMED_EQUAL] * len(doubts)
    return [Adopt(run.run_id) for run in candidates]


def _echo(listing: Listing, controls: Sequence[Control], claims: Claims) -> _Echo | Hold:
    """The positive control: what the list proves to show of runs that are known to exist."""
    if not listing.is_whole:
        return Hold.NOT_WHOLE
    if not controls or any(control.run_id not in listing.runs for control in controls):
        return Hold.NO_CONTROL
    shown = [(control, listing.runs[control.run_id]) for control in controls]
    has_inputs = all(run.input == control.input for control, run in shown)
    if all(run.token == control.token for control, run in shown):
        return _Echo(has_tokens=True, has_inputs=has_inputs)
    # Metadata that comes back of some runs only shows nothing of those of which it does not.
    if has_inputs and not any(_is_ours(run, claims) for run in listing.runs.values()):
        return _Echo(has_tokens=False, has_inputs=True)
    return Hold.NO_ECHO


def _is_ours(run: Listed, claims: Claims) -> bool:
    """Whether a listed run bears a token of this ledger."""
    return run.token is not None and run.token.startswith(f"{claims.ledger_token}-")


def _is_claimed(run: Listed, claims: Claims, echo: _Echo) -> bool:
    """Whether a listed run is surely none of the doubts'."""
    if run.run_id in claims.runs:
        return True
    if not echo.has_tokens or run.token is None:
        return False
    return run.token in claims.tokens or not _is_ours(run, claims)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed run that a person may name for an attempt in doubt."""

    run_id: RunId
    is_its_own: bool
    """Whether it bears the attempt's token; else its input is equal, and it is nobody's."""


def candidates(
    inputs: Mapping[Token, InputDigest], listing: Listing, claims: Claims
) -> dict[Token, list[Candidate]]:
    """The candidates of all attempts in doubt, which are given by token and input.

    A run that bears the token of one of them can be that one's only, whatever its input.
    """
    own: dict[Token, list[Candidate]] = defaultdict(list)
    equal: dict[InputDigest | None, list[Candidate]] = defaultdict(list)
    for run in listing.runs.values():
        if _is_claimed(run, claims, _Echo(has_tokens=True, has_inputs=True)):
            continue
        if run.token is not None and run.token in inputs:
            own[run.token].append(Candidate(run.run_id, is_its_own=True))
        else:
            equal[run.input].append(Candidate(run.run_id, is_its_own=False))
    return {token: own[token] or equal[input_] for token, input_ in inputs.items()}


def _by_input(doubts: Iterable[Doubt]) -> dict[InputDigest, list[Doubt]]:
    groups: dict[InputDigest, list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        groups[doubt.input].append(doubt)
    return groups
