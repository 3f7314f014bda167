"""A ledger's server: that it can't be reached is told, and who calls is known."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from pipeline.core.rows.variables import RenderedRow
from pipeline.errors import LedgerFault, LedgerLost
from pipeline.ledger.opening import SCHEMA_VERSION
from pipeline.ledger.shared import connection
from pipeline.ledger.shared.connection import CallerLock, connected, words_of
from pipeline.ledger.shared.sharing import join_shared_ledger, share_ledger
from tests.ledger.builders import SERVICE, SOURCE, WORKFLOW, some_rows
from tests.postgres import Server


def test_a_server_that_does_not_answer_is_told_and_never_with_the_password() -> None:
    """In one line, with where it was looked for and what to do."""
    with pytest.raises(LedgerFault, match="the ledger's server can't be reached") as caught:
        connected("postgresql://ada:s3cret@127.0.0.1:1/batch")
    assert "127.0.0.1" in caught.value.place
    assert "see that it is up" in caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.OperationalError("no route\nto the host"), "no route"),
        (psycopg.InterfaceError("closed"), "closed"),
        (psycopg.OperationalError(), "OperationalError"),
        (psycopg.DataError("Ada Lovelace is no number"), "DataError"),
    ],
)
def test_of_a_complaint_only_what_shows_no_cell_is_told(error: psycopg.Error, words: str) -> None:
    """That of a connection by its first line, any other by its kind."""
    assert words_of(error) == words


def test_of_two_callers_one_has_the_batch(server: Server) -> None:
    """The other is told; once the first has gone, the next one has it."""
    url = server.new_database()
    first, second = CallerLock(url), CallerLock(url)
    try:
        assert (first.is_ours, second.is_ours) == (True, False)
        first.close()
        third = CallerLock(url)
        assert third.is_ours
        third.close()
    finally:
        second.close()


def test_a_server_without_a_batch_is_told(server: Server) -> None:
    """Whoever comes to work on one learns what to do first."""
    with share_ledger(server.new_database()) as ledger:
        with pytest.raises(LedgerFault, match="no batch is there yet") as caught:
            ledger.see_that_it_is_used("run it first")
        assert (caught.value.place, caught.value.remedy) == (ledger.place, "run it first")
        ledger.enrol(some_rows("a"), SOURCE, SERVICE, WORKFLOW, 1.0)
        ledger.see_that_it_is_used("run it first")


def test_a_ledger_of_another_version_is_told(server: Server) -> None:
    """Workers of two versions would read each other's rows in two ways."""
    url = server.new_database()
    with share_ledger(url) as ledger:
        ledger.say_facts({"schema": "1"})
    for use in (share_ledger, join_shared_ledger):
        with pytest.raises(LedgerFault) as caught, use(url):
            pass
        assert caught.value.wrong.endswith("by another version of this program (schema 1)")
        assert (
            caught.value.remedy
            == f"use one version everywhere; this one knows schema {SCHEMA_VERSION}"
        )


def test_all_workers_go_by_the_servers_clock(server: Server) -> None:
    """In Unix seconds, as the moments in the ledger are."""
    with share_ledger(server.new_database()) as ledger:
        assert abs(ledger.moment() - time.time()) < 60


def test_who_stands_still_in_a_transaction_keeps_nobody_waiting(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that falls asleep holding the pace does not stop the others' starts with it."""
    monkeypatch.setattr(connection, "STILL_SECONDS", 0.2)
    url = server.new_database()
    with share_ledger(url) as still, share_ledger(url) as other:
        other._execute("SET lock_timeout = '10s'")  # noqa: SLF001 - else it would wait for ever

        def sleep_with_the_pace() -> None:
            with still.transaction() as say:
                say("UPDATE pace SET next_due_at = 1")
                with other.transaction() as say_beside:
                    say_beside("UPDATE pace SET next_due_at = 2")
                say("UPDATE pace SET next_due_at = 3")

        with pytest.raises(LedgerLost, match=r"this machine stood still for 0\.2 s"):
            sleep_with_the_pace()
        with other.transaction() as say_beside:
            assert {due for (due,) in say_beside("SELECT next_due_at FROM pace")} == {2}


def test_a_sheet_that_takes_long_to_read_is_entered(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the rows of a million nobody is taken for one that stands still."""
    monkeypatch.setattr(connection, "STILL_SECONDS", 0.1)
    url = server.new_database()
    with share_ledger(url) as ledger, share_ledger(url) as other:

        class Slowly(list[RenderedRow]):
            def __iter__(self) -> Iterator[RenderedRow]:
                for row in super().__iter__():
                    other._execute("SELECT pg_sleep(0.2)")  # noqa: SLF001 - so long a row takes
                    yield row

        ledger.enrol(Slowly(some_rows("a", "b")), SOURCE, SERVICE, WORKFLOW, 1.0)
        assert ledger.tally().rows == 2
