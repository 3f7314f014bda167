"""What is asked of a ledger: whose a run is, what was paid for, what is to change."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.jsontext import from_json
from pipeline.core.model import RowKey, RunId, RunStatus, State, Token
from pipeline.core.money.accounts import Line
from pipeline.core.rows.remade import Paid
from pipeline.errors import LedgerFault
from pipeline.ledger.holding import Mount
from pipeline.ledger.opening import check_place
from pipeline.ledger.records import Owner
from tests.core.builders import NOON, an_observation
from tests.ledger.builders import (
    SERVICE,
    SOURCE,
    WORKFLOW,
    Place,
    a_ledger,
    ids_of,
    opened,
    second_attempt,
    some_rows,
    stands,
)

NOBODYS = "WRUN-404"


def test_a_run_and_a_token_lead_to_their_attempt(place: Place) -> None:
    """Each attempt by its own; what is nobody's leads nowhere."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        first = stands(a, State.FAILED)
        never_begun = stands(b, State.FAILED, run_id=None)
        ledger.save([first, never_begun])
        second = second_attempt(first, State.RUNNING)
        ledger.save([second])
        of_first = Owner(a, 1, State.FAILED, lacks_credits=False, lacks_outputs=True)
        of_second = Owner(a, 2, State.RUNNING, lacks_credits=True, lacks_outputs=True)
        runs = [RunId(f"WRUN-{a}"), RunId(f"WRUN-{a}-2"), RunId(NOBODYS)]
        assert ledger.owners(runs) == {runs[0]: of_first, runs[1]: of_second}
        attempts = [entry.attempt for entry in (first, second, never_begun)]
        tokens = [attempt.token for attempt in attempts if attempt]
        of_never_begun = {tokens[2]: replace(of_first, entry_id=b)}
        asked = [*tokens, Token(NOBODYS)]
        assert ledger.bearers(asked) == {
            tokens[0]: of_first,
            tokens[1]: of_second,
            **of_never_begun,
        }
        assert ledger.bearers_without_run(asked) == of_never_begun


@pytest.mark.parametrize(
    ("state", "seen", "is_news"),
    [
        (State.RUNNING, RunStatus.COMPLETE, False),
        (State.COMPLETE, RunStatus.FAILED, False),
        (State.FAILED, RunStatus.FAILED, False),
        (State.FAILED, RunStatus.COMPLETE, True),
        (State.EXPIRED, RunStatus.COMPLETE, True),
        (State.EXPIRED, RunStatus.FAILED, True),
    ],
)
def test_an_end_is_news_where_it_tells_more_than_is_known(
    state: State, seen: RunStatus, *, is_news: bool
) -> None:
    """Of a run that nobody watches any more, and that was not seen to end so."""
    assert Owner(1, 1, state).is_news(an_observation(seen)) is is_news


@pytest.mark.parametrize(
    ("state", "seen", "is_news"),
    [
        (State.RUNNING, RunStatus.COMPLETE, (False, False)),
        (State.COMPLETE, RunStatus.COMPLETE, (True, True)),
        (State.COMPLETE, RunStatus.FAILED, (True, False)),
        (State.FAILED, RunStatus.FAILED, (True, False)),
    ],
)
def test_what_an_end_on_record_lacks_is_news(
    state: State, seen: RunStatus, is_news: tuple[bool, bool]
) -> None:
    """Credits, whatever end they are named with, and what a complete run gave; each once."""
    credits_, outputs = an_observation(seen, credits=2.0), an_observation(seen, outputs={"a": 1})
    lacking = Owner(1, 1, state, lacks_credits=True, lacks_outputs=True)
    assert (lacking.is_news(credits_), lacking.is_news(outputs)) == is_news
    known = Owner(1, 1, state)
    assert not known.is_news(credits_)
    assert not known.is_news(outputs)


