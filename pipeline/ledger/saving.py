"""How entries and attempts are written into the ledger's file. Owns the statements, and which fits.

Many lines go by one statement, as a JSON list: each statement of the ledger's thread ends
with a wait for the interpreter's lock, which beside a busy loop is long. Nearly all attempts are
new intents, runs that have just begun, or runs on record that have ended; for these there are
statements that say the news alone, in half of the time. Must not know what a state means for a row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from pipeline.core.jsontext import to_json
from pipeline.core.model import State
from pipeline.ledger.records import ATTEMPT_COLUMNS, Values


def _said(columns: Sequence[str]) -> list[str]:
    """What a line's list holds for each column."""
    return [f"json_extract(value, '$[{place}]')" for place in range(len(columns))]


def _news(columns: Sequence[str]) -> str:
    """All that is said, as a table of these columns."""
    named = (f"{said} AS {name}" for said, name in zip(_said(columns), columns, strict=True))
    return f"(SELECT {', '.join(named)} FROM json_each(?)) AS new"


def _places(columns: Sequence[str]) -> Callable[[Values], Values]:
    """Takes these columns out of an attempt's values."""
    return itemgetter(*(ATTEMPT_COLUMNS.index(name) for name in columns))


_ENTRY: Final = ("state", "attempts", "retries", "round_id", "owes_retry")
SAVE_ENTRIES: Final = (
    f"UPDATE entry SET {', '.join(f'{name} = ?' for name in _ENTRY)} "
    "WHERE id IN (SELECT value FROM json_each(?))"
)

_INTENT: Final = ATTEMPT_COLUMNS[: ATTEMPT_COLUMNS.index("started_at")]
_BEGINNING: Final = ("entry_id", "number", "state", "started_at", "run_id", "named")
_TOLD: Final = ("seen_running_at", "ended_at", "credits", "outputs", "error", "failure")
"""What may be known of an attempt once nobody watches its run any more."""
_END: Final = ("entry_id", "number", "state", "run_id", *_TOLD)
_IS_THE_SAME: Final = "attempt.entry_id = new.entry_id AND attempt.number = new.number"

IN_FULL: Final = (
    f"INSERT INTO attempt SELECT {', '.join(_said(ATTEMPT_COLUMNS))} "
    "FROM json_each(?) WHERE true ON CONFLICT (entry_id, number) DO UPDATE SET "
    "state = excluded.state, started_at = excluded.started_at, "
    "run_id = coalesce(excluded.run_id, attempt.run_id), "
    "named = max(excluded.named, attempt.named), "
    f"{', '.join(f'{name} = excluded.{name}' for name in _TOLD)}"
)
INTEND: Final = (
    f"INSERT INTO attempt ({', '.join(_INTENT)}) "
    f"SELECT {', '.join(_said(_INTENT))} FROM json_each(?) WHERE true "
    "ON CONFLICT (entry_id, number) DO NOTHING"
)
BEGIN: Final = (
    "UPDATE attempt SET state = new.state, started_at = new.started_at, "
    "run_id = coalesce(new.run_id, attempt.run_id), named = max(new.named, attempt.named), "
    f"{', '.join(f'{name} = NULL' for name in _TOLD)} "
    f"FROM {_news(_BEGINNING)} WHERE {_IS_THE_SAME}"
)
END: Final = (  # the run's id is not set, nor looked for (the +): its index is in no order
    "UPDATE attempt SET state = new.state, "
    f"{', '.join(f'{name} = new.{name}' for name in _TOLD)} "
    f"FROM {_news(_END)} WHERE {_IS_THE_SAME} AND +attempt.run_id IS new.run_id"
)
COLUMNS: Final = {INTEND: _places(_INTENT), BEGIN: _places(_BEGINNING), END: _places(_END)}

_state = itemgetter(ATTEMPT_COLUMNS.index("state"))
_later = _places(ATTEMPT_COLUMNS[len(_INTENT) :])
_told = _places(_TOLD)
_NOTHING_LATER: Final = (None, None, None, None, False, None, None, None, None)
_NOTHING_TOLD: Final = (None,) * len(_TOLD)


def save_entries(entries: Iterable[Values], execute: Callable[..., Any]) -> None:
    """Write what changed of these entries, the id of each last: it is said once for all alike."""
    alike: defaultdict[Values, list[int]] = defaultdict(list)
    for values in entries:
        alike[values[:-1]].append(values[-1])
    for news, ids in alike.items():
        execute(SAVE_ENTRIES, (*news, to_json(ids)))


def save_attempts(attempts: Iterable[Values], execute: Callable[..., Any]) -> None:
    """Write these attempts' lines, all values of each in the order of `ATTEMPT_COLUMNS`."""
    kinds: defaultdict[str, list[Values]] = defaultdict(list)
    for values in attempts:
        kinds[_statement_for(values)].append(values)
    for statement, lines in kinds.items():
        news = [*map(COLUMNS[statement], lines)]
        # One that the statement did not meet is not as nearly all of its kind are.
        if execute(statement, (to_json(news),)).rowcount < len(lines):
            execute(IN_FULL, (to_json(lines),))


def _statement_for(values: Values) -> str:
    state = _state(values)
    if state is State.STARTING and _later(values) == _NOTHING_LATER:
        return INTEND
    if state is State.RUNNING and _told(values) == _NOTHING_TOLD:
        return BEGIN
    return END
