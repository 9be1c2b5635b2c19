-- +goose Up
-- What a team's own collection says of itself, as JSON; empty for a release of MITRE's.
ALTER TABLE release ADD COLUMN own TEXT NOT NULL DEFAULT '';

-- A release that was removed, without its bytes. Ids of releases, snapshots and
-- wordings that were in use are not given out again: next_* are above them.
CREATE TABLE removal (
    id            INTEGER PRIMARY KEY,
    release       TEXT NOT NULL, -- the release, as JSON
    at            TEXT NOT NULL,
    by            TEXT NOT NULL,
    reason        TEXT NOT NULL,
    next_release  INTEGER NOT NULL,
    next_snapshot INTEGER NOT NULL,
    next_wording  INTEGER NOT NULL
);

-- Hashes of bundle files that were published, beside those that are compiled in.
CREATE TABLE published_hash (
    stix    TEXT NOT NULL,
    domain  TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    source  TEXT NOT NULL,
    added   TEXT NOT NULL,
    PRIMARY KEY (stix, domain, version)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE published_hash;
DROP TABLE removal;
ALTER TABLE release DROP COLUMN own;
