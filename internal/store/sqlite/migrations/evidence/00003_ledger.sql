-- +goose Up

-- An entry of the ledger, exactly as its hash was made.
CREATE TABLE ledger_entry (
    seq  INTEGER PRIMARY KEY,
    line BLOB NOT NULL
) STRICT;

-- The hashes of the tree over the entries, in the order in which each became
-- known: golang.org/x/mod/sumdb/tlog says which place is which.
CREATE TABLE ledger_hash (
    place INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE ledger_hash;
DROP TABLE ledger_entry;
