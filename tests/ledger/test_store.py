"""What is saved is what is read, and all of it or nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.core.model import (
    Attempt,
    Entry,
    FailureClass,
    Json,
    RowKey,
    RunId,
    Standing,
    State,
    Token,
)
from pipeline.core.money.quoting import PastRun
from pipeline.errors import Exit, LedgerLost
from pipeline.ledger.opening import join_ledger
from pipeline.ledger.records import SeenEnd
from pipeline.ledger.store import RunTakenError
from tests.core.builders import NOON, an_entry
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    connection_of,
    ids_of,
    opened,
    some_rows,
    stands,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
"""An id or a message as the remote hands it on: without a NUL, which SQLite's JSON would cut."""
MOMENTS = st.floats(0, 4e9)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ANY_ATTEMPT = st.builds(
    Attempt,
    number=st.just(1),
    state=st.sampled_from(sorted(set(State) - {State.PLANNED})),
    round_id=st.integers(0, 9),
    intended_at=MOMENTS,
    started_at=st.none() | MOMENTS,
    ended_at=st.none() | MOMENTS,
    token=LINE.map(Token),
    run_id=st.none() | LINE.map(RunId),
    credits=st.none() | st.floats(0, 1e9),
    outputs=st.none() | st.dictionaries(TEXT, JSON, max_size=3),
    error=st.none() | LINE,
    failure=st.none() | st.sampled_from(FailureClass),
)


def test_a_text_with_a_nul_loses_no_ledger(place: Place) -> None:
    """No text of a ledger can hold one: what stands before it is kept, and so is all else."""
    with a_ledger(place, "a") as ledger:
        (entry_id,) = ids_of(ledger)
        ledger.save([stands(entry_id, State.FAILED, error="what\0ever")])
        (entry,) = ledger.entries(State.FAILED)
        assert entry.attempt is not None
        assert (entry.attempt.error or "").startswith("what")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    "changes", [{}, {"retries": 2, "round_id": 3, "owes_retry": True}], ids=["plain", "asked"]
)
def test_an_entry_is_read_as_it_was_saved(
    place: Place, state: State, changes: dict[str, object]
) -> None:
    """In every state, also by the next process."""
    with a_ledger(place, "a") as ledger:
        saved = an_entry(state, id=ids_of(ledger)[0], **changes)
        ledger.save([saved])
    with opened(place) as ledger:
        assert ledger.entries(state) == [saved]
        assert ledger.states() == {RowKey("a"): state}


def test_an_attempt_keeps_every_character_and_digit(place: Place) -> None:
    """Whatever a run gave, in whatever language or nesting, comes back the same."""
    with a_ledger(place, "a") as ledger:
        (entry_id,) = ids_of(ledger)

        @settings(deadline=None, max_examples=60)
        @given(ANY_ATTEMPT)
        def holds(attempt: Attempt) -> None:
            entry = Entry(entry_id, attempt.state, attempts=1, attempt=attempt)
            # What an attempt was made as does not change: so it is a new one each time.
            connection_of(ledger).execute("DELETE FROM attempt")
            ledger.save([entry])
            assert ledger.entries(attempt.state) == [entry]

        holds()


def test_a_run_belongs_to_one_attempt(place: Place) -> None:
    """A run named for two rows is refused, and nothing of its group is saved."""
    with a_ledger(place, "a", "b", "c") as ledger:
        a, b, c = ids_of(ledger)
        ledger.save([stands(a, State.RUNNING, run_id=RunId("WRUN-X"))])
        before = ledger.entries(*State)
        with pytest.raises(RunTakenError):
            ledger.save(
                [
                    stands(c, State.STARTING),
                    stands(b, State.RUNNING, run_id=RunId("WRUN-X")),
                    stands(a, State.COMPLETE, run_id=RunId("WRUN-X")),
                ]
            )
        assert ledger.entries(*State) == before


