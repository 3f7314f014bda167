"""The SQL of what several workers share. Owns every statement of it; must not know who asks.

The tables are described in `chunks.sql`. A worker that writes for a chunk takes the locks in one
order: its chunk's line, then the pace of starts.
"""

from typing import Final

from pipeline.ledger.queries import ENROLLED_ENTRY

OWES: Final = (
    "CASE WHEN EXISTS (SELECT 1 FROM entry WHERE entry.id BETWEEN first_entry AND last_entry "
    "AND state IN ('starting', 'running', 'unconfirmed', 'expired')) THEN 'watch' "
    "WHEN EXISTS (SELECT 1 FROM entry WHERE entry.id BETWEEN first_entry AND last_entry "
    "AND state = 'planned' AND reading_id = (SELECT id FROM newest_reading)) THEN 'start' END"
)
OWES_STILL: Final = OWES.replace(", 'unconfirmed', 'expired'", "")
"""Once they were watched to their end: what is held or expired is looked at by the next call."""

MAKE_CHUNKS = (
    "INSERT INTO chunk (id, first_entry, last_entry) "
    "SELECT coalesce((SELECT max(id) FROM chunk), 0) + 1 + part, min(entry_id), max(entry_id) "
    "FROM (SELECT id AS entry_id, (row_number() OVER (ORDER BY id) - 1) / ? AS part FROM entry "
    "WHERE id > coalesce((SELECT max(last_entry) FROM chunk), 0)) AS parted GROUP BY part"
)
FIND_DEBTS = f"UPDATE chunk SET owes = {OWES} WHERE owes IS NULL"
"""What owes something may be in a worker's hands, who is not to lose it for nothing."""
LOOK_FOR_DOUBTS = (
    "UPDATE chunk SET owes = 'watch' WHERE owes IS NULL AND parked_at IS NULL AND EXISTS ("
    "SELECT 1 FROM entry WHERE entry.id BETWEEN first_entry AND last_entry "
    "AND state = 'unconfirmed')"
)
TAKE_FROM_STARTER = (  # whoever starts its rows may only be slow: nothing more of it is written
    f"UPDATE chunk SET owes = {OWES}, epoch = epoch + 1 "
    "WHERE id IN (SELECT value FROM json_each(?)) AND owes = 'start' AND parked_at IS NULL "
    f"AND {OWES} = 'watch' RETURNING id"
)
_REST = (
    "(SELECT max(entry.id) + 1 FROM entry "
    "WHERE entry.id BETWEEN first_entry AND last_entry AND state <> 'planned')"
)
SPLIT_OFF_REST = (
    "INSERT INTO chunk (id, first_entry, last_entry, owes) "
    "SELECT (SELECT max(id) FROM chunk) + row_number() OVER (ORDER BY id), rest, last_entry, "
    f"'start' FROM (SELECT id, last_entry, {_REST} AS rest FROM chunk "
    "WHERE id IN (SELECT value FROM json_each(?))) AS taken WHERE rest <= last_entry"
)
END_BEFORE_REST = (
    f"UPDATE chunk SET last_entry = {_REST} - 1 WHERE id IN (SELECT value FROM json_each(?))"
)
OWED = "SELECT DISTINCT owes FROM chunk WHERE owes IS NOT NULL AND parked_at IS NULL"
DEBTS = "SELECT id, owes FROM chunk WHERE owes IS NOT NULL AND parked_at IS NULL ORDER BY id"
PARKED = "SELECT id FROM chunk WHERE parked_at IS NOT NULL ORDER BY id"
UNPARK = "UPDATE chunk SET parked_at = NULL, deaths = 0 WHERE parked_at IS NOT NULL"
PICK = (
    "UPDATE chunk SET epoch = epoch + 1, deaths = deaths + 1, worker = ? "
    "WHERE id = ? AND owes = ? AND parked_at IS NULL "
    "RETURNING id, epoch, first_entry, last_entry, deaths"
)
PARK = "UPDATE chunk SET parked_at = ? WHERE id = ? AND epoch = ?"
NO_DEATH = "UPDATE chunk SET deaths = deaths - 1, parked_at = NULL WHERE id = ? AND deaths > 0"
PUT_BACK: Final = {
    "start": (
        f"UPDATE chunk SET owes = {OWES}, worker = NULL, deaths = 0 "
        "WHERE id = ? AND epoch = ? RETURNING owes"
    ),
    "watch": (
        f"UPDATE chunk SET owes = {OWES_STILL}, worker = NULL, deaths = 0 "
        "WHERE id = ? AND epoch = ? RETURNING owes"
    ),
}
HOLD = "UPDATE chunk SET epoch = epoch WHERE id = ? AND epoch = ?"
HOLD_AND_LIVE = "UPDATE chunk SET deaths = 0 WHERE id = ? AND epoch = ?"
GUARD = (
    "UPDATE entry SET state = 'starting' WHERE id = ? AND state = 'planned' "
    "AND EXISTS (SELECT 1 FROM chunk WHERE chunk.id = ? AND epoch = ?)"
)
HOLD_PACE = "UPDATE pace SET next_due_at = next_due_at WHERE name = 'start'"
LEASE = (
    "UPDATE pace SET next_due_at = "
    "CASE WHEN next_due_at > ? THEN next_due_at ELSE ? END + ? WHERE name = ? RETURNING next_due_at"
)
IN_FLIGHT = "SELECT count(*) FROM entry WHERE state IN ('starting', 'running')"
OTHERS_UNDER_WAY = (  # but for what nobody watches, since it keeps killing workers
    "SELECT EXISTS (SELECT 1 FROM chunk WHERE owes = 'watch' AND parked_at IS NULL) "
    "OR EXISTS (SELECT 1 FROM entry WHERE state IN ('starting', 'running') "
    "AND NOT id BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM chunk "
    "WHERE parked_at IS NOT NULL AND entry.id BETWEEN first_entry AND last_entry))"
)
FAILED = "SELECT count(*) FROM entry WHERE state = 'failed'"
NEXT_PLANNED_IN_CHUNK = (
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE id BETWEEN ? AND ? AND in_sheet "
    "AND state = 'planned' AND row_number > ? ORDER BY row_number LIMIT ?"
)
ENROLLED_IN_CHUNK = (
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE id BETWEEN ? AND ? "
    "AND state IN (SELECT value FROM json_each(?)) ORDER BY id"
)
