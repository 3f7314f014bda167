"""Two workers that write for one row at the same moment."""

import threading
import time

from pipeline.core.model import Entry, State
from pipeline.ledger.records import Owner
from pipeline.ledger.shared.sharing import share_ledger
from tests.ledger.builders import a_ledger, ids_of, stands
from tests.postgres import Server

WAITS_FOR_ANOTHER = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
LONGEST_SECONDS = 10


def as_it_is(entry: Entry) -> Entry:
    """What was seen changes nothing of the entry itself."""
    return entry


def test_a_late_end_does_not_undo_what_a_chunks_picker_writes_meanwhile(server: Server) -> None:
    """Who notes the end of an older attempt waits for the other's commit, and reads after it."""
    url = server.new_database()
    with a_ledger(url, "a") as ledger, share_ledger(url) as other:
        (entry_id,) = ids_of(ledger)
        ledger.save([stands(entry_id, State.FAILED)])
        noting = threading.Thread(
            target=lambda: other.amend(Owner(entry_id, 1, State.FAILED), as_it_is)
        )
        with ledger.transaction() as say:
            say("UPDATE entry SET state = 'running' WHERE id = ?", (entry_id,))
            noting.start()
            until = time.monotonic() + LONGEST_SECONDS
            while not say(WAITS_FOR_ANOTHER, ()).fetchone()[0]:
                assert time.monotonic() < until, "it does not wait"
        noting.join()
        assert [*ledger.states().values()] == [State.RUNNING]
