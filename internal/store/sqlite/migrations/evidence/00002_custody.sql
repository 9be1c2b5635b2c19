-- +goose Up

-- content is the SHA-256 over body and all that the batch said.
ALTER TABLE batch ADD COLUMN content TEXT NOT NULL DEFAULT '';

-- A withdrawal makes a batch stop counting. body is who, when and why, as JSON.
-- The batch gives up its input, which may then be added again.
CREATE TABLE withdrawal (
    batch INTEGER PRIMARY KEY REFERENCES batch (seq),
    body  TEXT NOT NULL
) STRICT;

-- What a batch said and an earlier one had said before: should the earlier one
-- be withdrawn, this one still says it.
CREATE TABLE restatement (
    seq    INTEGER PRIMARY KEY,
    batch  INTEGER NOT NULL REFERENCES batch (seq),
    record INTEGER NOT NULL REFERENCES record (seq),
    UNIQUE (batch, record)
) STRICT;

-- The batch that a record is from since the one that brought it was withdrawn.
-- superseded is also set, to the record's own batch, when no batch that counts
-- says it, or says it as news. Both columns follow from the other tables.
ALTER TABLE record ADD COLUMN carrier INTEGER REFERENCES batch (seq);

-- +goose Down
ALTER TABLE record DROP COLUMN carrier;
DROP TABLE restatement;
DROP TABLE withdrawal;
ALTER TABLE batch DROP COLUMN content;
