-- +goose Up

-- Whether there is a batch without a seal is asked whenever the file is opened, which
-- must not take longer the more batches there are.
CREATE INDEX batch_unsealed ON batch (seq) WHERE content = '';

-- +goose Down
DROP INDEX batch_unsealed;
