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


class _Echo(Enum):
    """What comes back of a start in the list, as known runs show."""

    TOKEN = "token"  # noqa: S105  # a name, no secret
    INPUT = "input"


def judge(
    doubts: Sequence[Doubt],
    listing: Listing,
    controls: Sequence[Control],
    claims: Claims,
    settle: Settle,
) -> dict[int, Verdict]:
    """What the list shows of each doubt, by its entry's id."""
    verdicts: dict[int, Verdict] = {}
    by_token = {run.token: run for run in listing.runs.values() if run.token is not None}
    for doubt in doubts:
        run = by_token.get(doubt.token)
        if run is not None:
            is_taken = run.run_id in claims.runs
            verdicts[doubt.entry_id] = Hold.RUN_TAKEN if is_taken else Adopt(run.run_id)
    adopted = {verdict.run_id for verdict in verdicts.values() if isinstance(verdict, Adopt)}
    left = [doubt for doubt in doubts if doubt.entry_id not in verdicts]
    echo = _echo(listing, controls)
    if isinstance(echo, Hold):
        return verdicts | dict.fromkeys((d.entry_id for d in left), echo)
    unclaimed = defaultdict(list)
    for run in listing.runs.values():
        if run.run_id not in adopted and not _is_claimed(run, claims, echo):
            unclaimed[run.input].append(run.run_id)
    if None in unclaimed:
        return verdicts | dict.fromkeys((d.entry_id for d in left), Hold.UNKNOWN_INPUT)
    newest = max((c.accepted_at for c in controls if c.accepted_at is not None), default=None)
    for equals in _by_input(left).values():
        is_settled = all(settle.is_over(doubt.since, listing.began_at, newest) for doubt in equals)
        verdicts |= _judge_equals(equals, unclaimed[equals[0].input], echo, claims, is_settled)
    return verdicts


def _judge_equals(
    doubts: Sequence[Doubt],
    unclaimed: Sequence[RunId],
    echo: _Echo,
    claims: Claims,
    is_settled: bool,  # noqa: FBT001 - a finding, not a switch
) -> dict[int, Verdict]:
    """The verdict on doubts of one input: they can't be told from each other but by token."""
    ids = [doubt.entry_id for doubt in doubts]
    if not is_settled:
        return dict.fromkeys(ids, Hold.TOO_EARLY)
    if not unclaimed:
        return dict.fromkeys(ids, NeverBegun())
    if echo is _Echo.TOKEN:
        # Ours would bear its token, but someone's run that bears none may be ours after all.
        return dict.fromkeys(ids, Hold.UNCLAIMED_EQUAL)
    if doubts[0].input in claims.starting:
        return dict.fromkeys(ids, Hold.EQUAL_STARTING)
    if len(unclaimed) != len(doubts):
        return dict.fromkeys(ids, Hold.UNCLAIMED_EQUAL)
    return {entry_id: Adopt(run_id) for entry_id, run_id in zip(ids, unclaimed, strict=True)}


def _echo(listing: Listing, controls: Sequence[Control]) -> _Echo | Hold:
    """The positive control: what the list proves to show of runs that are known to exist."""
    if not listing.is_whole:
        return Hold.NOT_WHOLE
    if not controls or any(control.run_id not in listing.runs for control in controls):
        return Hold.NO_CONTROL
    shown = [(control, listing.runs[control.run_id]) for control in controls]
    if all(run.token == control.token for control, run in shown):
        return _Echo.TOKEN
    if all(run.input == control.input for control, run in shown):
        return _Echo.INPUT
    return Hold.NO_ECHO


def _is_claimed(run: Listed, claims: Claims, echo: _Echo) -> bool:
    """Whether a listed run is surely none of the doubts'."""
    if run.run_id in claims.runs:
        return True
    if echo is _Echo.INPUT or run.token is None:
        return False
    return run.token in claims.tokens or not run.token.startswith(f"{claims.ledger_token}-")


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
        if _is_claimed(run, claims, _Echo.TOKEN):
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
