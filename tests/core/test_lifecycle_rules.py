"""What each rule keeps, says and leaves to be done, beyond the new state."""

from typing import Final

import pytest
from msgspec.structs import replace

from pipeline.core.events import (
    CountFailure,
    Event,
    FreshAsked,
    GaveUp,
    Instruction,
    Intended,
    LateEnd,
    LookNow,
    Resumed,
    RetryAsked,
    RowGivenUp,
    RunFound,
    ShownAbsent,
    StartAgain,
)
from pipeline.core.lifecycle import step
from pipeline.core.model import (
    Attempt,
    Entry,
    FailureClass,
    Json,
    Observation,
    RunId,
    RunStatus,
    State,
    Token,
)
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    HaltReason,
    Missing,
    NotConnected,
    Refused,
    TryLater,
    Unreachable,
)
from tests.core.builders import ATTEMPTS, NOON, a_context, an_entry, an_observation, asked_again

HALTED: Final = Halted(HaltReason.KEY_REFUSED, "who are you?")
STILL_RUNS: Final = an_observation(RunStatus.RUNNING)
HAS_FAILED: Final = an_observation(RunStatus.FAILED)


def test_an_intent_is_a_new_attempt_of_its_round() -> None:
    """The attempt is numbered on, and knows the moment and the round that asked for it."""
    entry, _ = step(asked_again(), Intended(), a_context())
    assert entry.attempts == 2
    assert entry.attempt == Attempt(2, State.STARTING, 1, Token("-1-2"), NOON + 100)


def test_an_acceptance_keeps_the_run() -> None:
    """The run's id and the moment of the acceptance are kept with the attempt."""
    entry, _ = step(an_entry(State.STARTING), Accepted(RunId("WRUN-9")), a_context())
    assert entry.attempt is not None
    assert (entry.attempt.run_id, entry.attempt.started_at) == ("WRUN-9", NOON + 100)


def test_a_refusal_says_the_services_words() -> None:
    """A refused row failed for its input, costs nothing, and tells the service's reason."""
    entry, _ = step(an_entry(State.STARTING), Refused("Company is unknown"), a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert attempt.error == "The service refused this row: Company is unknown"
    assert (attempt.failure, attempt.credits) == (FailureClass.INPUT, None)
    assert attempt.ended_at == NOON + 100


def test_what_a_complete_attempt_gave_is_not_taken_back_by_a_later_word_of_it() -> None:
    """A doubled or a contradicting word of an older attempt's end changes nothing."""
    older = an_entry(State.RUNNING, attempt=ATTEMPTS[State.COMPLETE])
    for said in (HAS_FAILED, an_observation(outputs={"Email": "Dear Bob"}, credits=5.0)):
        entry, instructions = step(older, LateEnd(said), a_context())
        assert (entry, instructions) == (older, ())


@pytest.mark.parametrize("state", [State.COMPLETE, State.FAILED])
@pytest.mark.parametrize("seen", [RunStatus.COMPLETE, RunStatus.FAILED])
def test_credits_that_come_after_the_end_complete_it(state: State, seen: RunStatus) -> None:
    """By an event after a look that named none: no other word and no moment is another for it."""
    ended = ATTEMPTS[state]
    assert ended is not None
    unnamed = an_entry(state, attempt=replace(ended, credits=None))
    entry, instructions = step(unnamed, LateEnd(an_observation(seen, credits=5.0)), a_context())
    assert entry.attempt is not None
    assert (entry.attempt.credits, instructions) == (5.0, ())
    if state is State.COMPLETE or seen is RunStatus.FAILED:
        assert entry == replace(unnamed, attempt=replace(ended, credits=5.0))


@pytest.mark.parametrize(
    ("seen", "outputs"),
    [(RunStatus.COMPLETE, {"Email": "Dear Bob"}), (RunStatus.FAILED, None)],
)
def test_outputs_that_come_after_the_end_complete_it(
    seen: RunStatus, outputs: dict[str, Json] | None
) -> None:
    """Those of the same end: what a run gave that is told to have failed is no output."""
    ended = ATTEMPTS[State.COMPLETE]
    assert ended is not None
    bare = an_entry(State.COMPLETE, attempt=replace(ended, outputs=None))
    late = LateEnd(an_observation(seen, outputs={"Email": "Dear Bob"}))
    entry, _ = step(bare, late, a_context())
    assert entry.attempt == replace(ended, outputs=outputs)


@pytest.mark.parametrize("event", [TryLater(None), NotConnected("no route"), HALTED])
@pytest.mark.parametrize("before", [an_entry(), asked_again()])
def test_a_start_that_surely_never_began_is_no_attempt(before: Entry, event: Event) -> None:
    """The attempt is taken back, and its number is not used again: its token was sent."""
    intended, _ = step(before, Intended(), a_context())
    entry, _ = step(intended, event, a_context())
    assert (entry.attempts, entry.attempt) == (intended.attempts, None)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (Doubtful("the service answered 502"), "the service answered 502"),
        (Resumed(), "the program was stopped before a reply"),
    ],
)
def test_a_doubt_says_why_and_what_to_do(event: Event, why: str) -> None:
    """A person learns why it is not known, that nothing is paid twice, and where to look."""
    entry, _ = step(an_entry(State.STARTING), event, a_context())
    assert entry.attempt is not None
    assert entry.attempt.error == (
        f"It is not known whether this row was started ({why}). It is held, so that it is not "
        "paid for twice: `resolve` takes your decision"
    )


