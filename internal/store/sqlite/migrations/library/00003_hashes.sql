-- +goose Up
-- The number of the addition that brought a hash: who has read the table before sees
-- that it is another one now.
ALTER TABLE published_hash ADD COLUMN change INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE published_hash DROP COLUMN change;
