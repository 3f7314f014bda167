"""What a list of runs shows of the attempts in doubt: each guard of `docs/promises.md`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.doubts import TOKEN_FIELD, Doubt, InputDigest, Settle, digest_of, token_of
from pipeline.core.model import RunId, Token
from pipeline.core.reconciling import (
    Adopt,
    Candidate,
    Claims,
    Control,
    Hold,
    Listed,
    Listing,
    NeverBegun,
    Verdict,
    candidates,
    judge,
    listed,
)
from tests.core.builders import an_observation

OURS = "0123456789abcdef"
THEIRS = "fedcba9876543210"
LATE = 1000.0
"""A moment at which every settle is over."""


def a_token(entry_id: int, ledger: str = OURS) -> Token:
    return token_of(ledger, entry_id, 1)


def an_input(text: str) -> InputDigest:
    return digest_of({"Company": text})


ACME, OTHER = an_input("Acme"), an_input("Other")
CONTROL = Control(RunId("WRUN-known"), a_token(99), OTHER, accepted_at=500.0)


def a_doubt(entry_id: int = 1, input_: InputDigest = ACME, since: float = 100.0) -> Doubt:
    return Doubt(entry_id, a_token(entry_id), input_, since)


def a_run(name: str, token: Token | None = None, input_: InputDigest | None = ACME) -> Listed:
    return Listed(RunId(f"WRUN-{name}"), token, input_)


def as_listed(control: Control) -> Listed:
    return Listed(control.run_id, control.token, control.input)


@dataclass(frozen=True)
class Case:
    """A sweep that shows nothing but a known run: one doubt is then shown never to have begun."""

    runs: tuple[Listed, ...] = ()
    doubts: tuple[Doubt, ...] = (a_doubt(),)
    controls: tuple[Control, ...] = (CONTROL,)
    shown: tuple[Listed, ...] = (as_listed(CONTROL),)
    """How the list shows the controls."""
    is_whole: bool = True
    began_at: float = LATE
    owned: frozenset[RunId] = frozenset()
    known_tokens: frozenset[Token] = frozenset()
    starting: frozenset[InputDigest] = frozenset()

    def with_(self, **changes: object) -> "Case":
        """The same but for these."""
        return replace(self, **changes)

    def without_metadata(self) -> "Case":
        """The same, where the list does not give metadata back."""
        shown = tuple(replace(run, token=None) for run in self.shown)
        runs = tuple(replace(run, token=None) for run in self.runs)
        return replace(self, shown=shown, runs=runs)

    @property
    def listing(self) -> Listing:
        """What the sweep read."""
        runs = {run.run_id: run for run in (*self.shown, *self.runs)}
        return Listing(self.began_at, runs, self.is_whole)

    @property
    def claims(self) -> Claims:
        """What the ledger says to it."""
        controls = {control.run_id for control in self.controls}
        tokens = {control.token for control in self.controls}
        return Claims(self.owned | controls, self.known_tokens | tokens, OURS, self.starting)

    def verdicts(self) -> dict[int, Verdict]:
        """Those on all doubts."""
        settle = Settle(seconds=30.0, contact_at=0.0)
        return judge(self.doubts, self.listing, self.controls, self.claims, settle)

    def verdict(self) -> Verdict:
        """That on the first doubt."""
        return self.verdicts()[self.doubts[0].entry_id]


def by_input(*runs: Listed, doubts: Sequence[Doubt] = (a_doubt(),)) -> Case:
    """A list that gives no metadata back."""
    return Case(runs=runs, doubts=tuple(doubts)).without_metadata()


def test_what_a_list_that_proved_itself_does_not_show_never_began() -> None:
    """The one way to be sent again: all guards are passed, by token or by input."""
    assert Case().verdict() == NeverBegun()
    assert by_input().verdict() == NeverBegun()


def test_a_run_that_bears_the_token_is_adopted() -> None:
    """Whatever else the list shows or lacks: nobody but this attempt ever sent that token."""
    own = a_run("own", a_token(1))
    poor = Case(runs=(own,), controls=(), shown=(), is_whole=False, began_at=100.0)
    assert poor.verdict() == Adopt(own.run_id)
    odd = poor.with_(runs=(replace(own, input=None), a_run("foreign")))
    assert odd.verdict() == Adopt(own.run_id)


def test_each_of_many_doubts_gets_the_run_that_bears_its_token() -> None:
    """Equal inputs are no trouble where tokens come back."""
    doubts = tuple(a_doubt(entry_id) for entry_id in range(1, 5))
    runs = tuple(a_run(str(n), a_token(n)) for n in (3, 1, 4))
    verdicts = Case(doubts=doubts, runs=runs).verdicts()
    assert verdicts == {
        1: Adopt(RunId("WRUN-1")),
        2: NeverBegun(),
        3: Adopt(RunId("WRUN-3")),
        4: Adopt(RunId("WRUN-4")),
    }


@pytest.mark.parametrize(
    ("doubts", "runs", "adopted"),
    [(1, 1, True), (2, 2, True), (3, 3, True), (1, 2, False), (2, 1, False), (3, 2, False)],
)
def test_equal_inputs_are_adopted_as_a_multiset(*, doubts: int, runs: int, adopted: bool) -> None:
    """As many runs of that input as doubts: each has one. One more or fewer: all are held."""
    case = by_input(
        *(a_run(str(n)) for n in range(runs)),
        doubts=[a_doubt(entry_id) for entry_id in range(1, doubts + 1)],
    )
    verdicts = case.verdicts()
    if adopted:
        given = {verdict.run_id for verdict in verdicts.values() if isinstance(verdict, Adopt)}
        assert given == {run.run_id for run in case.runs}
    else:
        assert set(verdicts.values()) == {Hold.UNCLAIMED_EQUAL}


def test_the_doubts_of_one_input_do_not_hold_those_of_another() -> None:
    """A row whose run can't be told from a colleague's leaves the other rows alone."""
    case = by_input(a_run("1"), a_run("2"), doubts=[a_doubt(1), a_doubt(2, OTHER)])
    assert case.verdicts() == {1: Hold.UNCLAIMED_EQUAL, 2: NeverBegun()}


def test_a_list_that_is_not_whole_shows_no_absence() -> None:
    """What was not read may be what is looked for."""
    assert Case(is_whole=False).verdict() is Hold.NOT_WHOLE
    assert by_input(a_run("1")).with_(is_whole=False).verdict() is Hold.NOT_WHOLE


ANOTHER = Control(RunId("WRUN-known-too"), a_token(98), ACME)


@pytest.mark.parametrize(
    ("controls", "shown"),
    [
        ((), ()),
        ((CONTROL,), ()),
        ((CONTROL, ANOTHER), (as_listed(CONTROL),)),
        ((CONTROL, ANOTHER), (as_listed(ANOTHER),)),
    ],
    ids=["none is known", "the one is missing", "an older is missing", "the newest is missing"],
)
def test_a_list_that_lacks_a_known_run_shows_no_absence(
    controls: tuple[Control, ...], shown: tuple[Listed, ...]
) -> None:
    """The positive control: all the newest known runs, and at least one."""
    assert Case(controls=controls, shown=shown).verdict() is Hold.NO_CONTROL


SILENT = replace(as_listed(CONTROL), token=None, input=None)


@pytest.mark.parametrize(
    "shown",
    [
        (SILENT,),
        (replace(SILENT, token=Token("mangled")),),
        (replace(SILENT, input=an_input("OTHER, in capitals")),),
        (as_listed(CONTROL), replace(SILENT, run_id=ANOTHER.run_id)),
        (replace(SILENT, token=CONTROL.token), replace(as_listed(ANOTHER), token=None)),
    ],
    ids=["nothing", "another token", "another input", "one of two", "each in its own way"],
)
def test_a_list_that_does_not_give_back_what_was_sent_shows_no_absence(
    shown: tuple[Listed, ...],
) -> None:
    """Tokens of all known runs must come back, or the inputs of all."""
    controls = (CONTROL, ANOTHER)[: len(shown)]
    assert Case(controls=controls, shown=shown).verdict() is Hold.NO_ECHO


@pytest.mark.parametrize(
    ("accepted_at", "began_at", "verdict"),
    [
        (100.1, 129.9, Hold.TOO_EARLY),
        (100.1, 130.0, NeverBegun()),
        (100.0, 130.0, Hold.TOO_EARLY),
        (None, 159.9, Hold.TOO_EARLY),
        (None, 160.0, NeverBegun()),
    ],
)
def test_a_run_may_begin_late(accepted_at: float | None, began_at: float, verdict: Verdict) -> None:
    """One settle where a run of ours is newer than the doubt, else two; by input as by token."""
    case = Case(controls=(replace(CONTROL, accepted_at=accepted_at),), began_at=began_at)
    assert case.verdict() == verdict
    assert case.without_metadata().verdict() == verdict


def test_the_newest_known_run_tells_how_new_the_list_is() -> None:
    """Older ones beside it don't make the wait longer."""
    older = Control(ANOTHER.run_id, ANOTHER.token, OTHER, accepted_at=50.0)
    controls = (replace(CONTROL, accepted_at=100.1), older)
    shown = tuple(as_listed(control) for control in controls)
    assert Case(controls=controls, shown=shown, began_at=130.0).verdict() == NeverBegun()