def test_an_end_keeps_what_the_run_gave_and_cost() -> None:
    """Outputs, credits and the moment are kept, and nothing is owed any more."""
    watched = an_entry(State.RUNNING, owes_retry=True)
    seen = an_observation(outputs={"Email": "Dear Ada"}, credits=2.0)
    entry, _ = step(watched, seen, a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert (attempt.outputs, attempt.credits) == ({"Email": "Dear Ada"}, 2.0)
    assert (attempt.ended_at, attempt.error, entry.owes_retry) == (NOON + 100, None, False)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("no such company", "The run failed: no such company"),
        (None, "The run failed and the service does not say why"),
    ],
)
def test_a_failed_run_costs_and_says_why(message: str | None, error: str) -> None:
    """A run that failed at the service keeps its credits, the service's words and what it gave."""
    given = {"Email": "Dear"}
    seen = an_observation(RunStatus.FAILED, credits=1.0, message=message, outputs=given)
    entry, _ = step(an_entry(State.RUNNING), seen, a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert (attempt.error, attempt.failure) == (error, FailureClass.PROVIDER)
    assert (attempt.credits, attempt.ended_at, attempt.outputs) == (1.0, NOON + 100, given)


@pytest.mark.parametrize(("told", "kept"), [(None, 2.0), (0.0, 0.0), (3.0, 3.0)])
@pytest.mark.parametrize("status", [RunStatus.COMPLETE, RunStatus.FAILED])
def test_credits_on_record_are_not_taken_back_by_a_word_that_names_none(
    status: RunStatus, told: float | None, kept: float
) -> None:
    """An event told what an expired run cost; the look of the next call may name no credits."""
    expired = an_entry(State.EXPIRED)
    failed, _ = step(expired, LateEnd(replace(HAS_FAILED, credits=2.0)), a_context())
    watched, _ = step(failed, Resumed(), a_context())
    ended, _ = step(watched, an_observation(status, credits=told), a_context())
    assert ended.attempt is not None
    assert (ended.attempt.state.value, ended.attempt.credits) == (status.value, kept)


@pytest.mark.parametrize(
    ("retries", "allowed", "state", "instructions"),
    [
        (0, 0, State.FAILED, (CountFailure(),)),
        (0, 1, State.PLANNED, (StartAgain(),)),
        (1, 2, State.PLANNED, (StartAgain(),)),
        (2, 2, State.FAILED, (CountFailure(),)),
    ],
)
def test_a_failed_run_is_tried_again_as_often_as_the_config_says(
    retries: int, allowed: int, state: State, instructions: tuple[Instruction, ...]
) -> None:
    """`retry.failed` gives so many new attempts; only the last failure counts as the row's."""
    running = an_entry(State.RUNNING, retries=retries)
    entry, todo = step(running, HAS_FAILED, a_context(retry_failed=allowed))
    assert (entry.state, todo) == (state, instructions)
    assert entry.retries == min(retries + 1, allowed)


def test_a_refused_row_is_not_tried_again() -> None:
    """`retry.failed` is for runs: a refused start would be refused again."""
    entry, todo = step(an_entry(State.STARTING), Refused("no"), a_context(retry_failed=3))
    assert (entry.state, todo) == (State.FAILED, (CountFailure(),))


@pytest.mark.parametrize("event", [RetryAsked(7), FreshAsked(7)])
def test_a_person_may_ask_again(event: Event) -> None:
    """The row waits for its turn in that round, with its retries before it and its run known."""
    entry, _ = step(an_entry(State.FAILED, retries=2), event, a_context())
    assert (entry.round_id, entry.retries, entry.attempts) == (7, 0, 1)
    assert entry.attempt == ATTEMPTS[State.FAILED]


def test_a_retry_of_an_expired_run_looks_before_it_pays() -> None:
    """Nothing is sent yet: the entry only remembers that a new attempt is owed."""
    entry, todo = step(an_entry(State.EXPIRED), RetryAsked(7), a_context())
    assert (entry.state, entry.owes_retry, entry.round_id) == (State.EXPIRED, True, 7)
    assert todo == ()


@pytest.mark.parametrize(
    ("event", "state", "still_owed"),
    [
        (an_observation(), State.COMPLETE, False),
        (HAS_FAILED, State.PLANNED, False),
        (STILL_RUNS, State.PLANNED, False),
        (Missing(), State.PLANNED, False),
        (Unreachable("500"), State.RUNNING, True),
        (TryLater(None), State.RUNNING, True),
        (HALTED, State.RUNNING, True),
    ],
)
def test_an_owed_retry_is_paid_only_once_a_look_told_something(
    event: Event, state: State, *, still_owed: bool
) -> None:
    """A run that completed meanwhile is kept; a look in vain decides nothing."""
    owing = an_entry(State.RUNNING, owes_retry=True)
    entry, _ = step(owing, event, a_context())
    assert (entry.state, entry.owes_retry) == (state, still_owed)


def test_a_start_that_is_shown_never_to_have_begun_stays_on_record() -> None:
    """The row waits for its turn; its attempt says by what it was shown, and cost nothing."""
    entry, todo = step(an_entry(State.UNCONFIRMED), ShownAbsent("the list of runs"), a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert (entry.state, attempt.state, todo) == (State.PLANNED, State.FAILED, (StartAgain(),))
    assert attempt.error == "No run was begun (the list of runs)"
    assert (attempt.ended_at, attempt.failure) == (NOON + 100, FailureClass.NEVER_BEGUN)


@pytest.mark.parametrize("seen", [HAS_FAILED, an_observation()])
def test_a_late_end_is_kept_with_the_run_that_it_was_seen_of(seen: Observation) -> None:
    """An attempt whose reply was lost may have had a run all the same: it is known from now on."""
    unknown = an_entry(State.FAILED, attempt=ATTEMPTS[State.UNCONFIRMED])
    entry, _ = step(unknown, LateEnd(seen), a_context())
    assert entry.attempt is not None
    assert (entry.attempt.run_id, entry.attempt.ended_at) == ("WRUN-1", NOON + 100)
    has_failed = seen is HAS_FAILED
    assert entry.attempt.failure is (FailureClass.PROVIDER if has_failed else None)
    assert (entry.attempt.error is None) is not has_failed


def test_a_run_that_completed_late_gives_its_outputs_and_ends_what_is_owed() -> None:
    """What was paid for is there to be written, and no new attempt is paid for beside it."""
    owing = an_entry(State.EXPIRED, owes_retry=True)
    seen = an_observation(outputs={"Email": "Dear Ada"}, credits=2.0)
    entry, todo = step(owing, LateEnd(seen), a_context())
    assert entry.attempt is not None
    assert (entry.state, entry.owes_retry, todo) == (State.COMPLETE, False, ())
    assert (entry.attempt.outputs, entry.attempt.credits) == ({"Email": "Dear Ada"}, 2.0)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_run_that_is_found_is_kept_with_who_named_it(*, is_named: bool) -> None:
    """One that a person named may be of another start: it proves nothing of what a list shows."""
    found = RunFound(RunId("WRUN-9"), is_named=is_named)
    entry, _ = step(an_entry(State.UNCONFIRMED), found, a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert (attempt.run_id, attempt.started_at, attempt.error) == ("WRUN-9", NOON + 100, None)
    assert attempt.is_named is is_named


def test_a_row_that_a_person_gave_up_says_so() -> None:
    """It counts as failed, and may have been paid for: the sheet tells both."""
    entry, _ = step(an_entry(State.UNCONFIRMED), RowGivenUp(), a_context())
    assert entry.attempt is not None
    assert (entry.state, entry.attempt.failure) == (State.FAILED, FailureClass.UNCONFIRMED)
    assert entry.attempt.error == (
        "Given up by a person: it is not known whether this row was started and paid for"
    )
    assert entry.attempt.ended_at == NOON + 100


def test_a_run_that_a_new_attempt_replaces_expired_when_that_was_decided() -> None:
    """It may end yet, and cost: the ledger knows since when nobody watches it."""
    owing = an_entry(State.RUNNING, owes_retry=True)
    entry, _ = step(owing, STILL_RUNS, a_context())
    assert entry.attempt is not None
    assert (entry.attempt.state, entry.attempt.ended_at) == (State.EXPIRED, NOON + 100)
    assert (entry.attempt.failure, bool(entry.attempt.error)) == (FailureClass.TRANSIENT, True)


def test_a_run_that_is_given_up_says_when_and_why() -> None:
    """The ledger and the sheet tell it of the row."""
    entry, todo = step(an_entry(State.RUNNING), GaveUp("it had not ended"), a_context())
    attempt = entry.attempt
    assert attempt is not None
    assert (entry.state, attempt.state, todo) == (State.EXPIRED, State.EXPIRED, ())
    assert (attempt.ended_at, attempt.error) == (NOON + 100, "it had not ended")
    assert (attempt.failure, attempt.run_id) == (FailureClass.TRANSIENT, "WRUN-1")


WAITS: Final = replace(an_entry(State.EXPIRED), state=State.PLANNED, round_id=1)
"""A new attempt was asked for, and its turn is to come."""


def test_a_run_that_was_given_up_is_looked_at_before_its_row_is_paid_for_anew() -> None:
    """A new call doesn't know what became of it: one more look, and then the new attempt."""
    entry, todo = step(WAITS, Resumed(), a_context())
    assert (entry.state, entry.owes_retry, todo) == (State.RUNNING, True, (LookNow(),))
    assert entry.attempt == ATTEMPTS[State.RUNNING]
    entry, todo = step(entry, STILL_RUNS, a_context())
    assert (entry.state, entry.owes_retry, todo) == (State.PLANNED, False, (StartAgain(),))


@pytest.mark.parametrize(
    "waits",
    [
        an_entry(),
        asked_again(),
        replace(WAITS, attempts=2),
    ],
    ids=["it was never sent", "its run failed", "a newer attempt was taken back"],
)
def test_another_row_that_waits_is_left_as_it_is(waits: Entry) -> None:
    """There is no run to look at, or it is not the newest attempt's."""
    assert step(waits, Resumed(), a_context()) == (waits, ())


@pytest.mark.parametrize("owes_retry", [True, False])
def test_an_expired_run_is_watched_again(*, owes_retry: bool) -> None:
    """A new call looks at once, and remembers what is owed."""
    expired = an_entry(State.EXPIRED, owes_retry=owes_retry)
    entry, todo = step(expired, Resumed(), a_context())
    assert (entry.attempt, todo) == (ATTEMPTS[State.RUNNING], (LookNow(),))
    assert entry.owes_retry is owes_retry
