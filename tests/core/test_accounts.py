"""What a batch cost, and whether the service says the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.core.model import Attempt, FailureClass, RunId, State, Token
from pipeline.core.money.accounts import Line, ServiceRun, audit, totals
from tests.core.builders import ATTEMPTS

OURS = "0123456789abcdef"


def a_line(
    state: State = State.COMPLETE, row: int = 2, *, in_sheet: bool = True, **attempt: object
) -> Line:
    """The row's attempt; its run and token are named for the row."""
    first = ATTEMPTS[state]
    assert first is not None
    named: dict[str, object] = {
        "token": Token(f"{OURS}-{row}-1"),
        "run_id": first.run_id and RunId(f"WRUN-{row}"),
        **attempt,
    }
    changed: Attempt = replace(first, **named)
    return Line(row, in_sheet, changed)


def test_credits_are_summed_for_the_sheet_and_for_what_left_it() -> None:
    """What was paid for a row that was changed or taken out is no less paid for."""
    sums = totals(
        [a_line(credits=2.0), a_line(State.FAILED, 3, credits=1.5), a_line(row=9, in_sheet=False)]
    )
    assert (sums.attempts, sums.credits) == (3, 5.5)
    assert (sums.sheet_credits, sums.left_credits) == (3.5, 2.0)


@pytest.mark.parametrize(
    ("line", "unknown", "failed", "open_"),
    [
        (a_line(credits=None), 1, 0, 0),
        (a_line(credits=0.0), 0, 0, 0),
        (a_line(State.FAILED, credits=None), 0, 1, 0),
        (a_line(State.FAILED, credits=None, run_id=None, failure=FailureClass.INPUT), 0, 0, 0),
        (a_line(State.STARTING), 0, 0, 1),
        (a_line(State.RUNNING), 0, 0, 1),
        (a_line(State.UNCONFIRMED), 0, 0, 1),
        (a_line(State.EXPIRED), 0, 0, 1),
        (a_line(State.EXPIRED, credits=2.0), 0, 0, 0),
        (
            a_line(State.FAILED, credits=None, run_id=None, failure=FailureClass.UNCONFIRMED),
            0,
            0,
            1,
        ),
    ],
)
def test_what_is_in_no_sum_is_counted(line: Line, unknown: int, failed: int, open_: int) -> None:
    """Runs without credits by how they ended, and whatever may be paid for yet."""
    sums = totals([line])
    assert (sums.credits_unknown, sums.failed_unknown, sums.may_cost_yet) == (
        unknown,
        failed,
        open_,
    )


def shown(
    row: int, credits_: float | None = 2.0, token: str | None = None
) -> dict[RunId, ServiceRun]:
    """The row's run in the service's list."""
    return {RunId(f"WRUN-{row}"): ServiceRun(Token(token or f"{OURS}-{row}-1"), credits_)}


def test_a_list_that_says_the_same_differs_in_nothing() -> None:
    """Each run is there, and costs what the ledger says."""
    found = audit([a_line(), a_line(row=3, credits=None)], shown(2) | shown(3, None))
    assert (found.agreed, found.unnamed, found.not_ours) == (1, 1, 0)
    assert not found.differs


def test_a_run_that_the_service_has_not_is_told() -> None:
    """But never from a list that was not read whole; and a start that was refused has no run."""
    lines = [a_line(), a_line(State.FAILED, 3, run_id=None, credits=None)]
    assert [line.row_number for line in audit(lines, {}).missing] == [2]
    found = audit(lines, {}, "a page failed")
    assert (found.missing, found.differs, found.lacking) == ((), False, "a page failed")


def test_a_run_with_our_token_that_the_ledger_has_not_is_told_with_its_row() -> None:
    """Whether its attempt is in doubt, or none is known any more."""
    lines = [a_line(State.UNCONFIRMED)]
    runs = {
        RunId("WRUN-a"): ServiceRun(Token(f"{OURS}-2-1"), 2.0),
        RunId("WRUN-b"): ServiceRun(Token(f"{OURS}-77-1"), None),
    }
    found = audit(lines, runs)
    assert [(one.run_id, one.line) for one in found.unrecorded] == [
        ("WRUN-a", lines[0]),
        ("WRUN-b", None),
    ]
    assert found.differs


def test_runs_of_others_are_counted_and_are_no_difference() -> None:
    """A colleague's batch, another ledger, and runs without a token."""
    runs = {
        RunId("WRUN-c"): ServiceRun(None, 2.0),
        RunId("WRUN-d"): ServiceRun(Token("fedcba9876543210-2-1"), 2.0),
    }
    found = audit([a_line()], shown(2) | runs)
    assert (found.not_ours, found.differs) == (2, False)


def test_a_ledger_that_was_copied_knows_both_its_tokens() -> None:
    """What the other machine starts from now on with the old one is a payment nobody recorded."""
    lines = [a_line(), a_line(row=3, token=Token("fedcba9876543210-3-1"))]
    other = {RunId("WRUN-o"): ServiceRun(Token(f"{OURS}-9-1"), 2.0)}
    found = audit(lines, shown(2) | shown(3, token="fedcba9876543210-3-1") | other)
    assert [one.run_id for one in found.unrecorded] == ["WRUN-o"]


@pytest.mark.parametrize("state", [State.RUNNING, State.EXPIRED])
@pytest.mark.parametrize("service", [2.0, 0.0, None])
def test_a_run_not_seen_to_end_is_still_running_and_no_difference(
    service: float | None, state: State
) -> None:
    """After an interrupt, or given up: the service names a cost before the ledger saw the end."""
    lines = [a_line(), a_line(state, 3, credits=None)]
    found = audit(lines, shown(2) | shown(3, service))
    assert (found.agreed, found.running, found.unnamed) == (1, 1, 0)
    assert not found.differs


@pytest.mark.parametrize(("ledger", "service"), [(2.0, 3.0), (None, 3.0), (0.0, 3.0)])
def test_credits_that_differ_are_told(ledger: float | None, service: float) -> None:
    """Also where the ledger never heard what the run cost."""
    found = audit([a_line(credits=ledger)], shown(2, service))
    assert [one.service_credits for one in found.differing] == [service]
    assert found.differs


@pytest.mark.parametrize(("ledger", "service"), [(2.0, None), (None, None), (0.1 + 0.2, 0.3)])
def test_credits_that_cant_be_compared_do_not_differ(
    ledger: float | None, service: float | None
) -> None:
    """A list that names none tells nothing, and rounding is no difference."""
    assert not audit([a_line(credits=ledger)], shown(2, service)).differs


RUNS = st.dictionaries(
    st.integers(0, 5).map(lambda n: RunId(f"WRUN-{n}")),
    st.builds(
        ServiceRun,
        st.none() | st.sampled_from([Token(f"{OURS}-{n}-1") for n in range(6)]),
        st.none() | st.sampled_from([1.0, 2.0]),
    ),
)


@settings(deadline=None, max_examples=200)
@given(st.sets(st.integers(0, 5)), RUNS)
def test_every_run_is_in_exactly_one_place(rows: set[int], runs: dict[RunId, ServiceRun]) -> None:
    """None is counted twice, and none is left out."""
    found = audit([a_line(row=row) for row in sorted(rows)], runs)
    both = found.agreed + found.unnamed + len(found.differing)
    assert both + len(found.missing) == len(rows)
    assert both + len(found.unrecorded) + found.not_ours == len(runs)