def test_no_run_is_adopted_by_input_before_the_settle_is_over() -> None:
    """One of two equal runs may be there already, and the other not yet."""
    assert by_input(a_run("1")).with_(began_at=110.0).verdict() is Hold.TOO_EARLY
    early = [a_doubt(1), a_doubt(2, since=990.0)]
    assert set(by_input(a_run("1"), doubts=early).verdicts().values()) == {Hold.TOO_EARLY}


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (a_run("x", None), Hold.UNCLAIMED_EQUAL),
        (a_run("x", a_token(7, THEIRS)), NeverBegun()),
        (a_run("x", a_token(7)), Hold.UNCLAIMED_EQUAL),
        (a_run("x", a_token(8)), NeverBegun()),
        (a_run("x", None, OTHER), NeverBegun()),
        (a_run("owned", None), NeverBegun()),
        (a_run("x", None, None), Hold.UNKNOWN_INPUT),
        (a_run("x", a_token(7, THEIRS), None), NeverBegun()),
    ],
    ids=[
        "nobody's, of equal input",
        "of another ledger",
        "of this ledger, by an attempt that it does not know",
        "of a known attempt",
        "of another input",
        "of another attempt",
        "nobody's, of unknown input",
        "of another ledger, of unknown input",
    ],
)
def test_a_run_that_may_be_its_own_blocks_a_second_start(run: Listed, verdict: Verdict) -> None:
    """Where tokens come back, only what another surely began is out of the question."""
    case = Case(
        runs=(run,),
        owned=frozenset({RunId("WRUN-owned")}),
        known_tokens=frozenset({a_token(8)}),
    )
    assert case.verdict() == verdict