def test_a_full_disk_is_told_and_nothing_is_half_saved(tmp_path: Path) -> None:
    """One line that says what to do, the exit code of what can be resumed, and the old ledger."""
    with a_ledger(tmp_path, "a", "b") as ledger:
        a, b = ids_of(ledger)
        (pages,) = connection_of(ledger).execute("PRAGMA page_count").fetchone()
        connection_of(ledger).execute(f"PRAGMA max_page_count = {pages}")
        huge: Json = {"Essay": "x" * 100_000}
        with pytest.raises(LedgerLost) as caught:
            ledger.save([stands(a, State.RUNNING), stands(b, State.COMPLETE, outputs=huge)])
        assert "the ledger could not be written" in str(caught.value)
        assert caught.value.exit is Exit.STOPPED
        assert [entry.state for entry in ledger.entries(*State)] == [State.PLANNED] * 2


def test_an_attempt_that_was_taken_back_is_gone(place: Place) -> None:
    """The first leaves no trace but its number; a later one leaves the attempt before it."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        failed = stands(b, State.FAILED)
        ledger.save([stands(a, State.STARTING), failed])
        ledger.save([replace(stands(b, State.STARTING, number=2), attempts=2)])
        ledger.save(
            [
                an_entry(id=a, attempts=1),
                replace(failed, state=State.PLANNED, attempts=2, attempt=None),
            ]
        )
        assert ledger.entries(State.PLANNED) == [
            an_entry(id=a, attempts=1),
            replace(failed, state=State.PLANNED, attempts=2),
        ]
        assert len(list(ledger.every_attempt())) == 1


def test_what_is_saved_is_there_for_others_at_once(tmp_path: Path) -> None:
    """A second connection sees it as soon as the call has returned."""
    with a_ledger(tmp_path, "a") as ledger:
        ledger.save([stands(ids_of(ledger)[0], State.RUNNING)])
        with join_ledger(ledger.path) as other:
            assert other is not None
            assert other.states() == {RowKey("a"): State.RUNNING}


def test_entries_are_found_by_their_states(place: Place) -> None:
    """Several states at once, none where none is named, in the order of their ids."""
    with a_ledger(place, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        ledger.save([stands(b, State.RUNNING), stands(c, State.COMPLETE), stands(d, State.RUNNING)])
        assert [entry.id for entry in ledger.entries(State.RUNNING)] == [b, d]
        assert [entry.id for entry in ledger.entries(State.PLANNED, State.COMPLETE)] == [a, c]
        assert ledger.entries() == []


def test_rows_that_left_the_sheet_are_told_from_those_that_are_in_it(place: Place) -> None:
    """By the newest reading; an entry that is not asked about is not told of."""
    with a_ledger(place, "a", "b", "c", "d") as ledger:
        first, second, _, fourth = (entry.id for entry in ledger.entries(State.PLANNED))
        assert ledger.left_the_sheet([first, second]) == set()
        ledger.enrol(some_rows("b", "d"), SOURCE, SERVICE, WORKFLOW, NOON)
        assert ledger.left_the_sheet([first, second, fourth]) == {first}
        assert ledger.left_the_sheet([]) == set()


def test_standings_tell_the_newest_attempt_and_the_cost_of_all(place: Place) -> None:
    """Credits are summed over a row's attempts; where none is known, nothing is claimed."""
    with a_ledger(place, "a", "b", "c") as ledger:
        a, b, _ = ids_of(ledger)
        failed = stands(a, State.FAILED, credits=1.0)
        unknown = stands(b, State.COMPLETE, credits=None)
        ledger.save([failed, unknown])
        again = replace(stands(a, State.COMPLETE, number=2, run_id=RunId("WRUN-9")), attempts=2)
        ledger.save([again])
        assert dict(ledger.standings(ledger.states())) == {
            RowKey("a"): Standing(State.COMPLETE, again.attempt, 3.0),
            RowKey("b"): Standing(State.COMPLETE, unknown.attempt, None),
            RowKey("c"): Standing(State.PLANNED, None, None),
        }


