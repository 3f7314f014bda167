-- What several workers share beside the ledger, in words that SQLite and Postgres both take.

CREATE TABLE chunk (                 -- rows that one worker at a time starts and watches
    id          INTEGER PRIMARY KEY,
    first_entry BIGINT  NOT NULL,    -- its rows: the entries from this id on
    last_entry  BIGINT  NOT NULL,    -- up to that one
    epoch       INTEGER NOT NULL DEFAULT 0,  -- counts how often it was picked: only its newest
                                     -- picker may write
    deaths      INTEGER NOT NULL DEFAULT 0,  -- picks since something of it was last recorded
    worker      TEXT,                -- who picked it last; NULL: it was put back in order
    parked_at   DOUBLE PRECISION     -- it kept killing workers: no one picks it any more
);

CREATE TABLE pace (                  -- when the next call of a class may leave, by the server's clock
    name        TEXT PRIMARY KEY,    -- start, look
    next_due_at DOUBLE PRECISION NOT NULL
);
INSERT INTO pace VALUES ('start', 0), ('look', 0);
