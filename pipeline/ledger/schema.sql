-- The ledger: what was started and what came back. One file, readable by any SQLite tool.
-- Moments are Unix seconds. Never holds the key. PRAGMA user_version is the schema's version.

CREATE TABLE fact (                  -- single facts about the ledger itself
    name  TEXT PRIMARY KEY,          -- holder: the process id that holds the ledger now
                                     -- token: random, what this ledger's tokens begin with
                                     -- machine, inode: where the ledger was last held
                                     -- webhooks: last parts of the addresses that were or may
                                     -- have been registered for pushes and not removed, JSON
                                     -- adjusted: changes to the batch that runs now, JSON
                                     -- reading, output: digests of what was read and shown last
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE reading (               -- one reading of the sheet, with all its rows
    id      INTEGER PRIMARY KEY,
    read_at REAL    NOT NULL,
    source  TEXT    NOT NULL,        -- the input's path
    service TEXT    NOT NULL,        -- the address of the service that its rows were for
    workflow TEXT   NOT NULL,        -- and the id of the workflow there
    rows    INTEGER NOT NULL,        -- its rows that are not blank
    skipped INTEGER NOT NULL,        -- of them: left out by `where`
    faulty  INTEGER NOT NULL         -- of them: start variables can't be made
);

CREATE TABLE round (                 -- rows were asked for again
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('fresh', 'retry')),
    opened_at REAL NOT NULL,
    ended_at  REAL                   -- NULL: still going on
);

CREATE UNIQUE INDEX one_open_round ON round ((ended_at IS NULL)) WHERE ended_at IS NULL;

CREATE TABLE entry (                 -- one row, by what it is and not by its number
    id         INTEGER PRIMARY KEY,
    row_key    TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (        -- no list of words: SQLite makes it anew for each row
        state = 'planned'            -- its turn to be started is to come
        OR state = 'starting'        -- the intent is durable, the reply is not
        OR state = 'running'         -- the service gave a run id
        OR state = 'unconfirmed'     -- it may have been started: never sent again by guess
        OR state = 'complete' OR state = 'failed'    -- the run ended, or the start was refused
        OR state = 'expired'),       -- watched for `give_up` and not seen to end
    attempts   INTEGER NOT NULL DEFAULT 0,   -- the highest number that was used
    retries    INTEGER NOT NULL DEFAULT 0,   -- new attempts made by `retry.failed`
    round_id   INTEGER NOT NULL DEFAULT 0,   -- the round that asked for its newest attempt
    owes_retry INTEGER NOT NULL DEFAULT 0,   -- one more look, then a new attempt
    reading_id INTEGER    NOT NULL,     -- the newest reading that held the row
    row_number INTEGER NOT NULL,     -- its number in the sheet then, of equal rows the first's
    rows       INTEGER NOT NULL,     -- how many rows of the sheet it was then: equal ones may
                                     -- share it
    variables  TEXT    NOT NULL,     -- start variables, JSON
    cells      TEXT    NOT NULL,     -- the raw cells they were made of in that reading, JSON
    rendering  INTEGER NOT NULL      -- the version of the rules that made them text
);
CREATE UNIQUE INDEX entry_by_key ON entry (row_key);
CREATE INDEX entry_by_turn ON entry (reading_id, state, row_number, rows);

CREATE TABLE attempt (               -- one intent to start a run, and what came of it
    entry_id    INTEGER NOT NULL REFERENCES entry (id),
    number      INTEGER NOT NULL,    -- within its entry, from 1
    state       TEXT    NOT NULL,    -- as an entry's, never 'planned'
    round_id    INTEGER NOT NULL,
    token       TEXT    NOT NULL UNIQUE,     -- what its start carried in its metadata
    intended_at REAL    NOT NULL,
    started_at  REAL,
    seen_running_at REAL,            -- by the last look before the end; NULL: no look saw it so
    ended_at    REAL,
    run_id      TEXT UNIQUE,         -- a run belongs to one attempt
    named       INTEGER NOT NULL DEFAULT 0,  -- 1: a person said that this was its run
    credits     REAL,                -- NULL: the service did not say
    outputs     TEXT,                -- JSON
    error       TEXT,
    failure     TEXT,                -- input, transient, provider: who could mend it; 'never
                                     -- begun': it was in doubt, and no run was begun;
                                     -- 'unconfirmed': given up
    PRIMARY KEY (entry_id, number)
);
CREATE INDEX attempt_expired ON attempt (entry_id) WHERE state = 'expired';

CREATE TABLE written (               -- the output sheets that this ledger wrote
    path       TEXT PRIMARY KEY,
    digest     TEXT NOT NULL,        -- SHA-256 of the file
    written_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE written_text (          -- what was put into cells and no attempt tells of later
    header TEXT NOT NULL,
    text   TEXT NOT NULL,            -- an error that passed, a total of credits
    PRIMARY KEY (header, text)
) WITHOUT ROWID;

CREATE VIEW newest_reading AS SELECT * FROM reading ORDER BY id DESC LIMIT 1;

-- The readings whose rows were for the same workflow as the newest one's.
CREATE VIEW reading_of_workflow AS SELECT id FROM reading
WHERE (service, workflow) = (SELECT service, workflow FROM newest_reading);

-- Every entry beside the attempt that tells of it: the newest one; of a complete entry, the newest
-- that is complete, since an older attempt may have ended after a newer one failed.
CREATE VIEW entry_now AS
SELECT entry.id, row_key, row_number, rows, variables, entry.state, attempts, retries, entry.round_id,
       owes_retry, number, attempt.state AS attempt_state, attempt.round_id AS attempt_round_id,
       token, intended_at, started_at, seen_running_at, ended_at, run_id, named, credits, outputs, error, failure,
       reading_id, reading_id = (SELECT id FROM newest_reading) AS in_sheet
FROM entry LEFT JOIN attempt ON entry_id = entry.id AND number = coalesce(
    (SELECT max(number) FROM attempt AS told
     WHERE told.entry_id = entry.id AND entry.state = 'complete' AND told.state = 'complete'),
    (SELECT max(number) FROM attempt AS told WHERE told.entry_id = entry.id)
);

CREATE VIEW row_now AS               -- the same, and what all attempts of the row cost so far
SELECT entry_now.*, (SELECT sum(credits) FROM attempt WHERE entry_id = entry_now.id) AS total_credits
FROM entry_now;