@pytest.mark.parametrize(
    ("ledger", "why"),
    [(OURS, Hold.NO_ECHO), (THEIRS, Hold.UNCLAIMED_EQUAL)],
    ids=["ours", "theirs"],
)
def test_where_known_runs_lack_their_tokens_a_token_proves_nothing(ledger: str, why: Hold) -> None:
    """A list that mislays metadata may also mix it up: such a run counts as nobody's."""
    case = by_input(doubts=[a_doubt(1), a_doubt(2)])
    foreign = a_run("x", a_token(7, ledger))
    assert set(case.with_(runs=(foreign,)).verdicts().values()) == {why}


def test_a_run_of_unknown_input_is_never_adopted() -> None:
    """Nor is any by its input beside it: which of the two is the row's can't be told."""
    unknown = a_run("unknown", None, None)
    assert by_input(unknown).verdict() is Hold.UNKNOWN_INPUT
    assert by_input(unknown, a_run("1")).verdict() is Hold.UNKNOWN_INPUT


def test_a_run_that_belongs_to_another_attempt_is_never_adopted() -> None:
    """Not by input; and one that bears the token all the same holds the row."""
    owned = frozenset({RunId("WRUN-owned")})
    assert by_input(a_run("owned")).with_(owned=owned).verdict() == NeverBegun()
    its_token = Case(runs=(a_run("owned", a_token(1)),), owned=owned)
    assert its_token.verdict() is Hold.RUN_TAKEN


def test_no_run_is_adopted_by_input_while_an_equal_row_is_being_started() -> None:
    """The run may turn out to be that row's: its reply is still under way."""
    case = by_input(a_run("1"))
    assert case.with_(starting=frozenset({ACME})).verdict() is Hold.EQUAL_STARTING
    assert case.with_(starting=frozenset({OTHER})).verdict() == Adopt(RunId("WRUN-1"))


