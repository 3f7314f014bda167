"""The SQL that the store and the history say. Owns their statements; must not know who asks.

The tables and views are described in `schema.sql`. What is asked elsewhere stands there: by the
live page alone in `onlooker.py`, by several workers and on a server in `shared`.
"""

from pipeline.ledger.records import ATTEMPT_COLUMNS

_TOLD = ", ".join(ATTEMPT_COLUMNS[ATTEMPT_COLUMNS.index("token") :])
ATTEMPT = f"number, attempt_state, attempt_round_id, {_TOLD}"
"""The columns of an attempt beside its entry, in the order in which `records` reads them."""
ENTRY = f"id, state, attempts, retries, round_id, owes_retry, {ATTEMPT}"
ENROLLED_ENTRY = f"row_key, row_number, variables, {ENTRY}"

STATE_OF = "SELECT state FROM entry WHERE row_key = ?"
ROW_KEYS = "SELECT row_key FROM entry ORDER BY id"
COUNT_ENTRIES = "SELECT count(*) FROM entry"
PAID = (
    "SELECT row_key, entry.rows, cells, rendering "
    "FROM entry JOIN reading ON reading.id = reading_id "
    "WHERE service <> ? AND EXISTS (SELECT 1 FROM attempt WHERE entry_id = entry.id AND ("
    "run_id IS NOT NULL OR attempt.state IN ('starting', 'unconfirmed') OR failure = 'unconfirmed'"
    "))"
)
BEGIN_READING = (
    "INSERT INTO reading (read_at, source, service, workflow, rows, skipped, faulty) "
    "VALUES (?, ?, ?, ?, 0, 0, 0) RETURNING id"
)
ANY_ENTRY = "SELECT 1 FROM entry LIMIT 1"
ENTRY_INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entry' "
    "AND sql IS NOT NULL"
)
ENROL_FIRST = (
    "INSERT INTO entry "
    "(row_key, state, reading_id, row_number, rows, variables, cells, rendering) "
    "VALUES (?, 'planned', ?, ?, 1, ?, ?, ?)"
)
ENROL = (
    f"{ENROL_FIRST} ON CONFLICT (row_key) DO UPDATE "
    # A key that this reading has met already: equal rows share the entry, by the first one.
    "SET rows = iif(reading_id = excluded.reading_id, rows + 1, 1), "
    "row_number = iif(reading_id = excluded.reading_id, row_number, excluded.row_number), "
    "cells = iif(reading_id = excluded.reading_id, cells, excluded.cells), "
    "rendering = excluded.rendering, reading_id = excluded.reading_id"
)
COUNT_ROWS = "UPDATE reading SET rows = ?, skipped = ?, faulty = ? WHERE id = ?"
HAS_PAID = f"SELECT EXISTS ({PAID})"
OPEN_ENTRIES = "SELECT 1 FROM entry WHERE state NOT IN ('complete', 'failed') LIMIT 1"
TAKE_BACK_ATTEMPTS = (  # only one that is starting can be taken back: all others are on record
    "DELETE FROM attempt WHERE entry_id IN (SELECT value FROM json_each(?)) AND state = 'starting'"
)
ENROLLED_IN_SHEET = (
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE in_sheet "
    "AND state IN (SELECT value FROM json_each(?)) ORDER BY row_number"
)
LEFT_THE_SHEET = (
    "SELECT id FROM entry WHERE reading_id <> (SELECT id FROM newest_reading) "
    "AND id IN (SELECT value FROM json_each(?))"
)
NEXT_PLANNED = (
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE in_sheet AND state = 'planned' "
    "AND row_number > ? ORDER BY row_number LIMIT ?"
)
PLANNED_BY_ID = (  # the + keeps SQLite from going through all planned rows for a few ids
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE +in_sheet AND +state = 'planned' "
    "AND id IN (SELECT value FROM json_each(?)) ORDER BY row_number"
)
ENROLLED = (  # another workflow's runs are not found by this one's calls
    f"SELECT {ENROLLED_ENTRY} FROM entry_now WHERE state IN (SELECT value FROM json_each(?)) "
    "AND reading_id IN (SELECT id FROM reading_of_workflow) ORDER BY id"
)
CONFIRMED = (  # a run that a person named need not have been started with what we sent
    "SELECT run_id, token, variables FROM attempt JOIN entry ON entry.id = entry_id "
    "WHERE reading_id IN (SELECT id FROM reading_of_workflow) AND run_id IS NOT NULL AND NOT named "
    "AND attempt.state <> 'expired' ORDER BY attempt.rowid DESC LIMIT ?"
)
_OWNER = "entry_id, number, attempt.state, credits IS NULL, outputs IS NULL"
OWNERS = f"SELECT run_id, {_OWNER} FROM attempt WHERE run_id IN (SELECT value FROM json_each(?))"
BEARERS = f"SELECT token, {_OWNER} FROM attempt WHERE token IN (SELECT value FROM json_each(?))"
BEARERS_WITHOUT_RUN = (  # the + keeps SQLite from going through all attempts without a run
    f"{BEARERS} AND +run_id IS NULL AND state = 'failed'"
)
# Only `--fresh` asks for a row anew whose run has completed, and what it left aside stays there. By
# rounds alone: a clock may have been set between two moments.
_SENT_AFRESH = (
    "EXISTS (SELECT 1 FROM attempt AS newer JOIN round ON round.id = newer.round_id "
    "WHERE newer.entry_id = told.entry_id AND kind = 'fresh' AND round.id > told.round_id "
    "AND coalesce(newer.failure, '') <> 'never begun')"
)
_ASKED_AFRESH = (
    "EXISTS (SELECT 1 FROM round "
    "WHERE round.id = entry.round_id AND kind = 'fresh' AND round.id > told.round_id)"
)
_HAS_OUTPUTS = (
    "EXISTS (SELECT 1 FROM attempt AS told WHERE told.entry_id = entry.id "
    f"AND told.state = 'complete' AND NOT {_SENT_AFRESH})"
)
USE_EARLIER_OUTPUTS = (  # a run given up for a newer attempt completed, and that one did not
    "UPDATE entry SET state = 'complete', owes_retry = FALSE "
    "WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('failed', 'expired') "
    f"AND {_HAS_OUTPUTS}"
)
TAKE_LATE_OUTPUTS = (  # a run completed late, before the newer attempt that was asked for has left
    "UPDATE entry SET state = 'complete', owes_retry = FALSE "
    "WHERE id IN (SELECT value FROM json_each(?)) AND state = 'planned' "
    "AND EXISTS (SELECT 1 FROM attempt AS told WHERE told.entry_id = entry.id "
    f"AND told.state = 'complete' AND NOT {_SENT_AFRESH} AND NOT {_ASKED_AFRESH})"
)
WAITED_FOR = (  # runs that were given up, and would still spare their row the newer attempt
    # CROSS and the + keep SQLite from going through all rows for a few expired runs
    f"SELECT run_id, {_OWNER.replace('attempt.', 'told.')} FROM attempt AS told CROSS JOIN entry "
    "WHERE entry.id = entry_id AND told.state = 'expired' AND +run_id IS NOT NULL "
    "AND entry.state = 'planned' AND reading_id = (SELECT id FROM newest_reading) "
    f"AND NOT {_SENT_AFRESH} AND NOT {_ASKED_AFRESH}"
)
WAITED_FOR_BY_ID = f"{WAITED_FOR} AND entry_id IN (SELECT value FROM json_each(?))"
SUPERSEDED = (
    f"SELECT run_id, {_OWNER} FROM attempt JOIN entry ON entry.id = entry_id "
    "WHERE attempt.state = 'expired' AND run_id IS NOT NULL "
    "AND reading_id IN (SELECT id FROM reading_of_workflow) "
    "AND (number < attempts OR entry.state = 'complete') "
    "AND coalesce((SELECT max(intended_at) FROM attempt AS newer "
    "WHERE newer.entry_id = entry.id AND newer.number > attempt.number), ended_at) > ?"
)
ENTRY_WITH_ATTEMPT = (
    "SELECT entry.id, entry.state, attempts, retries, entry.round_id, owes_retry, "
    f"number, attempt.state, attempt.round_id, {_TOLD} "
    "FROM entry JOIN attempt ON entry_id = entry.id WHERE entry.id = ? AND number = ?"
)
STANDINGS = (
    f"SELECT row_key, state, total_credits, {ATTEMPT} FROM row_now "
    "WHERE row_key IN (SELECT value FROM json_each(?))"
)
EVERY_ATTEMPT = f"SELECT state, credits, number, state, round_id, {_TOLD} FROM attempt"
STATEMENT = (  # outputs and errors may be long, and are no part of a bill
    "SELECT row_number, reading_id = (SELECT id FROM newest_reading) AS in_sheet, entry.rows, "
    "service, workflow, number, attempt.state, attempt.round_id, token, intended_at, started_at, "
    "seen_running_at, ended_at, run_id, named, credits, NULL, NULL, failure "
    "FROM attempt JOIN entry ON entry.id = entry_id JOIN reading ON reading.id = reading_id "
    "ORDER BY in_sheet DESC, row_number, entry_id, number"
)
# Sums over many attempts take out the rows that they leave aside, which mostly are few or none: to
# look up the row of each attempt took ten times as long.
_UNENDED = (
    "(attempt.state IN ('starting', 'running', 'unconfirmed', 'expired') "
    "OR failure = 'unconfirmed')"
)
_UNNAMED = (
    "(attempt.state IN ('complete', 'failed') "
    "AND run_id IS NOT NULL AND coalesce(failure, '') <> 'unconfirmed')"
)
SPENDING = (  # as `core.money.budget.Spending` counts one attempt
    "WITH elsewhere AS MATERIALIZED (SELECT id FROM entry WHERE reading_id IN ("
    "SELECT id FROM reading WHERE "
    "(service = ?) <> (coalesce(?, (SELECT service FROM newest_reading)) = ?))), "
    "of_others AS MATERIALIZED (SELECT id FROM entry WHERE reading_id IN ("
    "SELECT id FROM reading EXCEPT SELECT id FROM reading_of_workflow)) "
    "SELECT coalesce(sum(credits), 0), "
    f"count(*) FILTER (WHERE credits IS NULL AND {_UNENDED}), "
    f"count(*) FILTER (WHERE credits IS NULL AND {_UNNAMED}), "
    "max(credits) FILTER (WHERE of_others.id IS NULL), "
    "count(*) FILTER (WHERE of_others.id IS NOT NULL "
    f"AND credits IS NULL AND ({_UNENDED} OR {_UNNAMED})), "
    "max(credits) FILTER (WHERE of_others.id IS NOT NULL) "
    "FROM attempt LEFT JOIN elsewhere ON elsewhere.id = entry_id "
    "LEFT JOIN of_others ON of_others.id = entry_id WHERE elsewhere.id IS NULL"
)
PAST_RUNS = (  # a reading in between: another call saw the end, and not as soon as it was there
    "SELECT credits, CASE WHEN EXISTS (SELECT 1 FROM reading WHERE read_at > started_at "
    "AND read_at <= ended_at) THEN NULL ELSE max(0, ended_at - started_at) END, "
    "attempt.state = 'failed' FROM attempt JOIN entry ON entry.id = entry_id "
    "JOIN reading ON reading.id = reading_id WHERE service = ? AND workflow = ? "
    "AND run_id IS NOT NULL AND attempt.state IN ('complete', 'failed') "
    "ORDER BY attempt.rowid DESC LIMIT ?"
)
SEEN_ENDS = (
    "SELECT coalesce(seen_running_at - started_at, 0), ended_at - started_at FROM attempt "
    "WHERE state IN ('complete', 'failed') AND ended_at > started_at "
    "AND started_at - intended_at < ? ORDER BY rowid DESC LIMIT ?"
)
NEWEST_ATTEMPT = "SELECT coalesce(max(rowid), 0) FROM attempt"
NOT_COMPLETE_SINCE = (
    "SELECT count(*) FROM entry WHERE state <> 'complete' "
    "AND id IN (SELECT entry_id FROM attempt WHERE rowid > ?)"
)
READ_FOR = "SELECT service, workflow FROM newest_reading"
SHEET_COUNTS = "SELECT rows, skipped, faulty FROM newest_reading"
COUNT_STATES = (
    "SELECT state, sum(rows), count(*) FROM entry "
    "WHERE reading_id = (SELECT id FROM newest_reading) GROUP BY state"
)
SAVED_CREDITS = (
    "SELECT coalesce(sum((rows - 1) * credits), 0) FROM entry_now "
    "WHERE in_sheet AND rows > 1 AND state = 'complete'"
)
SUM_CREDITS = (
    "WITH gone AS MATERIALIZED ("
    "SELECT id FROM entry WHERE reading_id < (SELECT id FROM newest_reading)) "
    "SELECT coalesce(sum(credits), 0), "
    "count(*) FILTER (WHERE state = 'complete' AND credits IS NULL) "
    "FROM attempt LEFT JOIN gone ON gone.id = entry_id WHERE gone.id IS NULL"
)
OPEN_ROUND = "SELECT id, kind FROM round WHERE ended_at IS NULL"
BEGIN_ROUND = "INSERT INTO round (kind, opened_at) VALUES (?, ?) RETURNING id"
OWED_IN_ROUND = (
    "SELECT 1 FROM entry_now WHERE round_id = ? AND in_sheet "
    "AND (state IN ('planned', 'starting', 'running') OR owes_retry) LIMIT 1"
)
LEAVE_UNSENT_AS_THEY_WERE = (  # a run that is still watched goes on
    "UPDATE entry SET owes_retry = FALSE, "
    f"state = CASE WHEN state <> 'running' AND {_HAS_OUTPUTS} THEN 'complete' "
    "ELSE coalesce((SELECT attempt.state FROM attempt "
    "WHERE entry_id = entry.id ORDER BY number DESC LIMIT 1), 'planned') END "
    "WHERE round_id = ? AND (state = 'planned' OR owes_retry)"
)
END_ROUND = "UPDATE round SET ended_at = ? WHERE id = ?"
SAY_FACT = "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
FORGET_FACT = "DELETE FROM fact WHERE name = ?"
TELL_FACT = "SELECT value FROM fact WHERE name = ?"
SAY_WRITTEN = (
    "INSERT INTO written VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE "
    "SET digest = excluded.digest, written_at = excluded.written_at"
)
IS_WRITTEN = "SELECT 1 FROM written WHERE digest = ?"
REMEMBER_TEXT = "INSERT INTO written_text VALUES (?, ?) ON CONFLICT DO NOTHING"
WRITTEN_TEXTS = "SELECT text FROM written_text WHERE header = ?"
TELL_WRITTEN = "SELECT digest FROM written WHERE path = ?"
SPANS_OF_RUNS = (
    "SELECT started_at, CASE WHEN attempt.state IN ('complete', 'failed') THEN ended_at END "
    "FROM attempt JOIN entry ON entry.id = entry_id "
    "WHERE reading_id = (SELECT id FROM newest_reading) AND started_at IS NOT NULL"
)
SPAN_OF_ALL = "SELECT min(started_at), max(started_at), max(ended_at) FROM attempt"
STARTS_BY_STEP = (
    "SELECT CAST((started_at - ?) / ? AS INTEGER) AS place, count(*) "
    "FROM attempt WHERE started_at >= ? GROUP BY place"
)
ENDS_BY_STEP = (
    "SELECT CAST((ended_at - ?) / ? AS INTEGER) AS place, state = 'complete', count(*) "
    "FROM attempt WHERE ended_at >= ? AND started_at IS NOT NULL GROUP BY 1, 2"
)
NEWEST_DURATIONS = (  # a clock that was set back gives ends before their starts
    "SELECT ended_at - started_at FROM attempt "
    "WHERE state IN ('complete', 'failed') AND ended_at >= started_at "
    "ORDER BY attempt.rowid DESC LIMIT ?"
)
CREDITS_OF_ROWS = (
    "SELECT sum(credits) FROM attempt JOIN entry ON entry.id = entry_id "
    "WHERE reading_id = (SELECT id FROM newest_reading) GROUP BY entry_id "
    "HAVING count(credits) > 0"
)
FAILED_ROWS = (
    "SELECT failure, sum(rows) FROM entry_now WHERE in_sheet AND state = 'failed' GROUP BY failure"
)
TROUBLED_ROWS = (
    "SELECT row_number, state, failure, run_id, attempts, total_credits, error FROM row_now "
    "WHERE in_sheet AND state IN ('failed', 'expired', 'unconfirmed') ORDER BY row_number"
)
