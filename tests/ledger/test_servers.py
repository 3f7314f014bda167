"""A ledger's server: that it can't be reached is told, and who calls is known."""

import time

import psycopg
import pytest

from pipeline.errors import LedgerFault
from pipeline.ledger.shared.connection import CallerLock, connected, words_of
from pipeline.ledger.shared.sharing import share_ledger
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


def test_all_workers_go_by_the_servers_clock(server: Server) -> None:
    """In Unix seconds, as the moments in the ledger are."""
    with share_ledger(server.new_database()) as ledger:
        assert abs(ledger.moment() - time.time()) < 60