@pytest.mark.parametrize(
    ("metadata", "token"),
    [
        ({TOKEN_FIELD: "t-1-1", "api": True}, "t-1-1"),
        ({TOKEN_FIELD: 7}, None),
        ({"api": True}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_listed_run_bears_the_token_of_its_metadata(
    metadata: dict[str, object] | None, token: str | None
) -> None:
    """Metadata may be null, or somebody else's."""
    seen = listed(an_observation(metadata=metadata, input={"Company": "Acme"}))
    assert (seen.run_id, seen.token, seen.input) == ("WRUN-1", token, ACME)
    assert listed(an_observation()).input is None


def test_a_person_may_name_what_may_be_its_own() -> None:
    """The run that bears its token, or else those of equal input that are nobody's."""
    case = Case(
        runs=(
            a_run("1", a_token(1)),
            a_run("a"),
            a_run("b", a_token(7)),
            a_run("c", a_token(7, THEIRS)),
            a_run("d", None, OTHER),
            a_run("owned"),
        ),
        owned=frozenset({RunId("WRUN-owned")}),
    )
    inputs = {a_token(1): ACME, a_token(2): ACME, a_token(3): an_input("None such")}
    equal = [Candidate(RunId(f"WRUN-{name}"), is_its_own=False) for name in "ab"]
    assert candidates(inputs, case.listing, case.claims) == {
        a_token(1): [Candidate(RunId("WRUN-1"), is_its_own=True)],
        a_token(2): equal,
        a_token(3): [],
    }


INPUTS = st.sampled_from([ACME, OTHER, an_input("Third")])


@dataclass(frozen=True)
class World:
    """What is true of a service, and how much of it a list shows."""

    case: Case
    begun: dict[int, RunId]
    """The run of each doubt that began one and that the list shows, by the entry's id."""


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Doubts that began a run or not, colleagues' runs, and a list that shows each truthfully.

    Each run shows its token or its input or both, as sent; runs may be missing, in any order.
    """
    doubts = [
        a_doubt(entry_id, draw(INPUTS), since=draw(st.sampled_from([100.0, 980.0])))
        for entry_id in range(1, draw(st.integers(1, 5)) + 1)
    ]
    true_runs = {
        doubt.entry_id: a_run(f"own-{doubt.entry_id}", doubt.token, doubt.input)
        for doubt in doubts
        if draw(st.booleans())
    }
    their_tokens = st.sampled_from([None, a_token(1, THEIRS), a_token(77)])
    foreign = [
        a_run(f"foreign-{n}", draw(their_tokens), draw(INPUTS))
        for n in range(draw(st.integers(0, 4)))
    ]
    controls = tuple(
        Control(RunId(f"WRUN-known-{n}"), a_token(90 + n), draw(INPUTS), draw(MAYBE_ACCEPTED))
        for n in range(draw(st.integers(0, 3)))
    )
    all_runs = [*true_runs.values(), *foreign, *map(as_listed, controls)]
    shows = draw(st.sampled_from([_both, _token_alone, _input_alone, None]))
    runs = [
        (shows or draw(st.sampled_from([_both, _token_alone, _input_alone])))(run)
        for run in draw(st.permutations(all_runs))
        if draw(st.integers(0, 9))
    ]
    case = Case(
        runs=tuple(runs),
        doubts=tuple(doubts),
        controls=controls,
        shown=(),
        is_whole=draw(st.booleans()),
        starting=draw(st.frozensets(INPUTS, max_size=1)),
    )
    names = {run.run_id for run in runs}
    begun = {n: run.run_id for n, run in true_runs.items() if run.run_id in names}
    return World(case, begun)


MAYBE_ACCEPTED = st.sampled_from([None, 50.0, 500.0])


def _both(run: Listed) -> Listed:
    return run


def _token_alone(run: Listed) -> Listed:
    # A run that was sent no token has nothing else to show.
    return run if run.token is None else replace(run, input=None)


def _input_alone(run: Listed) -> Listed:
    return replace(run, token=None)


@given(worlds())
@settings(deadline=None, max_examples=500)
def test_a_row_whose_run_is_listed_is_never_sent_again(world: World) -> None:
    """Whatever else the list shows or lacks, as long as what it shows of a run is true."""
    verdicts = world.case.verdicts()
    assert set(verdicts) == {doubt.entry_id for doubt in world.case.doubts}
    assert not any(verdicts[entry_id] == NeverBegun() for entry_id in world.begun)


@given(worlds())
@settings(deadline=None, max_examples=300)
def test_no_run_is_given_to_two(world: World) -> None:
    """Nor is any that belongs to another attempt given to a doubt."""
    verdicts = world.case.verdicts().values()
    given_ = [verdict.run_id for verdict in verdicts if isinstance(verdict, Adopt)]
    assert len(set(given_)) == len(given_)
    assert not set(given_) & world.case.claims.runs


@given(worlds())
@settings(deadline=None, max_examples=300)
def test_the_order_of_the_list_means_nothing(world: World) -> None:
    """No order is promised: what is sent again or held does not hang on it."""
    turned = world.case.with_(runs=world.case.runs[::-1]).verdicts()
    for entry_id, verdict in world.case.verdicts().items():
        if isinstance(verdict, Adopt):
            assert isinstance(turned[entry_id], Adopt)
        else:
            assert turned[entry_id] == verdict
