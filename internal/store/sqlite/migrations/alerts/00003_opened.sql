-- +goose Up

-- opened is when it was said of the alerts that they are open: of unlabelled ones
-- of an incident, if that is what counts, and the least number otherwise.
CREATE TABLE cell_opened (
    day        INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    class      INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    opened     INTEGER NOT NULL,
    n          INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (day, rule, incident, site, entity, class, provenance, opened)
) STRICT, WITHOUT ROWID;
INSERT INTO cell_opened
    SELECT day, rule, incident, site, entity, class, provenance, -9223372036854775808, n FROM cell;
DROP TABLE cell;
ALTER TABLE cell_opened RENAME TO cell;

-- +goose Down
CREATE TABLE cell_closed (
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
INSERT INTO cell_closed
    SELECT day, rule, incident, site, entity, class, provenance, sum(n) FROM cell GROUP BY 1, 2, 3, 4, 5, 6, 7;
DROP TABLE cell;
ALTER TABLE cell_closed RENAME TO cell;
