-- +goose Up
-- Object bytes are kept once: pack holds the bytes of consecutive snapshots of
-- one STIX type, packed together; release.members says which snapshots a release
-- carries; release_view is derived from them for lists and relations.
CREATE TABLE release (
    id        INTEGER PRIMARY KEY,
    domain    TEXT NOT NULL,
    version   TEXT NOT NULL,
    stix      TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    source    TEXT NOT NULL,
    size      INTEGER NOT NULL,
    objects   INTEGER NOT NULL,
    published TEXT NOT NULL,
    imported  TEXT NOT NULL,
    verified  TEXT NOT NULL,
    members   BLOB NOT NULL,
    UNIQUE (domain, version, stix)
);

CREATE TABLE release_view (
    release INTEGER PRIMARY KEY REFERENCES release (id),
    data    BLOB NOT NULL
);

CREATE TABLE oddity (
    release   INTEGER NOT NULL REFERENCES release (id),
    seq       INTEGER NOT NULL,
    stix_id   TEXT NOT NULL,
    attack_id TEXT NOT NULL,
    what      TEXT NOT NULL,
    PRIMARY KEY (release, seq)
) WITHOUT ROWID;

CREATE TABLE pack (
    first  INTEGER PRIMARY KEY, -- the id of its first snapshot
    count  INTEGER NOT NULL,
    type   TEXT NOT NULL,
    hashes BLOB NOT NULL, -- the object hash of each snapshot
    data   BLOB NOT NULL
);

-- raw_hash is the first half of the SHA-256 of the exact bytes: enough to tell
-- the versions of one object apart.
CREATE TABLE snapshot (
    stix_id    TEXT NOT NULL,
    raw_hash   BLOB NOT NULL,
    id         INTEGER NOT NULL,
    version    TEXT NOT NULL,
    created    TEXT NOT NULL,
    modified   TEXT NOT NULL,
    revoked    INTEGER NOT NULL,
    deprecated INTEGER NOT NULL,
    PRIMARY KEY (stix_id, raw_hash)
) WITHOUT ROWID;

CREATE TABLE attack_id (
    attack_id TEXT NOT NULL COLLATE NOCASE,
    stix_id   TEXT NOT NULL,
    PRIMARY KEY (attack_id, stix_id)
) WITHOUT ROWID;

-- The words of an object are indexed once for each wording that it has had.
CREATE TABLE wording (
    id      INTEGER PRIMARY KEY,
    stix_id TEXT NOT NULL,
    hash    BLOB NOT NULL,
    UNIQUE (stix_id, hash)
);

CREATE VIRTUAL TABLE words USING fts5 (
    attack_id, name, aliases, description,
    content = '', tokenize = 'unicode61 remove_diacritics 2'
);

-- +goose Down
DROP TABLE words;
DROP TABLE wording;
DROP TABLE attack_id;
DROP TABLE snapshot;
DROP TABLE pack;
DROP TABLE oddity;
DROP TABLE release_view;
DROP TABLE release;