def test_runs_given_up_for_newer_attempts_are_known(place: Place) -> None:
    """Those whose newer attempt was made since a moment: they may end yet, and cost."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        ledger.save([stands(a, State.EXPIRED), stands(b, State.EXPIRED)])
        newer = second_attempt(stands(a, State.EXPIRED), State.RUNNING, intended_at=NOON + 50)
        ledger.save([newer])
        (owner,) = ledger.superseded(NOON).values()
        assert (owner.entry_id, owner.number, owner.state) == (a, 1, State.EXPIRED)
        assert ledger.superseded(NOON + 50) == {}


def test_what_was_sent_for_the_newest_runs_is_told(place: Place) -> None:
    """With run and token; not of a run that a person named, nor of one that expired."""
    with a_ledger(place, *"abcd") as ledger:
        a, b, c, d = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE)])
        ledger.save([stands(b, State.RUNNING)])
        ledger.save([stands(c, State.RUNNING, is_named=True), stands(d, State.EXPIRED)])
        told = [
            (RunId(f"WRUN-{n}"), Token(f"0123456789abcdef-{n}-1"), {"Company": key})
            for n, key in ((b, "b"), (a, "a"))
        ]
        assert ledger.confirmed(9) == told
        assert ledger.confirmed(1) == told[:1]


def test_what_is_known_of_rows_is_looked_up_by_their_keys(place: Place) -> None:
    """As many as were ever planned; of another nothing is known."""
    with a_ledger(place, "a", "b") as ledger:
        ledger.save([stands(ids_of(ledger)[0], State.COMPLETE)])
        states = ledger.states()
        assert (len(states), set(states)) == (2, {"a", "b"})
        assert states[RowKey("a")] is State.COMPLETE
        assert states.get(RowKey("x")) is None


def test_rows_that_were_paid_for_are_told_with_their_cells(place: Place) -> None:
    """By these they are known again where their key changed; what is free is not asked about."""
    with a_ledger(place, "a", "b") as ledger:
        assert not ledger.has_paid("free")
        ledger.save([stands(ids_of(ledger)[0], State.RUNNING)])
        assert ledger.has_paid("free")
        (paid,) = ledger.paid("free")
        assert isinstance(paid, Paid)
        assert (paid.key, paid.rows) == (RowKey("a"), 1)
        assert paid.cells == {"Company": "a"}
        assert not ledger.has_paid(SERVICE)
        assert list(ledger.paid(SERVICE)) == []


def test_the_statement_has_a_line_for_each_attempt(place: Place) -> None:
    """With its row, its service and its workflow; rows that left the sheet come last."""
    with a_ledger(place, "a", "b") as ledger:
        a, b = ids_of(ledger)
        ledger.save([stands(a, State.FAILED), stands(b, State.COMPLETE)])
        ledger.enrol(some_rows("x", "b", "b"), SOURCE, SERVICE, WORKFLOW, NOON + 20)
        lines = ledger.statement()
        assert [(line.row_number, line.in_sheet, line.rows) for line in lines] == [
            (3, True, 2),
            (2, False, 1),
        ]
        assert all(isinstance(line, Line) for line in lines)
        assert {(line.service, line.workflow) for line in lines} == {(SERVICE, WORKFLOW)}
        assert [line.attempt.run_id for line in lines] == [f"WRUN-{b}", f"WRUN-{a}"]
        assert {line.attempt.outputs is None for line in lines} == {True}


def test_a_reading_has_ended_once_nothing_is_owed_to_it(place: Place) -> None:
    """Only that very reading: another one may hold rows that were never planned."""
    with a_ledger(place, "a", "b") as ledger:
        ledger.say_reading("digest")
        assert not ledger.has_ended("digest")
        assert ledger.rows_by_state() == {State.PLANNED: 2}
        a, b = ids_of(ledger)
        ledger.save([stands(a, State.COMPLETE), stands(b, State.FAILED)])
        assert ledger.rows_by_state() == {State.COMPLETE: 1, State.FAILED: 1}
        assert ledger.has_ended("digest")
        assert not ledger.has_ended("another")
        ledger.enrol(some_rows("a"), SOURCE, SERVICE, WORKFLOW, NOON + 20)
        assert not ledger.has_ended("digest")


def test_changes_are_taken_while_a_batch_takes_them(place: Place) -> None:
    """One over the other, by key; none before it begins and none after it ends."""
    with a_ledger(place, "a") as ledger:
        assert not ledger.adjust({"limits.rate": "1/s"})
        ledger.take_adjustments()
        assert ledger.adjustments() == {}
        assert ledger.adjust({"limits.rate": "1/s", "paused": "true"})
        assert ledger.adjust({"limits.rate": "2/s"})
        assert ledger.adjustments() == {"limits.rate": "2/s", "paused": "true"}
        ledger.end_adjustments()
        assert ledger.adjustments() == {}
        assert not ledger.adjust({"paused": "false"})


def test_webhooks_that_may_stand_are_written_down_until_they_are_gone(place: Place) -> None:
    """Also for the next call, which removes what a killed one left."""
    with a_ledger(place, "a") as ledger:
        assert ledger.webhook_tokens() == frozenset()
        ledger.say_webhook_tokens({"b", "a"})
        assert from_json(ledger.fact("webhooks") or "") == ["a", "b"]
    with opened(place) as ledger:
        assert ledger.webhook_tokens() == {"a", "b"}
        ledger.say_webhook_tokens(())
        assert ledger.fact("webhooks") is None


def test_a_ledgers_token_is_short_and_its_own(place: Place) -> None:
    """It stands in each attempt's token, which the service keeps; a copy takes a new one."""
    with opened(place) as ledger:
        token = ledger.token
        assert re.fullmatch("[0-9a-f]{16}", token)
        assert ledger.token == token
        assert ledger.renew_token() != token
        assert re.fullmatch(f"{ledger.token}-[0-9a-f]{{8}}", ledger.call_token())


def test_texts_that_were_written_are_remembered_by_their_column(place: Place) -> None:
    """Once each, however often they were written."""
    with a_ledger(place, "a") as ledger:
        ledger.remember_texts([("Email", "Dear Ada"), ("Score", "1"), ("Email", "")])
        ledger.remember_texts([("Email", "Dear Ada")])
        assert ledger.written_texts("Email") == {"Dear Ada", ""}
        assert ledger.written_texts("Score") == {"1"}
        assert ledger.written_texts("Tone") == set()


def test_a_place_for_a_ledger_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    """In folders that are yet to be made, too; a folder in its place is told with what to do."""
    check_place(tmp_path / "to" / "be" / "made" / "batch.ledger")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LedgerFault) as caught:
        check_place(tmp_path)
    assert (caught.value.place, caught.value.wrong) == (
        str(tmp_path),
        "the ledger can't be opened: this is a folder",
    )
    assert "name a file" in caught.value.remedy


def test_a_place_on_another_machine_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is made there: locks do not hold on a network file system."""
    mounted = [Mount(tmp_path, "nfs4")]
    monkeypatch.setattr("pipeline.ledger.opening.mounts", lambda: mounted)
    with pytest.raises(LedgerFault, match="nfs4"):
        check_place(tmp_path / "batch.ledger")


def test_a_place_that_takes_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the folder that could not be written to, and the system's own words."""

    def refuse(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.ledger.opening.try_to_write", refuse)
    path = tmp_path / "new" / "batch.ledger"
    with pytest.raises(LedgerFault) as caught:
        check_place(path)
    assert caught.value.place == str(path)
    assert caught.value.wrong == (
        f"the ledger can't be made: nothing can be written to {tmp_path} (No space left on device)"
    )
