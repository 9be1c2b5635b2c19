-- +goose Up

-- content is the SHA-256 over body and all that the batch said.
ALTER TABLE batch ADD COLUMN content TEXT NOT NULL DEFAULT '';

-- A withdrawal makes a batch stop counting. body is who, when and why, as JSON.
-- The batch gives up its input, which may then be added again.
CREATE TABLE withdrawal (
    batch INTEGER PRIMARY KEY,
    body  TEXT NOT NULL
) STRICT;

-- place is where in its batch an alert arrived first. revised says that the row
-- is no longer what arrived then, and void that no batch that brought the alert
-- counts any more.
ALTER TABLE alert ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN revised INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN void INTEGER NOT NULL DEFAULT 0;

-- What arrived first of a revised alert.
CREATE TABLE origin (
    alert      INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    name       INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    techniques INTEGER NOT NULL,
    tactic     INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    score      REAL,
    fields     TEXT NOT NULL
) STRICT;

-- What a batch said of an alert, in the order of arrival: every disposition,
-- and whatever was said of an alert that was known. Without a time it says of
-- the alert what arrived first; said is the time of the disposition, if there
-- is one.
CREATE TABLE arrival (
    seq        INTEGER PRIMARY KEY,
    batch      INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    alert      INTEGER NOT NULL,
    said       INTEGER,
    class      INTEGER,
    word       INTEGER,
    author     INTEGER,
    provenance INTEGER,
    time       INTEGER,
    rule       INTEGER,
    name       INTEGER,
    site       INTEGER,
    entity     INTEGER,
    severity   INTEGER,
    incident   INTEGER,
    techniques INTEGER,
    tactic     INTEGER,
    source     INTEGER,
    score      REAL,
    fields     TEXT
) STRICT;
CREATE INDEX arrival_alert ON arrival (alert);

INSERT INTO arrival (batch, place, alert, said, class, word, author, provenance)
    SELECT batch, place, alert, time, class, word, author, provenance FROM disposition ORDER BY batch, place;
UPDATE alert SET place = coalesce(
    (SELECT min(d.place) FROM disposition d WHERE d.alert = alert.seq AND d.batch = alert.batch), 0);
DROP TABLE disposition;

-- +goose Down
CREATE TABLE disposition (
    alert      INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    class      INTEGER NOT NULL,
    word       INTEGER NOT NULL,
    author     INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    batch      INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    PRIMARY KEY (alert, time, class, word, author, provenance)
) STRICT, WITHOUT ROWID;
INSERT INTO disposition (alert, time, class, word, author, provenance, batch, place)
    SELECT alert, said, class, word, author, provenance, batch, place FROM arrival WHERE said IS NOT NULL ORDER BY seq
    ON CONFLICT DO NOTHING;
DROP TABLE arrival;
DROP TABLE origin;
ALTER TABLE alert DROP COLUMN void;
ALTER TABLE alert DROP COLUMN revised;
ALTER TABLE alert DROP COLUMN place;
DROP TABLE withdrawal;
ALTER TABLE batch DROP COLUMN content;
