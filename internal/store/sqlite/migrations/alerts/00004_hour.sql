-- +goose Up

-- A cell counts the alerts of an hour of its day, 0 to 23 in UTC, and of one site,
-- where it is of an incident too.
CREATE TABLE cell_hour (
    day        INTEGER NOT NULL,
    hour       INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    incident   INTEGER NOT NULL,
    site       INTEGER NOT NULL,
    entity     INTEGER NOT NULL,
    class      INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    opened     INTEGER NOT NULL,
    n          INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (day, hour, rule, incident, site, entity, class, provenance, opened)
) STRICT, WITHOUT ROWID;
INSERT INTO cell_hour
    SELECT day, ((time - day * 86400000000000) / 3600000000000), rule, incident, site, entity, class, provenance, opened, count(*)
    FROM (
        SELECT time, (time - ((time % 86400000000000) + 86400000000000) % 86400000000000) / 86400000000000 AS day, rule, incident, site,
            iif(incident = 0, entity, 0) AS entity,
            iif(class IN (SELECT id FROM term WHERE text = 'open'), (SELECT id FROM term WHERE text = 'unlabelled'), class) AS class,
            iif(class IN (SELECT id FROM term WHERE text = 'open'), 0, provenance) AS provenance,
            iif(incident <> 0 AND class IN (SELECT id FROM term WHERE text = 'open'), said, -9223372036854775808) AS opened
        FROM alert WHERE NOT void)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
DROP TABLE cell;
ALTER TABLE cell_hour RENAME TO cell;

-- +goose Down
CREATE TABLE cell_day (
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
INSERT INTO cell_day
    SELECT day, rule, incident, iif(incident = 0, site, 0), entity, class, provenance, opened, sum(n) FROM cell GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
DROP TABLE cell;
ALTER TABLE cell_day RENAME TO cell;
