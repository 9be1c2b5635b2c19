-- A batch is one import. body is the batch as JSON, and content the SHA-256 over
-- all that the batch said, and body.
CREATE TABLE batch (
    seq     INTEGER NOT NULL,
    id      VARCHAR NOT NULL,
    hash    VARCHAR NOT NULL,
    body    VARCHAR NOT NULL,
    content VARCHAR NOT NULL
);

-- A withdrawal makes a batch stop counting. body is who, when and why, as JSON.
CREATE TABLE withdrawal (
    batch INTEGER NOT NULL,
    body  VARCHAR NOT NULL
);

-- A term is a string that many rows share: a rule's id, a host, a class. The
-- other tables name it by number, because numbers are counted many times faster;
-- 0 is the empty string. Nothing is ever taken out, and no text is there twice:
-- the one writer sees to that, because an index of all texts would have to fit
-- into memory.
CREATE TABLE term (
    id   INTEGER NOT NULL,
    text VARCHAR NOT NULL
);
INSERT INTO term VALUES (0, ''), (1, 'unlabelled');

-- An alert with everything said of it so far. Everything that arrives gets a
-- number, seq; an alert has that of its first arrival, which batch brought.
-- Times are nanoseconds since 1970, and day is the day of time. class and
-- provenance are those under which it is counted now, and said is the time of
-- the disposition that says so. revised says that the row is no longer what
-- arrived first, and void that no batch that brought the alert counts any more.
-- No two have the same id; the one writer sees to that too, with the help of
-- digest, which is a number made from the id: to compare numbers is faster, and
-- few ids share one.
CREATE TABLE alert (
    seq        BIGINT  NOT NULL,
    batch      INTEGER NOT NULL,
    digest     BIGINT  NOT NULL,
    id         VARCHAR NOT NULL USING COMPRESSION fsst,
    day        INTEGER NOT NULL,
    time       BIGINT  NOT NULL,
    rule       INTEGER NOT NULL,
    name       INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    techniques INTEGER NOT NULL,
    tactic     INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    score      DOUBLE,
    fields     VARCHAR NOT NULL,
    class      INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    said       BIGINT  NOT NULL,
    revised    BOOLEAN NOT NULL,
    void       BOOLEAN NOT NULL
);

-- What arrived first of a revised alert.
CREATE TABLE origin (
    alert      BIGINT  NOT NULL,
    time       BIGINT  NOT NULL,
    rule       INTEGER NOT NULL,
    name       INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    techniques INTEGER NOT NULL,
    tactic     INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    score      DOUBLE,
    fields     VARCHAR NOT NULL
);

-- What a batch said of an alert: every disposition, and whatever arrived of an
-- alert that was known. class is 0 when there was no disposition; said is its
-- time. Where the arrival was news, rule is the rule that the alert then was of,
-- was the one before, 0 if the alert did not count before, and name what the
-- rule was called; where it was not, rule is 0. All three are 0 for the first
-- arrival of an alert, which the alert itself tells.
CREATE TABLE arrival (
    seq        BIGINT  NOT NULL,
    batch      INTEGER NOT NULL,
    alert      BIGINT  NOT NULL,
    said       BIGINT  NOT NULL,
    class      INTEGER NOT NULL,
    word       INTEGER NOT NULL,
    author     INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    was        INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    name       INTEGER NOT NULL
);

-- What an arrival said of an alert, where that is not what arrived first.
CREATE TABLE restated (
    seq        BIGINT  NOT NULL,
    alert      BIGINT  NOT NULL,
    time       BIGINT  NOT NULL,
    rule       INTEGER NOT NULL,
    name       INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    techniques INTEGER NOT NULL,
    tactic     INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    score      DOUBLE,
    fields     VARCHAR NOT NULL
);
