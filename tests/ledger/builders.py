"""What the tests of the ledger are built of: a ledger with rows enrolled, and entries to save."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from pipeline.core.events import FreshAsked, RetryAsked
from pipeline.core.lifecycle import step
from pipeline.core.model import Entry, RoundKind, RunId, State, Token
from pipeline.core.rows.variables import Faulty, RenderedRow, Skipped
from pipeline.core.rules import Context
from pipeline.ledger.onlooker import Onlooker
from pipeline.ledger.opening import open_ledger, watch_ledger
from pipeline.ledger.store import Ledger
from tests.core.builders import NOON, a_sendable, an_entry

SOURCE = Path("leads.csv")
SERVICE = "https://service.example/api"
WORKFLOW = "WCFG-1"


def some_rows(*keys: str, skipped: int = 0, faulty: int = 0) -> list[RenderedRow]:
    """A sheet of sendable rows from row 2 on, and of some others below them."""
    sendable = [a_sendable(number, key) for number, key in enumerate(keys, 2)]
    others: list[RenderedRow] = [
        *(Skipped(n) for n in range(skipped)),
        *(Faulty(n, "x") for n in range(faulty)),
    ]
    return [*sendable, *others]


Place: TypeAlias = Path | str
"""Where a ledger is kept: a folder, or a database's address."""


def opened(place: Place) -> AbstractContextManager[Ledger]:
    """The place's ledger, as a call holds it."""
    if isinstance(place, Path):
        return open_ledger(place / "batch.ledger")
    from pipeline.ledger.shared.sharing import share_ledger  # noqa: PLC0415 - only with the extra

    return share_ledger(place)


@contextmanager
def a_ledger(place: Place, *keys: str) -> Iterator[Ledger]:
    """The place's ledger, after a reading of these rows."""
    with opened(place) as ledger:
        ledger.enrol(some_rows(*keys), SOURCE, SERVICE, WORKFLOW, NOON)
        yield ledger


@contextmanager
def looked_on(folder: Path) -> Iterator[Onlooker]:
    """The same ledger, seen by somebody who changes nothing."""
    with watch_ledger(folder / "batch.ledger") as looking:
        assert looking is not None
        yield looking


def ids_of(ledger: Ledger) -> list[int]:
    """The entries' ids, in the order in which they were enrolled."""
    return [entry.id for entry in ledger.entries(*State)]


def stands(entry_id: int, state: State, **attempt: object) -> Entry:
    """An entry in a state, its run named for it; the changes are the attempt's."""
    entry = an_entry(state, id=entry_id)
    if entry.attempt is None:
        return entry
    run_id = entry.attempt.run_id and RunId(f"WRUN-{entry_id}")
    token = Token(f"0123456789abcdef-{entry_id}-{attempt.get('number', 1)}")
    changes: dict[str, object] = {"run_id": run_id, "token": token, **attempt}
    changed = replace(entry.attempt, **changes)
    return replace(entry, attempt=changed)


def second_attempt(entry: Entry, state: State, **attempt: object) -> Entry:
    """The same entry after another attempt, which ended in a state."""
    made = stands(entry.id, state, number=2, run_id=RunId(f"WRUN-{entry.id}-2"), **attempt)
    return replace(made, attempts=2, round_id=entry.round_id)


def begin(ledger: Ledger, kind: RoundKind, *entries: Entry) -> int:
    """Open a round that asks for these entries again, as the commands do."""

    def asked(round_id: int) -> Sequence[Entry]:
        event = RetryAsked(round_id) if kind is RoundKind.RETRY else FreshAsked(round_id)
        return [step(entry, event, Context(NOON))[0] for entry in entries]

    return ledger.begin_round(kind, NOON, asked)


def connection_of(ledger: Ledger) -> sqlite3.Connection:
    """The ledger's own connection: some settings are a connection's alone."""
    return ledger._connection  # noqa: SLF001 - nothing public tells or sets them
