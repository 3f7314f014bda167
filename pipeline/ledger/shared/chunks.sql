-- What several workers share beside the ledger, in words that SQLite and Postgres both take.

CREATE TABLE chunk (                 -- rows that one worker at a time starts or watches
    id          INTEGER PRIMARY KEY,
    first_entry BIGINT  NOT NULL,    -- its rows: the entries from this id on
    last_entry  BIGINT  NOT NULL,    -- up to that one
    owes        TEXT CHECK (owes IN ('start', 'watch')),     -- what is to be done; NULL: nothing
    epoch       INTEGER NOT NULL DEFAULT 0,  -- counts its pickers: only the newest may write
    deaths      INTEGER NOT NULL DEFAULT 0,  -- pickers since one last got on with a row
    worker      TEXT,                -- who picked it last; NULL: it was put back in order
    parked_at   DOUBLE PRECISION     -- it kept killing workers: no one picks it any more
);
CREATE INDEX entry_by_state ON entry (state);   -- counted at each start, in all chunks
CREATE INDEX chunk_by_debt ON chunk (owes) WHERE owes IS NOT NULL;

CREATE TABLE pace (                  -- when the next call of a class may leave, by one clock for all
    name        TEXT PRIMARY KEY,    -- start, look
    next_due_at DOUBLE PRECISION NOT NULL
);
INSERT INTO pace VALUES ('start', 0), ('look', 0);