def test_every_attempt_stands_for_itself(place: Place) -> None:
    """Each attempt ever made, with its own state and cost."""
    with a_ledger(place, "a") as ledger:
        (a,) = ids_of(ledger)
        first = stands(a, State.FAILED, credits=1.0)
        second = replace(stands(a, State.COMPLETE, number=2, run_id=RunId("WRUN-9")), attempts=2)
        ledger.save([first])
        ledger.save([second])
        assert list(ledger.every_attempt()) == [
            Standing(State.FAILED, first.attempt, 1.0),
            Standing(State.COMPLETE, second.attempt, 2.0),
        ]


def test_a_mark_tells_new_attempts_from_old(place: Place) -> None:
    """Only what was begun since, and is not complete, counts."""
    with a_ledger(place, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        assert ledger.mark() == 0
        ledger.save([stands(a, State.FAILED)])
        mark = ledger.mark()
        assert ledger.incomplete_since(mark) == 0
        ledger.save([stands(n, State.STARTING) for n in (b, c, d)])
        assert ledger.incomplete_since(mark) == 3
        ledger.save([stands(b, State.COMPLETE), stands(c, State.FAILED), an_entry(id=d)])
        assert ledger.incomplete_since(mark) == 1


def test_past_runs_are_those_that_ended_the_newest_first(place: Place) -> None:
    """A cost that the service did not name is none, and a start that was refused is no run."""
    with a_ledger(place, *"abcde") as ledger:
        a, b, c, d, e = ids_of(ledger)
        ledger.save(
            [
                stands(a, State.COMPLETE, credits=None),
                stands(b, State.FAILED, credits=3.0),
                stands(c, State.RUNNING),
                stands(d, State.FAILED, run_id=None, credits=None),
                stands(e, State.EXPIRED),
            ]
        )
        assert ledger.past_runs(SERVICE, WORKFLOW) == [
            PastRun(credits=3.0, seconds=8.0, has_failed=True),
            PastRun(credits=None, seconds=8.0, has_failed=False),
        ]


def test_a_run_whose_end_a_later_call_saw_has_no_known_length(place: Place) -> None:
    """Nobody watched it meanwhile: a night between two calls is no time that a run takes."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE, ended_at=NOON + 5)])
        ledger.enrol(some_rows("a", "b"), SOURCE, SERVICE, WORKFLOW, NOON + 6)
        ledger.save([stands(b, State.COMPLETE)])
        assert [run.seconds for run in ledger.past_runs(SERVICE, WORKFLOW)] == [None, 4.0]


def test_the_newest_ends_tell_how_they_were_seen(place: Place) -> None:
    """How old a run was when it last was seen running, and seen ended; the oldest comes first."""
    with a_ledger(place, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE, seen_running_at=NOON + 3)])
        ledger.save([stands(b, State.FAILED)])
        ledger.save([stands(c, State.RUNNING)])
        # Its start was found long after it was sent: nobody knows when it began.
        ledger.save([stands(d, State.COMPLETE, started_at=NOON + 60, ended_at=NOON + 70)])
        assert ledger.seen_ends() == [SeenEnd(2.0, 8.0), SeenEnd(0.0, 8.0)]
        assert ledger.opening().ends == ledger.seen_ends()


def test_no_two_calls_begin_with_one_token(place: Place) -> None:
    """After a ledger was put back from a backup, new attempts are told from those it lost."""
    with a_ledger(place) as ledger:
        first, second = ledger.opening().token, ledger.opening().token
        assert first.startswith(f"{ledger.token}-")
        assert second.startswith(f"{ledger.token}-")
        assert first != second


def test_written_files_are_known_again(tmp_path: Path) -> None:
    """By path, the newest digest; by digest, wherever the file was moved."""
    with a_ledger(tmp_path) as ledger:
        out, other = tmp_path / "out.csv", tmp_path / "other.csv"
        assert ledger.written_digest(out) is None
        ledger.record_written(out, "d1", NOON)
        ledger.record_written(out, "d2", NOON + 1)
        ledger.record_written(other, "d3", NOON + 2)
        assert ledger.written_digest(out) == "d2"
        assert [ledger.is_written_digest(d) for d in ("d1", "d2", "d3")] == [False, True, True]
