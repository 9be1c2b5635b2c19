-- +goose Up

-- A batch is one import. input is what makes two batches the same: kind and
-- hash. body is the batch as JSON.
CREATE TABLE batch (
    seq   INTEGER PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    input TEXT NOT NULL UNIQUE,
    body  TEXT NOT NULL
) STRICT;

-- A record is one statement. superseded is the batch that brought a later
-- statement with the same kind and key; the statement in force has none.
CREATE TABLE record (
    seq        INTEGER PRIMARY KEY,
    batch      INTEGER NOT NULL REFERENCES batch (seq),
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    body       BLOB NOT NULL,
    superseded INTEGER REFERENCES batch (seq)
) STRICT;

CREATE UNIQUE INDEX record_current ON record (kind, key) WHERE superseded IS NULL;
-- Reads all of a kind in the order of the table, which is faster than by key.
CREATE INDEX record_kind ON record (kind, seq) WHERE superseded IS NULL;
CREATE INDEX record_history ON record (kind, key, seq) WHERE superseded IS NOT NULL;

-- +goose Down
DROP TABLE record;
DROP TABLE batch;
