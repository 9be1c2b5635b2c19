-- +goose Up

-- A batch is one import. input is what makes two batches the same: the hash.
-- body is the batch as JSON.
CREATE TABLE batch (
    seq   INTEGER PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    input TEXT NOT NULL UNIQUE,
    body  TEXT NOT NULL
) STRICT;

-- A term is a string that many rows share: a rule's id, a host, a class. The
-- other tables name it by number; 0 is the empty string.
CREATE TABLE term (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO term VALUES (0, '');

-- An alert with everything said of it so far. Times are nanoseconds since
-- 1970. class and provenance are those under which it is counted now, and said
-- is the time of the disposition that says so. batch brought it first. No two
-- have the same id; it is found by its digest, because an index of long random
-- ids outgrows memory and then every insert waits for the disk.
CREATE TABLE alert (
    seq        INTEGER PRIMARY KEY,
    digest     INTEGER NOT NULL,
    id         TEXT NOT NULL,
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
    fields     TEXT NOT NULL,
    class      INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    said       INTEGER NOT NULL,
    batch      INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_digest ON alert (digest);

-- A disposition is one statement about an alert. The key makes a statement that
-- is repeated the same statement; batch and place say where it was made first.
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

-- A cell counts alerts. day is days since 1970. A cluster is an incident, or
-- else a site and an entity, and then incident is 0.
CREATE TABLE cell (
    day        INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    class      INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    n          INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (day, rule, incident, site, entity, class, provenance)
) STRICT, WITHOUT ROWID;

-- What is known of each rule that alerts name.
CREATE TABLE rule (
    rule   INTEGER PRIMARY KEY,
    name   INTEGER NOT NULL,
    alerts INTEGER NOT NULL CHECK (alerts >= 0),
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL
) STRICT;

CREATE TABLE rule_batch (
    rule  INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (rule, batch)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE rule_batch;
DROP TABLE rule;
DROP TABLE cell;
DROP TABLE disposition;
DROP TABLE alert;
DROP TABLE term;
DROP TABLE batch;
