-- +goose Up
-- What is searched. Everything in it is made from the exact bytes of objects, by
-- wordsOf and procedureOf, so that it can be made anew and compared.
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
    attack_id, name, aliases, description, logs,
    content = '', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE words_terms USING fts5vocab (words, row);

-- The text of a relationship object says how somebody did something, or what to do
-- against it. The rowid is the snapshot's id. Positions are not kept: only which words
-- occur is asked.
CREATE VIRTUAL TABLE procedures USING fts5 (
    text,
    content = '', detail = none, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE procedures_terms USING fts5vocab (procedures, row);

-- The index and the views that refer to it are made anew from the bytes when the file
-- is opened next.
DELETE FROM wording;
DELETE FROM release_view;

-- +goose Down
DROP TABLE procedures_terms;
DROP TABLE procedures;
DROP TABLE words_terms;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
    attack_id, name, aliases, description,
    content = '', tokenize = 'unicode61 remove_diacritics 2'
);
DELETE FROM wording;
DELETE FROM release_view;
